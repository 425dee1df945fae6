"""The command line loads a verb when it is used, and says what went wrong in a line."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
HEAVY = ("faust", "aiokafka", "dash", "polars", "fastapi", "pymongo")


def test_help_lists_every_verb_and_imports_none():
    code = (
        "import sys; from click.testing import CliRunner; from app.cli import main;"
        "print(CliRunner().invoke(main, ['--help']).output);"
        f"print('imported:', [name for name in {HEAVY} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert "imported: []" in done.stdout
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize(("verb", "path"), COMMANDS.items())
def test_every_verb_is_a_command_that_explains_itself(verb: str, path: str):
    module, _, name = path.partition(":")
    if find_spec(module) is None:
        pytest.skip(f"{module} is not written yet")

    command = getattr(import_module(module), name)

    assert isinstance(command, click.Command)
    assert command.name == verb
    assert command.help


def test_an_unknown_verb_is_refused():
    done = CliRunner().invoke(main, ["fly"])

    assert done.exit_code == 2
    assert "No such command 'fly'" in done.output


def test_a_setting_that_does_not_fit_is_one_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SMARTBANK_PARTITIONS", "many")

    done = CliRunner().invoke(main, ["doctor"])

    assert done.exit_code == 1
    assert done.output == ("Error: SMARTBANK_PARTITIONS: got 'many', expected int\n")


def _told() -> list[tuple[str, list[str]]]:
    """Return the commands that the docs show, by verb, with their options."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    code = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    code += re.findall(r"`(smartbank [^`]+)`", text)
    shown = re.findall(r"^smartbank ([a-z]+)([^#|&\n]*)", "\n".join(code), re.MULTILINE)
    return [(verb, re.findall(r"--[a-z-]+", rest)) for verb, rest in shown]


@pytest.mark.parametrize(("verb", "options"), _told())
def test_commands_in_the_docs_can_be_given(verb: str, options: list[str]):
    command = main.get_command(click.Context(main), verb)

    assert command is not None
    below = command.commands.values() if isinstance(command, click.Group) else ()
    known = {
        option
        for one in (command, *below)
        for parameter in one.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(options) <= known | {"--help"}

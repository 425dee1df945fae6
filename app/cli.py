"""The command line: `smartbank <verb>`, each verb a module that is loaded when used."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from app.errors import SmartbankError

COMMANDS = {
    "demo": "app.commands.demo:demo",
    "worker": "app.commands.worker:worker",
    "replay": "app.commands.replay:replay",
    "reporting": "app.commands.reporting:reporting",
    "simulate": "app.commands.simulate:simulate",
    "train": "app.commands.train:train",
    "evaluate": "app.commands.evaluate:evaluate",
    "scenarios": "app.commands.scenarios:scenarios",
    "models": "app.commands.models:models",
    "services": "app.commands.services:services",
    "topics": "app.commands.topics:topics",
    "bench": "app.commands.bench:bench",
    "anonymise": "app.commands.anonymise:anonymise",
    "erase": "app.commands.erase:erase",
    "retention": "app.commands.retention:retention",
    "rekey": "app.commands.rekey:rekey",
    "keys": "app.commands.keys:keys",
    "kibana": "app.commands.kibana:kibana",
    "doctor": "app.commands.doctor:doctor",
}


class Verbs(click.Group):
    """A group that imports a command's module only when it is invoked."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(
        self,
        ctx: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands with their modules' first sentences, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _sentence(COMMANDS[name])) for name in self.list_commands(ctx)]
            )

    def invoke(self, ctx: click.Context) -> Any:
        """Show the product's own errors as one line, not as a traceback."""
        try:
            return super().invoke(ctx)
        except SmartbankError as error:
            raise click.ClickException(str(error)) from error


def _sentence(command: str) -> str:
    """Read the first line of the docstring of a command's module."""
    spec = find_spec(command.partition(":")[0])
    if spec is None or spec.origin is None:
        return "(not in this build)"
    source = Path(spec.origin).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smartbank")
def main() -> None:
    """Watch a bank as it happens: a decision for every payment, with its reasons."""

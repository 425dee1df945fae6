"""`smartbank retention`: when its exit code is 1, and what is said of that."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands import retention as command
from app.commands.retention import retention
from app.keeping.table import kept_days
from app.settings import Settings

SAID = "where one keeps otherwise than is set, or does not answer."
DOCS = Path(__file__).parents[2] / "docs" / "privacy.md"


class Keeping:
    """Stores of the settings, of which one topic keeps for so many days."""

    def __init__(self, _: Settings) -> None: ...

    async def found(self) -> dict[str, int]:
        return {"topic.decisions": self.days}

    async def oldest(self) -> dict[str, int]:
        return {}

    days = 0


@pytest.mark.parametrize(("more", "code"), [(-1, 1), (0, 0), (1, 1)])
def test_what_keeps_for_longer_or_shorter_than_is_set_is_told(
    more: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    days = kept_days(Settings())["topic.decisions"] + more
    monkeypatch.setattr(Keeping, "days", days)
    monkeypatch.setenv("SMARTBANK_DATA_DIR", str(tmp_path))
    for store in ("Topics", "Documents", "Indices"):
        monkeypatch.setattr(command, store, Keeping)

    assert CliRunner().invoke(retention).exit_code == code


def test_help_and_documentation_say_so():
    told = CliRunner().invoke(retention, ["--help"]).output

    assert SAID in " ".join(told.split())
    assert SAID in DOCS.read_text(encoding="utf-8")

"""`smartbank replay` of app events: what it tells, with and without a Kafka."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.commands.replay import replay
from app.commands.sending import tell_events
from app.errors import ColumnMapError, ServiceError
from app.local.ports import free_port
from app.sources.event_sender import EventReport
from tests.sources.test_event_files import HEADER, ROW

REPORT = EventReport(10, 8, 2, 1, ["row 3: column 'Country': got 'Norway'"], 1.5)


def run(file: Path, name: str) -> Any:
    env = {"SMARTBANK_KAFKA": f"127.0.0.1:{free_port()}"}
    return CliRunner().invoke(replay, [str(file), "--map", name], env=env)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "log-ins.csv"
    path.write_text(f"{HEADER}\n{','.join(ROW.values())}\n", encoding="utf-8")
    return path


def test_without_a_kafka_the_remedy_is_told(file: Path):
    told = run(file, "risk-based-authentication")

    assert isinstance(told.exception, ServiceError)
    assert "no Kafka answers" in str(told.exception)


def test_a_file_of_another_kind_is_told_by_what_it_lacks(file: Path):
    told = run(file, "app-actions")

    assert isinstance(told.exception, ColumnMapError)
    assert "column 'Time' is not among" in str(told.exception)


def test_the_help_names_every_map_that_ships():
    told = CliRunner().invoke(replay, ["--help"], terminal_width=200).output
    shipped = files("app.sources") / "maps"
    names = {path.name.removesuffix(".toml") for path in shipped.iterdir()}

    assert {name for name in names if name in told} == names


def test_a_report_tells_what_was_left_out_and_why(capsys: pytest.CaptureFixture[str]):
    tell_events(REPORT, as_json=False)

    assert capsys.readouterr().out == (
        "8 of 10 app events learnt in 1.5 s, 1 rows left out\n"
        "row 3: column 'Country': got 'Norway'\n"
    )


def test_a_report_can_be_read_by_a_machine(capsys: pytest.CaptureFixture[str]):
    tell_events(REPORT, as_json=True)

    assert capsys.readouterr().out.startswith('{"app_events":10,"learnt":8,"lost":2')

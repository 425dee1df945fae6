"""`smartbank reporting` on recordings that are long, or tell no place."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from app.commands.reporting import reporting
from app.errors import ColumnMapError
from app.sensors.messages import MOST_READINGS
from tests.sensors.builders import NOON_NS


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Give a recording of more readings than a message may have."""
    made = tmp_path / "long"
    made.mkdir()
    rows = [f"{NOON_NS + n},0,{n / 7:.3f}\n" for n in range(MOST_READINGS)]
    (made / "Gravity.csv").write_text("time,seconds_elapsed,x\n" + "".join(rows))
    return made


def run(recording: Path) -> Any:
    return CliRunner().invoke(reporting, [str(recording), "--json"])


def test_a_recording_of_any_length_is_measured(long: Path):
    places = [f"{NOON_NS + n * 10**9},{n},48.{n},16\n" for n in range(1, 4)]
    head = "time,seconds_elapsed,latitude,longitude\n"
    (long / "Location.csv").write_text(head + "".join(places))

    told = run(long)

    assert told.exception is None
    first = msgspec.json.decode(told.stdout.splitlines()[0])
    assert (first["how"], first["sent"], first["of"]) == ("every fix", 3, 3)


def test_a_recording_without_a_place_is_refused_in_a_sentence(long: Path):
    told = run(long)

    assert isinstance(told.exception, ColumnMapError)
    assert str(told.exception).startswith("long: got no location, expected")

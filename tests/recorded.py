"""The shared recordings of real phones, read as an independent judge would."""

import csv
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "shared" / "data" / "sensor-logger"
NAMES = ("iphone-drive", "android-drive")


def recorded(name: str) -> Path:
    """Return a recording's folder; skip where it is not at hand."""
    path = FOLDER / name
    if not path.is_dir():
        pytest.skip(f"the recording is not at {path.relative_to(FOLDER.parents[2])}")
    return path


def truth(folder: Path, sensor: str) -> dict[int, dict[str, str]]:
    """Return the rows of a sensor's CSV file by time in nanoseconds."""
    with (folder / f"{sensor}.csv").open(encoding="utf-8") as file:
        return {int(row["time"]): row for row in csv.DictReader(file)}

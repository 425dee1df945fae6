"""Recordings: what the Sensor Logger app exported, as the messages it would push.

A recording is a folder or a zip of CSV files, one a sensor, or one JSON file.
"""

import csv
import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from app.errors import ColumnMapError
from app.sensors.messages import TIME

SECOND_NS = 10**9
MOST_A_MESSAGE = 500
"""Readings: well below the 128 KB that AWS IoT Core takes, in the clear or sealed."""
_MOST_JSON = 256 * 1024 * 1024  # bytes
_ASIDE = {"metadata", "annotation"}


@dataclass(frozen=True)
class Recording:
    """The rows of a recording as the app exports them, by time.

    `name` is the same for the same rows, whatever the file is called.
    """

    name: str
    rows: Sequence[Mapping[str, Any]]

    @property
    def start_ns(self) -> int:
        """When it was started; a cached fix may be older."""
        live = (r for r in self.rows if float(r.get("seconds_elapsed") or 0) >= 0)
        return _time(next(live, self.rows[0]))


def read(path: Path) -> Recording:
    """Read a recording.

    Raises:
        ColumnMapError: it holds no reading, or is no recording.
    """
    try:
        found = [row for name, text in _texts(path) for row in _rows(name, text)]
        rows = sorted(found, key=_time)
    except (ValueError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        message = f"{path.name}: got {error}, expected a Sensor Logger recording"
        raise ColumnMapError(message) from error
    if not rows:
        expected = "CSV files with the columns time and seconds_elapsed, or a JSON list"
        message = f"{path.name}: got no reading, expected {expected}"
        raise ColumnMapError(message)
    whole = hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
    return Recording(whole[:16], rows)


def messages(
    recording: Recording, *, shift_ns: int = 0, every_ns: int = SECOND_NS
) -> Iterator[tuple[float, bytes]]:
    """Yield the messages that the app would have pushed, and when, in seconds.

    One a second of the recording, from its start, or more where a second has more
    readings than AWS IoT Core takes in one; `shift_ns` is added to every time.
    Cached fixes from before the start are in the first message, as a phone sends them.
    """
    start = recording.start_ns
    batches: dict[tuple[int, int], list[dict[str, Any]]] = {}
    count: Counter[int] = Counter()
    for row in recording.rows:
        due = max(0, _time(row) - start) // every_ns
        part = due, count[due] // MOST_A_MESSAGE
        batches.setdefault(part, []).append(_pushed(row, shift_ns))
        count[due] += 1
    for number, ((due, _), payload) in enumerate(batches.items()):
        body = {
            "messageId": number + 1,
            "sessionId": f"{recording.name}{f'+{shift_ns}' if shift_ns else ''}",
            "deviceId": recording.name,
            "payload": payload,
        }
        yield due * every_ns / SECOND_NS, msgspec.json.encode(body)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        for file in sorted(path.glob("*.csv")):
            yield file.name, file.read_text("utf-8-sig")
    elif path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.lower().endswith(".csv"):
                    yield Path(name).name, archive.read(name).decode("utf-8-sig")
    elif path.stat().st_size > _MOST_JSON:
        message = f"{path.stat().st_size} bytes of JSON"
        raise ValueError(message)
    else:
        yield path.name, path.read_text("utf-8-sig")


def _rows(name: str, text: str) -> Iterator[dict[str, Any]]:
    stem, _, kind = name.rpartition(".")
    if kind.lower() == "csv":
        if stem.lower() not in _ASIDE:
            for number, row in enumerate(csv.DictReader(io.StringIO(text)), 1):
                if None in row:
                    message = f"{name}, row {number} with more cells than columns"
                    raise ValueError(message)
                yield _checked({"sensor": stem, **row}, f"{name}, row {number}")
        return
    for number, row in enumerate(msgspec.json.decode(text, type=list[dict[str, Any]])):
        if str(row.get("sensor")).lower() not in _ASIDE:
            yield _checked(row, f"reading {number}")


def _checked(row: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a row that can be placed in time.

    Raises:
        ValueError: it cannot.
    """
    sensor, time = row.get("sensor"), str(row.get("time"))
    if not isinstance(sensor, str):
        message = f"{where} without a sensor"
    elif not TIME.fullmatch(time):
        message = f"{where} with the time {time[:40]}"
    else:
        float(row.get("seconds_elapsed") or 0)
        return row
    raise ValueError(message)


def _time(row: Mapping[str, Any]) -> int:
    return int(row["time"])


def _pushed(row: Mapping[str, Any], shift_ns: int) -> dict[str, Any]:
    """Turn an exported row, all text, into a reading as the app pushes it."""
    values = {
        name: _number(value)
        for name, value in row.items()
        if name not in {"sensor", "time", "seconds_elapsed"}
    }
    name = str(row["sensor"])
    return {"name": name.lower(), "time": _time(row) + shift_ns, "values": values}


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value

"""Event files: CSV and Parquet of app events, checked row by row, by event time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from app.app_events import app_event
from app.errors import BadRecord
from app.features.clock import microseconds
from app.sources.chunks import DueAppEvent
from app.sources.column_map import EventField, EventMap
from app.sources.tables import reading, scan

_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
)
_NUMBERS = {"asn", "round_trip_ms"}
_NOTHING = {"", "-", "nan", "null"}
_encode = msgspec.json.Encoder().encode


class BadRow(NamedTuple):
    """A row that does not fit: its number in the file, from 1, and why."""

    row: int
    why: str


@dataclass(frozen=True)
class EventFile:
    """Rows of a file as text, in the order of event time."""

    rows: pl.DataFrame
    columns: EventMap

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self.rows.height

    def events(self) -> Iterator[DueAppEvent | BadRow]:
        """Yield each row as an app event, or what is wrong with it."""
        now = datetime.now(UTC)
        for row in self.rows.iter_rows(named=True):
            number, at = row.pop("_row"), row.pop("_at")
            try:
                yield _event(self._stated(row, at), at, now=now)
            except BadRecord as error:
                yield BadRow(number, self._why(error, row))

    def _stated(self, row: Mapping[str, Any], at: datetime | None) -> dict[str, Any]:
        """Return a row's fields, as far as they can be read."""
        stated: dict[str, Any] = {
            str(name): constant for name, constant in self.columns.constants.items()
        }
        for name, column in self.columns.columns.items():
            value = row[column]
            if value is not None and value.strip().lower() not in _NOTHING:
                stated[name] = self._value(name, value.strip())
        if at is not None:
            stated["occurred_at"] = at
        stated.setdefault("id", _digest(stated))
        return stated

    def _value(self, name: EventField, text: str) -> object:
        words = self.columns.words.get(name, {})
        if text.lower() in words:
            return words[text.lower()]
        if name == "action":
            return f"/{text.lstrip('/')}"
        if name == "device_type":
            return text.lower()
        return _number(text) if name in _NUMBERS else text

    def _why(self, error: BadRecord, row: Mapping[str, Any]) -> str:
        """Say what is wrong in the file's words; of an address nothing is repeated."""
        columns = self.columns.columns.items()
        column = next((c for name, c in columns if name == error.field), None)
        if column is None:
            return str(error)
        got = error.got if row[column] is not None else "nothing"
        return f"column {column!r}: got {got}, expected {error.expected}"


def read_events(
    path: Path,
    *,
    columns: EventMap,
    limit: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> EventFile:
    """Read a file of app events; times without a zone are UTC.

    Rows whose time cannot be read come first, to be told.

    Raises:
        ColumnMapError: the file cannot be read, or lacks a column.
    """
    with reading(path):
        frame = scan(path, infer_schema=False)
        columns.check(frame.collect_schema().names())
        wanted = dict.fromkeys(columns.columns.values())
        texts = [pl.col(name).cast(pl.String) for name in wanted]
        at = _at(columns.columns["occurred_at"]).alias("_at")
        frame = frame.with_row_index("_row", offset=1).select("_row", *texts)
        frame = frame.with_columns(at).sort("_at", maintain_order=True)
        if since:
            frame = frame.filter(pl.col("_at").is_null() | (pl.col("_at") >= since))
        if until:
            frame = frame.filter(pl.col("_at").is_null() | (pl.col("_at") < until))
        rows = frame.head(limit).collect() if limit else frame.collect()
    return EventFile(rows, columns)


def _at(column: str) -> pl.Expr:
    """Read a column's times, those without a zone as UTC; null where there is none."""
    texts = pl.col(column).str.strip_chars()
    return pl.coalesce(
        texts.str.to_datetime(
            one, time_unit="us", time_zone="UTC", strict=False, ambiguous="earliest"
        )
        for one in _FORMATS
    )


def _event(
    stated: dict[str, Any], at: datetime | None, *, now: datetime
) -> DueAppEvent:
    """Check a row as capture will, and make it ready to be sent."""
    value = _encode(stated)
    event = app_event(value, received_at=now)
    due = microseconds(at or event.occurred_at)
    return DueAppEvent(due, event.id, event.customer_id.encode(), value)


def _digest(stated: dict[str, Any]) -> str:
    return blake2b(_encode(stated), digest_size=12).hexdigest()


def _number(text: str) -> object:
    """Return a whole number where the text is one, `8.0` too; else the text."""
    try:
        return round(float(text))
    except (ValueError, OverflowError):
        return text

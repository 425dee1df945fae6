"""Column maps: which column of a file is which field of a payment or app event."""

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from app.errors import ColumnMapError

REQUIRED = ("id", "occurred_at", "customer_id", "terminal_id", "amount", "currency")
Field = Literal[
    "id",
    "occurred_at",
    "customer_id",
    "terminal_id",
    "amount",
    "currency",
    "channel",
    "card_number",
    "merchant_id",
    "merchant_category",
    "country",
    "latitude",
    "longitude",
    "device_id",
    "device_type",
    "beneficiary_id",
    "synthetic",
]
EVENT_REQUIRED = ("occurred_at", "customer_id", "kind")
EventField = Literal[
    "id",
    "occurred_at",
    "customer_id",
    "kind",
    "action",
    "outcome",
    "ip",
    "asn",
    "country",
    "user_agent",
    "device_id",
    "device_type",
    "round_trip_ms",
    "beneficiary_id",
    "synthetic",
]


class Units(Struct, frozen=True, forbid_unknown_fields=True):
    """In what units a file states amounts, and in what zone times without one."""

    amount: Literal["major", "minor"] = "minor"
    occurred_at: str = "UTC"


class Labels(Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns say that a payment was a fraud, and when that becomes known."""

    fraud: str
    scenario: str | None = None
    delay_days: Annotated[float, Meta(ge=0)] = 7


class ColumnMap(Struct, frozen=True, forbid_unknown_fields=True):
    """How a file's rows are read as transactions.

    `columns` maps a field to the file's column, `constants` to one value for all.
    """

    columns: dict[Field, str]
    constants: dict[Field, str | int | bool] = field(default_factory=dict)
    units: Units = Units()
    labels: Labels | None = None

    def check(self, found: list[str]) -> None:
        """Refuse a file that lacks a column.

        Raises:
            ColumnMapError: names the column, those there are, and the nearest.
        """
        wanted = list(self.columns.values())
        if self.labels:
            wanted += [self.labels.fraud]
            wanted += [self.labels.scenario] if self.labels.scenario else []
        refuse_missing(wanted, found)


class EventMap(Struct, frozen=True, forbid_unknown_fields=True):
    """How a file's rows are read as app events; `words` says a column's words anew.

    An event without an id gets a digest of its row, the same in each replay.
    """

    record: Literal["app-events"]
    columns: dict[EventField, str]
    constants: dict[EventField, str | int | bool] = field(default_factory=dict)
    words: dict[EventField, dict[str, str]] = field(default_factory=dict)

    def check(self, found: list[str]) -> None:
        """Refuse a file that lacks a column.

        Raises:
            ColumnMapError: names the column, those there are, and the nearest.
        """
        refuse_missing(self.columns.values(), found)


def refuse_missing(wanted: Iterable[str], found: list[str]) -> None:
    """Refuse a file that lacks a column.

    Raises:
        ColumnMapError: names the column, those there are, and the nearest.
    """
    for column in wanted:
        if column not in found:
            near = get_close_matches(column, found, n=1)
            hint = f"; did it become {near[0]!r}?" if near else ""
            message = f"column {column!r} is not among {', '.join(found)}{hint}"
            raise ColumnMapError(message)


def load_map(name: str) -> ColumnMap:
    """Read a map of payments that ships with the product by its name, or by its path.

    Raises:
        ColumnMapError: there is none, or it does not fit.
    """
    found = load_any_map(name)
    if isinstance(found, EventMap):
        message = f"column map {name!r}: got one of app events, expected of payments"
        raise ColumnMapError(message)
    return found


def load_any_map(name: str) -> ColumnMap | EventMap:
    """Read a map of payments, or of app events, which says so by its `record`.

    Raises:
        ColumnMapError: there is none, or it does not fit.
    """
    shipped = files("app.sources") / "maps"
    path = shipped / f"{name}.toml" if "/" not in name and "." not in name else None
    found: ColumnMap | EventMap
    required: tuple[str, ...]
    try:
        told = tomllib.loads((path or Path(name)).read_text(encoding="utf-8"))
        if "record" in told:
            found, required = msgspec.convert(told, EventMap), EVENT_REQUIRED
        else:
            found, required = msgspec.convert(told, ColumnMap), REQUIRED
    except OSError as error:
        names = ", ".join(
            sorted(p.name.removesuffix(".toml") for p in shipped.iterdir())
        )
        message = f"no column map {name!r}: give a path, or one of: {names}"
        raise ColumnMapError(message) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"column map {name!r}: {error}"
        raise ColumnMapError(message) from error
    for needed in required:
        if needed not in {*found.columns, *found.constants}:
            message = f"column map {name!r}: nothing is said of {needed!r}"
            raise ColumnMapError(message)
    return found

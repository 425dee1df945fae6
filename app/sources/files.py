"""Files: Parquet and CSV, read through a column map in the order of event time."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from app.errors import ColumnMapError
from app.events.currencies import MINOR_PER_MAJOR
from app.sources.chunks import Chunk, DueLabel
from app.sources.column_map import ColumnMap, Field, Labels
from app.sources.tables import reading, scan

CHUNK = 2_000
DAY = 86_400_000_000
_NEEDED: dict[Field, str] = {
    "occurred_at": "_at",
    "id": "_id",
    "customer_id": "_customer",
}
"""Without which no row can be sent, and where a frame has them."""
_TEXT = "%Y-%m-%dT%H:%M:%S%.fZ"


def read(
    path: Path,
    *,
    columns: ColumnMap,
    limit: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[int, Iterator[Chunk]]:
    """Return how many payments a file holds, and the payments.

    Amounts in major units are rounded to minor ones, halves to even. Rows of the
    same moment keep the file's order.

    Raises:
        ColumnMapError: the file cannot be read, or does not fit the map.
    """
    with reading(path):
        frame = scan(path, try_parse_dates=True)
        columns.check(frame.collect_schema().names())
        when = _occurred_at(columns, frame)
        frame = frame.with_columns(when.alias("_at")).sort("_at", maintain_order=True)
        if since:
            frame = frame.filter(pl.col("_at") >= since)
        if until:
            frame = frame.filter(pl.col("_at") < until)
        if limit:
            frame = frame.head(limit)
        rows = frame.select(
            pl.col("_at").dt.epoch("us"),
            _field("id", columns, pl.String).alias("_id"),
            _field("customer_id", columns, pl.String).alias("_customer"),
            _transaction(columns).alias("_value"),
            *_label_columns(columns),
        ).collect()
    for name, alias in _NEEDED.items():
        if lacking := rows[alias].null_count():
            column = columns.columns.get(name, name)
            message = (
                f"{path}: column {column!r}: got nothing in {lacking:,} of "
                f"{rows.height:,} rows, expected something in each"
            )
            raise ColumnMapError(message)
    return rows.height, _chunks(rows, columns.labels)


def _occurred_at(columns: ColumnMap, frame: pl.LazyFrame) -> pl.Expr:
    name = columns.columns["occurred_at"]
    kind = frame.collect_schema()[name]
    column = pl.col(name)
    if kind == pl.String:
        column = column.str.to_datetime(time_unit="us", time_zone="UTC")
    elif not isinstance(kind, pl.Datetime):
        message = f"column {name!r}: got {kind}, expected times"
        raise ColumnMapError(message)
    elif kind.time_zone is None:
        column = column.dt.replace_time_zone(columns.units.occurred_at)
    at: pl.Expr = column.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return at


def _field(
    name: Field, columns: ColumnMap, kind: type[pl.DataType] | None = None
) -> pl.Expr:
    if name in columns.columns:
        column = pl.col(columns.columns[name])
    else:
        column = pl.lit(columns.constants[name])
    typed: pl.Expr = column.cast(kind) if kind else column
    return typed


def _transaction(columns: ColumnMap) -> pl.Expr:
    """Build each row's transaction as JSON."""
    given = {*columns.columns, *columns.constants} - {"latitude", "longitude"}
    parts = []
    for name in sorted(given):
        if name == "occurred_at":
            part = pl.col("_at").dt.strftime(_TEXT)
        elif name == "amount":
            part = _minor(_field(name, columns), columns)
        elif name == "synthetic":
            part = _field(name, columns, pl.Boolean)
        else:
            part = _field(name, columns, pl.String)
        parts.append(part.alias(name))
    if "latitude" in columns.columns and "longitude" in columns.columns:
        latitude = _field("latitude", columns, pl.Float64)
        longitude = _field("longitude", columns, pl.Float64)
        place = pl.struct(latitude.alias("latitude"), longitude.alias("longitude"))
        parts.append(
            pl.when(latitude.is_not_null() & longitude.is_not_null())
            .then(place)
            .alias("place")
        )
    return pl.struct(parts).struct.json_encode()


def _minor(amount: pl.Expr, columns: ColumnMap) -> pl.Expr:
    if columns.units.amount == "minor":
        return amount.cast(pl.Int64)
    major = MINOR_PER_MAJOR.get(str(columns.constants.get("currency")), 100)
    minor: pl.Expr = (amount.cast(pl.Float64) * major).round(mode="half_to_even")
    return minor.cast(pl.Int64)


def _label_columns(columns: ColumnMap) -> list[pl.Expr]:
    """Build the label of each fraud as JSON, null for the others."""
    labels = columns.labels
    if labels is None:
        return []
    fraud = pl.col(labels.fraud).cast(pl.Int8) == 1
    made_up = pl.lit(value=False)
    if "synthetic" in {*columns.columns, *columns.constants}:
        made_up = _field("synthetic", columns, pl.Boolean)
    delay = pl.duration(microseconds=round(labels.delay_days * DAY))
    parts = [
        pl.lit("label").alias("type"),
        _field("id", columns, pl.String).alias("transaction_id"),
        _field("customer_id", columns, pl.String).alias("customer_id"),
        _field("terminal_id", columns, pl.String).alias("terminal_id"),
        pl.col("_at").dt.strftime(_TEXT).alias("occurred_at"),
        (pl.col("_at") + delay).dt.strftime(_TEXT).alias("labelled_at"),
        pl.lit(value=True).alias("fraud"),
        made_up.alias("synthetic"),
    ]
    if labels.scenario:
        parts.append(pl.col(labels.scenario).cast(pl.String).alias("scenario"))
    return [pl.when(fraud).then(pl.struct(parts).struct.json_encode()).alias("_label")]


def _chunks(rows: pl.DataFrame, labels: Labels | None) -> Iterator[Chunk]:
    delay = round(labels.delay_days * DAY) if labels else 0
    for part in rows.iter_slices(CHUNK):
        ids = part["_id"].to_list()
        keys = [key.encode() for key in part["_customer"].to_list()]
        times = part["_at"].to_list()
        due = []
        if labels:
            frauds = part["_label"].is_not_null().arg_true().to_list()
            stated = part["_label"].to_list()
            due = [
                DueLabel(times[i] + delay, ids[i], keys[i], stated[i].encode())
                for i in frauds
            ]
        values = [value.encode() for value in part["_value"].to_list()]
        yield Chunk(ids, keys, values, times, due)

"""The writer: simulated payments to a file instead of Kafka, their labels beside it."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from app.errors import SmartbankError
from app.events.labels import Label
from app.events.payments import Transaction
from app.sources.chunks import Chunk

SUFFIXES = (".jsonl", ".parquet")
_TYPES: dict[str, pl.DataType] = {
    "amount": pl.Int64(),
    "fraud": pl.Boolean(),
    "place": pl.Struct({"latitude": pl.Float64, "longitude": pl.Float64}),
    "synthetic": pl.Boolean(),
}
"""What is not text, and not a time: those are text until they are parsed."""


class Written(NamedTuple):
    """How much was written, and where the labels are."""

    payments: int
    labels: int
    labels_path: Path


def write(chunks: Iterable[Chunk], path: Path) -> Written:
    """Write payments to a .jsonl or .parquet file, and labels to NAME.labels.* .

    Each line of a .jsonl is a record as it goes to Kafka. A .parquet has the same
    fields as columns, with latitude and longitude in the place of `place`, and beside
    them `fraud` and its `scenario`: the column map `simulated` reads it.

    Raises:
        SmartbankError: a file cannot be written.
    """
    labels_path = path.with_suffix(f".labels{path.suffix}")
    emit = _to_parquet if path.suffix == ".parquet" else _to_lines
    try:
        payments, labels = emit(chunks, path, labels_path)
    except OSError as error:
        message = f"{error.filename or path}: {error.strerror}"
        raise SmartbankError(message) from error
    return Written(payments, labels, labels_path)


def _to_lines(
    chunks: Iterable[Chunk], path: Path, labels_path: Path
) -> tuple[int, int]:
    payments = labels = 0
    with path.open("wb") as lines, labels_path.open("wb") as label_lines:
        for chunk in chunks:
            lines.writelines(value + b"\n" for value in chunk.values)
            label_lines.writelines(label.value + b"\n" for label in chunk.labels)
            payments += len(chunk.values)
            labels += len(chunk.labels)
    return payments, labels


def _to_parquet(
    chunks: Iterable[Chunk], path: Path, labels_path: Path
) -> tuple[int, int]:
    frames, labels = [], []
    for chunk in chunks:
        frames.append(_frame(chunk.values, Transaction))
        labels += [label.value for label in chunk.labels]
    told = _frame(labels, Label)
    payments = (
        pl.concat(frames)
        .unnest("place")
        .join(
            told.select("fraud", "scenario", id="transaction_id"),
            on="id",
            how="left",
            maintain_order="left",
        )
    )
    payments.with_columns(pl.col("fraud").fill_null(value=False)).write_parquet(path)
    told.write_parquet(labels_path)
    return payments.height, len(labels)


def _frame(values: list[bytes], kind: type[Transaction | Label]) -> pl.DataFrame:
    """Return records as columns, with the defaults that JSON leaves out."""
    fields = msgspec.structs.fields(kind)
    schema = {field.name: _TYPES.get(field.name, pl.String()) for field in fields}
    frame = (
        pl.read_ndjson(BytesIO(b"\n".join(values)), schema=schema)
        if values
        else pl.DataFrame(schema=schema)
    )
    return frame.with_columns(
        pl.col("^.*_at$").str.to_datetime(time_unit="us", time_zone="UTC"),
        *(
            pl.col(field.name).fill_null(field.default)
            for field in fields
            if field.default not in (msgspec.NODEFAULT, None)
        ),
    )

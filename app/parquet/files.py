"""Files: a folder a day of event time, in it files that are written once.

A file holds consecutive records of one partition of a topic and is named by them:
`PARTITION-FIRST-LAST.parquet`. Records that are written again, after a crash, may be
cut into files differently; a reader takes each record once.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import ge, lt
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from app.errors import SmartbankError
from app.parquet.frames import DECISIONS, LABELS, Schema
from app.parquet.sealed import SEALED, opened
from app.privacy.personal import ToOpen, no_keys

SMALL = 4 * 1024 * 1024
"""Files of fewer bytes are put together."""
MOST_SMALL = 32
"""Small files of one partition in a folder, at most, before they are."""

ATTEMPTS = 3
ORDER = ("decided_at", "partition", "offset")
"""In which decisions were published, by Kafka's clock."""


def write(root: Path, frame: pl.DataFrame) -> list[Path]:
    """Write records into the folders of their days; return the files.

    When it returns, they are on the disk. The same records again are the same files.

    Raises:
        OSError: the disk is full, or not there.
    """
    days = frame.with_columns(
        pl.col("occurred_at").dt.strftime("%Y-%m-%d").alias("day")
    )
    parts = days.partition_by("day", "partition", as_dict=True)
    written = [
        _write(root / str(day), part.drop("day")) for (day, _), part in parts.items()
    ]
    for path in written:
        _tidy(path.parent, path.name.partition("-")[0])
    return written


def _write(folder: Path, frame: pl.DataFrame) -> Path:
    """Write one file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = frame.sort("offset")
    offsets = frame["offset"]
    range_of = f"{offsets[0]:015}-{offsets[-1]:015}"
    path = folder / f"{frame.item(0, 'partition'):05}-{range_of}.parquet"
    waiting = path.with_suffix(f".{os.getpid()}.tmp")
    with waiting.open("wb") as file:
        frame.write_parquet(file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return path


def _tidy(folder: Path, partition: str) -> None:
    """Put a partition's small files together, once there are many.

    The whole is there before its parts go: a crash leaves records twice, not never.
    """
    small = [
        path
        for path in sorted(folder.glob(f"{partition}-*.parquet"))
        if path.stat().st_size < SMALL
    ]
    if len(small) < MOST_SMALL:
        return
    whole = pl.concat([pl.read_parquet(path) for path in small], how="diagonal")
    made = _write(folder, whole.unique("offset", keep="first"))
    for path in small:
        if path != made:
            path.unlink(missing_ok=True)


def decisions(
    root: Path,
    columns: Sequence[str] = tuple(DECISIONS),
    *,
    features: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    to_open: ToOpen = no_keys,
) -> Iterator[pl.DataFrame]:
    """Read a period's decisions, a frame a day: each payment's first decision.

    `columns` are of `DECISIONS`; a feature that was not known at the time is null, and
    so is what is sealed with a key that `to_open` does not give.
    `fraud` is what the payment's newest label says, null where it has none. A
    decision that was published twice has one event time, so it is in one day.

    Raises:
        SmartbankError: the archive cannot be read, or the keys to it.
    """
    named = dict.fromkeys(features, pl.Float64())
    wanted = [*dict.fromkeys(("id", "occurred_at", *columns, *named))]
    sealed = not SEALED.isdisjoint(columns)
    read = [*dict.fromkeys((*wanted, "customer_id", "personal"))] if sealed else wanted
    for day in _days(root / "decisions", since, until):
        frame = _read(root / "decisions" / day, {**DECISIONS, **named}, read, ORDER)
        first = frame.unique("id", keep="first", maintain_order=True)
        if sealed:
            first = opened(first, to_open).select(wanted)
        for at, operator in ((since, ge), (until, lt)):
            if at:
                first = first.filter(operator(pl.col("occurred_at"), at))
        told = labels(root, day).select(pl.col("transaction_id").alias("id"), "fraud")
        yield first.join(told, on="id", how="left", maintain_order="left")


def labels(root: Path, day: str) -> pl.DataFrame:
    """Read the newest label of each payment of a day, columns as in `LABELS`.

    Raises:
        SmartbankError: the archive cannot be read.
    """
    folder, order = root / "labels" / day, ("labelled_at", "partition", "offset")
    frame = _read(folder, LABELS, list(LABELS), order)
    return frame.unique("transaction_id", keep="last", maintain_order=True)


def features(root: Path) -> set[str]:
    """Return the features that decisions of the archive carry, whichever and whenever.

    Raises:
        SmartbankError: the archive cannot be read.
    """
    found: set[str] = set()
    for day in _days(root / "decisions", None, None):
        found.update(_carried(root / "decisions" / day))
    return found - DECISIONS.keys()


def _carried(folder: Path) -> set[str]:
    for _ in range(ATTEMPTS):
        try:
            schemas = map(pl.read_parquet_schema, sorted(folder.glob("*.parquet")))
            return set(chain.from_iterable(schemas))
        except FileNotFoundError:
            continue
        except (OSError, PolarsError) as error:
            raise _unreadable(folder, error) from error
    raise _restless(folder)


def newest_day(root: Path, *, until: datetime | None = None) -> datetime | None:
    """Return midnight UTC of the newest day that has decisions, before `until`."""
    days = _days(root / "decisions", None, until)
    return datetime.fromisoformat(days[-1]).replace(tzinfo=UTC) if days else None


def _read(
    folder: Path, schema: Schema, wanted: list[str], order: Sequence[str]
) -> pl.DataFrame:
    """Read the files of a folder, in an order of columns that need not be wanted."""
    for _ in range(ATTEMPTS):
        paths = sorted(folder.glob("*.parquet"))
        if not paths:
            return pl.DataFrame(schema={name: schema[name] for name in wanted})
        try:
            return (
                pl.scan_parquet(
                    paths,
                    schema=dict(schema),
                    missing_columns="insert",
                    extra_columns="ignore",
                    hive_partitioning=False,
                )
                .select(*wanted, *(pl.col(name).alias(f"by {name}") for name in order))
                .sort([f"by {name}" for name in order])
                .select(wanted)
                .collect()
            )
        except FileNotFoundError:
            continue  # small files were put together meanwhile: look again
        except (OSError, PolarsError) as error:
            raise _unreadable(folder, error) from error
    raise _restless(folder)


def _unreadable(folder: Path, error: Exception) -> SmartbankError:
    return SmartbankError(f"archive: cannot read {folder}: {error}")


def _restless(folder: Path) -> SmartbankError:
    message = f"archive: {folder} changes faster than it can be read; try again"
    return SmartbankError(message)


def _days(root: Path, since: datetime | None, until: datetime | None) -> list[str]:
    first = since.astimezone(UTC).date().isoformat() if since else ""
    last = until.astimezone(UTC).date().isoformat() if until else "~"
    days = sorted(path.name for path in root.glob("????-??-??"))
    return [day for day in days if first <= day <= last]

"""Checkpointed tables: rows as Python objects, stored with the offset they reflect."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, Self, TypeVar

import faust
import msgspec
from faust.types import TP

from app.engine.batches import Origin, Reached

MARKER = b"\x00marker"
"""The changelog key of a checkpoint's marker; no row's key starts with NUL."""


class Row(Protocol):
    """A state row: learns in place, and survives as bytes."""

    def encode(self) -> bytes:
        """Return the row's bytes."""
        ...

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from."""
        ...


R = TypeVar("R", bound=Row)


class Marker(msgspec.Struct, frozen=True):
    """What a checkpoint reflects: every source record below `offset`.

    `origins` holds, per topic and partition that the source's records were made
    from, how far they were seen.
    """

    offset: int
    origins: list[tuple[str, int, int, int]]


class Partition(Generic[R]):
    """The rows of one partition, owned by one worker at a time.

    Rows restored from the changelog stay bytes until first touched.
    """

    def __init__(self, row: type[R]) -> None:
        self._row = row
        self.rows: dict[bytes, R | bytes] = {}
        self.dirty: set[bytes] = set()
        self.origins: dict[Origin, Reached] = {}
        self.done = 0
        self.checkpointed = 0
        self.changelog_end = 0

    def touch(self, key: bytes) -> R:
        """Return a key's row to learn from, made if new; it will be checkpointed."""
        self.dirty.add(key)
        row = self.rows.get(key)
        if row is None:
            row = self._row()
        elif isinstance(row, bytes):
            row = self._row.decode(row)
        else:
            return row
        self.rows[key] = row
        return row

    def read(self, key: bytes) -> R | None:
        """Return a key's row to look at, or None where there is none."""
        row = self.rows.get(key)
        return self._row.decode(row) if isinstance(row, bytes) else row

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key with its row's bytes."""
        for key, row in self.rows.items():
            yield key, row if isinstance(row, bytes) else row.encode()

    def checkpoint(self) -> tuple[list[tuple[bytes, bytes]], int]:
        """Take the changed rows and the marker as changelog records.

        Returns the records and the offset that they reflect. Nothing is dirty
        afterwards.
        """
        rows = self.rows
        records = [(key, rows[key].encode()) for key in self.dirty]  # type: ignore[union-attr]
        self.dirty.clear()
        origins = [(*origin, *far) for origin, far in sorted(self.origins.items())]
        marker = Marker(self.done, origins)
        records.append((MARKER, msgspec.json.encode(marker)))
        return records, self.done

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Apply one changelog record; the latest of a key stands."""
        if key == MARKER:
            marker = msgspec.json.decode(value or b"", type=Marker)
            self.done = self.checkpointed = marker.offset
            self.origins = {(name, p): (o, at) for name, p, o, at in marker.origins}
        elif value is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = value


class CheckpointedTable(faust.Table, Generic[R]):
    """A Faust table whose changelog holds checkpoints instead of single updates.

    Declared like any table and listed by `faust tables`; its changelog topic is
    Faust's. Read and written by partition, by the one agent that owns it.
    """

    def __init__(
        self, app: Any, *, name: str, row: type[R], source: str, **options: Any
    ) -> None:
        self.row = row
        self.source = source
        self.owned: dict[int, Partition[R]] = {}
        super().__init__(
            app,
            name=name,
            key_type=bytes,
            value_type=bytes,
            extra_topic_configs={
                "max.message.bytes": str(64 * 1024 * 1024),
                "min.cleanable.dirty.ratio": "0.3",
                "segment.ms": "600000",
            },
            **options,
        )
        app.engine.tables[source] = self

    def info(self) -> dict[str, Any]:
        """Return what `clone` needs beside Faust's own attributes."""
        kept = ("app", "name", "partitions", "help", "changelog_topic")
        known = super().info()
        return {
            "row": self.row,
            "source": self.source,
            **{name: known[name] for name in kept if name in known},
        }

    def find(self, key: bytes, partition_of: Callable[[bytes, int], int]) -> R | None:
        """Return a key's row where this worker owns its partition, else None."""
        partitions = self.app.conf.topic_partitions
        partition = self.owned.get(partition_of(key, partitions))
        return partition.read(key) if partition else None

    def changelog_tp(self, partition: int) -> TP:
        """Return the changelog partition that stores a partition's rows."""
        return TP(self.changelog_topic.get_topic_name(), partition)

"""Checkpointed tables: rows as Python objects, stored with the offset they reflect."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

import faust
from faust.types import TP

from app.engine.batches import Origin, Reached
from app.engine.changelog import Marker, Pairs, Reading

DIRTY_ROWS = 4_000
DIRTY_BYTES = 16 * 1024 * 1024
"""A partition is checkpointed before its time when this much of it has changed."""

SHARED = b""
"""The key of the row that a whole partition shares; no other row has it."""


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


class Partition(Generic[R]):
    """The rows of one partition, owned by one worker at a time.

    Rows restored from the changelog stay bytes until first touched. One row, of a type
    of its own, may be the whole partition's: it is kept and restored like any other.
    `others` are the types of rows whose keys begin with a certain byte; where a row's
    type is known only by its key, let `R` be Any.

    Attributes:
        done: the source offset below which every record is in the rows.
        checkpointed: what the last checkpoint says of `done`.
        changelog_end: the offset after the last one this worker wrote; -1 where
            Kafka did not say.
        claim: the offset of this worker's claim on the changelog.
        enough: changed rows that make a checkpoint before its time.
        marked: whether the changelog held a marker.
    """

    def __init__(
        self,
        row: type[R],
        shared: type[Row] | None = None,
        others: Mapping[bytes, type[Row]] | None = None,
    ) -> None:
        self._row = row
        self._shared = shared
        self._others = others or {}
        self.rows: dict[bytes, R | bytes] = {}
        self.dirty: set[bytes] = set()
        self.origins: dict[Origin, Reached] = {}
        self.done = 0
        self.checkpointed = 0
        self.changelog_end = 0
        self.claim = -1
        self.marked = False
        self.enough = DIRTY_ROWS

    def touch(self, key: bytes) -> R:
        """Return a key's row to learn from, made if new; it will be checkpointed."""
        self.dirty.add(key)
        row = self.rows.get(key)
        if row is None:
            row = self._type(key)()
        elif isinstance(row, bytes):
            row = self._type(key).decode(row)
        else:
            return row
        self.rows[key] = row
        return row

    def _type(self, key: bytes) -> type[R]:
        return self._others.get(key[:1], self._row)  # type: ignore[return-value]

    def read(self, key: bytes) -> R | None:
        """Return a key's row to look at, or None where there is none."""
        row = self.rows.get(key)
        return self._type(key).decode(row) if isinstance(row, bytes) else row

    def hold(self, key: bytes) -> R | None:
        """Return a key's row to look at often, or None; it is decoded once."""
        row = self.rows.get(key)
        if isinstance(row, bytes):
            row = self.rows[key] = self._type(key).decode(row)
        return row

    def drop(self, key: bytes) -> None:
        """Forget a key's row; the next checkpoint tells."""
        if self.rows.pop(key, None) is not None:
            self.dirty.add(key)

    def known_keys(self) -> list[bytes]:
        """Return the keys of all rows, but for the shared one's."""
        return [key for key in self.rows if key != SHARED]

    def shared(self, *, learn: bool = False) -> Any:
        """Return the row that the partition shares, None where nothing made one.

        To `learn` from, it is made if new, and will be checkpointed.
        """
        row: Any = self.rows.get(SHARED)
        if isinstance(row, bytes) and self._shared:
            row = self.rows[SHARED] = self._shared.decode(row)  # type: ignore[assignment]
        if learn and self._shared:
            self.dirty.add(SHARED)
            if row is None:
                row = self.rows[SHARED] = self._shared()  # type: ignore[assignment]
        return row

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key with its row's bytes."""
        for key, row in self.rows.items():
            yield key, _encoded(row) or b""

    @property
    def changed(self) -> bool:
        """Whether there is anything to checkpoint."""
        return self.done != self.checkpointed or bool(self.dirty)

    def checkpoint(self) -> tuple[Pairs, Marker]:
        """Take the changed rows, and the marker that says what they reflect.

        Nothing is dirty afterwards. A dirty key without a row has None for a value.
        """
        rows = self.rows
        found = [(key, _encoded(rows.get(key))) for key in self.dirty]
        self.dirty.clear()
        origins = [(*origin, *far) for origin, far in sorted(self.origins.items())]
        return found, Marker(self.claim, 0, self.done, origins)

    def restore(self, reading: Reading) -> None:
        """Take what a changelog says; what hides good rows in it is made dirty."""
        self.rows = reading.rows
        self.dirty = reading.void
        self.claim = reading.claim
        if marker := reading.marker:
            self.done = self.checkpointed = marker.offset
            self.origins = {(name, p): (o, at) for name, p, o, at in marker.origins}
            self.marked = True

    def check(self) -> None:
        """Decode one row of each type, to see whether this version of the product can.

        Raises:
            Exception: what a row's `decode` raises.
        """
        self.shared()
        left = {self._row, *self._others.values()}
        for key, row in self.rows.items():
            if key != SHARED and (kind := self._type(key)) in left:
                left.discard(kind)
                if isinstance(row, bytes):
                    kind.decode(row)
                if not left:
                    break


def _encoded(row: Row | bytes | None) -> bytes | None:
    return row if row is None or isinstance(row, bytes) else row.encode()


class CheckpointedTable(faust.Table, Generic[R]):
    """A Faust table whose changelog holds checkpoints instead of single updates.

    Declared like any table and listed by `faust tables`; its changelog topic is
    Faust's. Read and written by partition, by the one agent that owns it.
    """

    def __init__(
        self,
        app: Any,
        *,
        name: str,
        row: type[R],
        source: str,
        shared: type[Row] | None = None,
        others: Mapping[bytes, type[Row]] | None = None,
        **options: Any,
    ) -> None:
        self.row = row
        self.shared = shared
        self.others = others
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
                "min.compaction.lag.ms": "60000",  # time to repair what is void
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
            "shared": self.shared,
            "others": self.others,
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


def enough(rows: int, size: int) -> int:
    """Return how many changed rows make a checkpoint, by the bytes of the last ones.

    >>> enough(100, 200_000), enough(10, 8_000_000)
    (4000, 20)
    """
    return max(1, min(DIRTY_ROWS, DIRTY_BYTES * rows // max(size, 1)))

"""Changelog: a partition's checkpoints as Kafka keeps them, and what counts of them.

A checkpoint is one or more record batches, each with a head and rows; Kafka stores a
batch whole or not at all. The head of the last one is the marker: with it the whole
checkpoint counts, without it nothing of it does.

Before a worker writes to a changelog it claims it. What is written under an earlier
claim after that is void: a worker that was frozen, and wakes up when another owns its
partition, changes nothing. The rows of a void batch hide good ones when Kafka
compacts the log, so whoever finds some stores the good ones again at once.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

CLAIM = b"\x00claim"
PART = b"\x00part"
MARKER = b"\x00marker"
HEADS = frozenset((CLAIM, PART, MARKER))
"""Keys of what is no row. A row's key that starts with NUL is stored with two more."""

ESCAPE = b"\x00\x00"
PART_BYTES = 8 * 1024 * 1024

Pairs = Sequence[tuple[bytes, bytes | None]]


class Claim(Struct, frozen=True):
    """Who writes a changelog from here on: a worker's name and its start, epoch s."""

    worker: str
    started_at: float


class Part(Struct, frozen=True):
    """Under which claim (its offset) a batch was written, and the rows that follow."""

    claim: int
    rows: int


class Marker(Struct, frozen=True):
    """A part that is the last, and what its checkpoint reflects.

    That is every source record below `offset`. `origins` holds, per topic and
    partition that the source's records were made from, how far they were seen.
    """

    claim: int
    rows: int
    offset: int
    origins: list[tuple[str, int, int, int]]


def batches(rows: Pairs, marker: Marker) -> Iterator[Pairs]:
    """Cut a checkpoint into record batches of about 8 MiB, heads included.

    The marker's own number of rows is set here. The heads before it get a tombstone
    beside it: they must not outlive it when the log is compacted, or their rows would
    wait for a marker that is no more.
    """
    part: list[tuple[bytes, bytes | None]] = []
    size = 0
    for key, value in rows:
        if part and size > PART_BYTES:
            head = Part(marker.claim, len(part))
            yield [(PART, msgspec.json.encode(head)), *part]
            part, size = [], 0
        part.append((ESCAPE + key if key[:1] == b"\x00" else key, value))
        size += len(key) + len(value or b"")
    last = msgspec.structs.replace(marker, rows=len(part))
    end = [(PART, None)] if len(part) < len(rows) else []
    yield [(MARKER, msgspec.json.encode(last)), *part, *end]


class _Fate(Enum):
    """What becomes of the rows of a batch."""

    COUNT = 1
    WAIT = 2  # for the marker
    VOID = 3


class Reading:
    """Reads a changelog from its start, record by record, in order.

    Attributes:
        rows: every row that counts, by key.
        marker: the last one that counts.
        claim: the offset of the last claim, -1 where there is none.
        owner: who made it, where it is still in the log.
        void: keys of rows that do not count.
    """

    def __init__(self) -> None:
        self.rows: dict[bytes, Any] = {}  # bytes, until their owner touches them
        self.marker: Marker | None = None
        self.claim = -1
        self.owner: Claim | None = None
        self.void: set[bytes] = set()
        self._waiting: dict[bytes, bytes | None] = {}
        self._fate = _Fate.COUNT
        self._until = 0  # a batch whose head was compacted away has counted long ago

    def read(self, offset: int, key: bytes, value: bytes | None) -> None:
        """Read one record."""
        if key in HEADS:
            self._head(offset, key, value or b"")
            return
        key = _row_key(key)
        fate = self._fate if offset < self._until else _Fate.COUNT
        if fate is _Fate.COUNT:
            self._count(key, value)
        elif fate is _Fate.WAIT:
            self._waiting[key] = value
        else:
            self.void.add(key)

    def finish(self) -> None:
        """Drop a checkpoint whose marker never came."""
        self.void.update(self._waiting)
        self._waiting.clear()

    def _count(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = value

    def _head(self, offset: int, key: bytes, value: bytes) -> None:
        if key == CLAIM:
            self.claim, self.owner = offset, msgspec.json.decode(value, type=Claim)
            self.finish()
            return
        if not value:  # a tombstone
            return
        if key == PART:
            part: Part | Marker = msgspec.json.decode(value, type=Part)
        else:
            part = msgspec.json.decode(value, type=Marker)
        self._until = offset + 1 + part.rows
        if part.claim < self.claim:
            self._fate = _Fate.VOID
            return
        self.claim = part.claim  # the claim itself may have been compacted away
        self._fate = _Fate.WAIT
        if isinstance(part, Marker):
            for waited in self._waiting.items():
                self._count(*waited)
            self._waiting.clear()
            self.marker = part
            self._fate = _Fate.COUNT


class Intrusion:
    """Reads what others wrote to a changelog: the keys of their rows, and claims.

    Attributes:
        keys: of every row.
        owner: who made the last claim, where there is one.
    """

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.owner: Claim | None = None

    def read(self, _: int, key: bytes, value: bytes | None) -> None:
        """Read one record."""
        if key == CLAIM:
            self.owner = msgspec.json.decode(value or b"", type=Claim)
        elif key not in HEADS:
            self.keys.add(_row_key(key))


def _row_key(stored: bytes) -> bytes:
    return stored.removeprefix(ESCAPE)

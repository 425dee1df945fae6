"""Rows: a table's rows that are sketches, each a block of a filter or a sample."""

from collections.abc import Iterable
from typing import Any, Protocol, Self

import msgspec

from app.sketches.bloom import Block
from app.sketches.observed import Sample
from app.sketches.reservoir import Reservoir

_FILTER, _SAMPLE = b"F", b"S"  # the first byte; of another version neither is
_population = msgspec.json.Decoder(tuple[int, dict[int, dict[str, int]]]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class SketchRow:
    """A block of a Bloom filter, or the sample of a stratum: its key says which.

    One that is new is neither until it learns.
    """

    __slots__ = ("block", "reservoir")

    def __init__(self) -> None:
        self.block: Block | None = None
        self.reservoir: Reservoir[Sample] | None = None

    def encode(self) -> bytes:
        """Return the row's bytes."""
        if self.block is not None:
            return _FILTER + self.block.encode()
        if self.reservoir is not None:
            return _SAMPLE + self.reservoir.encode()
        return b""

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        row = cls()
        kind, rest = data[:1], data[1:]
        if kind == _FILTER:
            row.block = Block.decode(rest)
        elif kind == _SAMPLE:
            row.reservoir = Reservoir[Sample].decode(rest, item=Sample)
        elif data:
            message = f"sketch: got kind {kind!r}, expected {_FILTER!r} or {_SAMPLE!r}"
            raise ValueError(message)
        return row


class Population:
    """How many payments of each stratum a partition has had: the row that it shares.

    `newest` is how far its event time is, in seconds of the epoch; `counts` are by
    period and stratum.
    """

    __slots__ = ("counts", "newest")

    def __init__(
        self, newest: int = 0, counts: dict[int, dict[str, int]] | None = None
    ) -> None:
        self.newest = newest
        self.counts = counts or {}

    def encode(self) -> bytes:
        """Return the row's bytes."""
        counts = {str(period): one for period, one in self.counts.items()}
        return _encode([self.newest, counts])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        return cls(*_population(data))


class Rows(Protocol):
    """The rows of one partition, as the engine keeps them."""

    def touch(self, key: bytes) -> SketchRow:
        """Return a key's row to learn from, made if new."""
        ...

    def hold(self, key: bytes) -> SketchRow | None:
        """Return a key's row to look at."""
        ...

    def drop(self, key: bytes) -> None:
        """Forget a key's row."""
        ...

    def known_keys(self) -> Iterable[bytes]:
        """Return the keys of all rows."""
        ...

    def shared(self, *, learn: bool = False) -> Any:
        """Return the partition's `Population`."""
        ...

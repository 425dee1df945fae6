"""Reservoirs: a fair sample of a stream, the same whatever the order it came in."""

from collections.abc import Iterable, Sequence
from heapq import heappush, heappushpop
from math import log
from typing import Any, Generic, NamedTuple, Self, TypeVar

import mmh3
import msgspec

T = TypeVar("T")
_SPAN = 1 << 64


class Sampled(NamedTuple, Generic[T]):
    """One of a sample; `rank` is its lot, and the smallest lots are kept."""

    rank: float
    id: str
    item: T


class Reservoir(Generic[T]):
    """The items with the smallest lots: a sample without replacement.

    An item's lot is a hash of its id, so that a replay draws the same sample, an
    item that comes twice is in it once, samples of two partitions merge into that of
    both, and the order does not matter. With equal weights each set of `size` items
    is as likely as any other (bottom-k sampling); an item of twice the weight is
    drawn first twice as often (Efraimidis and Spirakis, 2006).
    """

    __slots__ = ("_ids", "_kept", "salt", "size")

    def __init__(self, size: int, *, salt: str = "") -> None:
        self.size = size
        self.salt = salt
        self._kept: list[tuple[float, str, T]] = []  # a heap, the largest lot first
        self._ids: set[str] = set()

    def add(self, identity: str, item: T, *, weight: float = 1.0) -> bool:
        """Draw an item's lot; return whether it is in the sample now.

        Raises:
            ValueError: the weight is not above 0.
        """
        if weight <= 0:
            message = f"got a weight of {weight}, expected one above 0"
            raise ValueError(message)
        return self._keep(lot(identity, salt=self.salt) / weight, identity, item)

    def _keep(self, rank: float, identity: str, item: T) -> bool:
        kept = self._kept
        if identity in self._ids:
            return True
        if len(kept) < self.size:
            heappush(kept, (-rank, identity, item))
        elif rank >= -kept[0][0]:
            return False
        else:
            _, gone, _ = heappushpop(kept, (-rank, identity, item))
            self._ids.discard(gone)
        self._ids.add(identity)
        return True

    def passes(self, identity: str) -> bool:
        """Say whether to add an item of weight 1 would change nothing of the sample."""
        kept = self._kept
        if len(kept) < self.size:
            return False
        return lot(identity, salt=self.salt) >= -kept[0][0] or identity in self._ids

    def join(self, drawn: Iterable[Sampled[T]]) -> None:
        """Take what another reservoir of the same salt has drawn."""
        for one in drawn:
            self._keep(one.rank, one.id, one.item)

    def sample(self) -> list[Sampled[T]]:
        """Return the sample, smallest lots first."""
        return sorted(
            (Sampled(-rank, identity, item) for rank, identity, item in self._kept),
            key=lambda one: (one.rank, one.id),
        )

    def encode(self) -> bytes:
        """Return the reservoir's bytes; items must be what JSON can say."""
        kept: Sequence[Sampled[T]] = self.sample()
        return msgspec.json.encode([self.size, self.salt, kept])

    @classmethod
    def decode(cls, data: bytes, *, item: Any = Any) -> Self:
        """Return the reservoir that `encode` made the bytes from, its items typed."""
        kind = tuple[int, str, list[tuple[float, str, item]]]
        size, salt, kept = msgspec.json.decode(data, type=kind)
        made = cls(size, salt=salt)
        made.join(Sampled(*one) for one in kept)
        return made


def lot(identity: str, *, salt: str) -> float:
    """Return an item's lot: exponential with mean 1, the same for the same id.

    >>> lot("T1", salt="a") == lot("T1", salt="a") != lot("T1", salt="b")
    True
    """
    hashed, _ = mmh3.hash64(f"{salt} {identity}", signed=False)
    return -log((hashed + 1) / _SPAN)

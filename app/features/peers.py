"""Peers: how many customers move together with one, and how many of them are known."""

from struct import Struct
from typing import NamedTuple, Self

from app.events.groups import Grouped
from app.features.clock import DAY, microseconds

LASTS = DAY
"""How long after it grew a group is held against who was in it."""
UNKNOWN: list[float | None] = [None, None]
"""What is said of a payment of somebody who moves with nobody."""
PARTS = Struct("<qII")


class Peers(NamedTuple):
    """A customer's group as it was told last: when, its size, its members with frauds.

    Of two that were told at the same time the later one counts.
    """

    at: int
    size: int
    frauds: int

    @classmethod
    def joined(cls, told: Grouped, before: Self | None) -> Self:
        """Return what is known once a group was told; late news change nothing."""
        peers = cls(microseconds(told.at), told.size, told.frauds)
        return before if before and before.at > peers.at else peers

    def profile(self, at: int) -> list[float | None]:
        """Return the group's size and its members with frauds, at a payment's time."""
        if not 0 <= at - self.at < LASTS:
            return UNKNOWN
        return [float(self.size), float(self.frauds)]

    def encode(self) -> bytes:
        """Return the bytes."""
        return PARTS.pack(*self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `encode` made the bytes from."""
        return cls(*PARTS.unpack(data))

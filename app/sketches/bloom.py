"""Bloom filters: was this seen before? Never a wrong no, now and then a wrong yes."""

from math import ceil, log
from struct import Struct as Layout
from typing import NamedTuple, Self

import mmh3

MOST_BYTES = 16 * 1024 - 1
"""Of a block with both its generations: with a byte that says so, it is one row."""
HEADER = Layout("<BIIIIqq")
"""Version; bits and hashes of a generation; how many things each of the two holds;
when each began."""
VERSION = 1
HALF = (1 << 48) - 1
"""Of a hash: where the first bit is, and how far it is to the next."""


class Plan(NamedTuple):
    """How a filter of a capacity and an error is laid out.

    `bits` and `capacity` are of one generation of one block; `error` is that of a
    generation, half of what the filter as a whole may have.
    """

    blocks: int
    bits: int
    hashes: int
    capacity: int
    error: float
    lasts: int

    def block_of(self, thing: str) -> int:
        """Return the number of the block that knows of a thing."""
        return (mmh3.hash128(thing, signed=False) >> 96) % self.blocks


def plan(*, capacity: int, error: float, lasts: int) -> Plan:
    """Plan a filter that holds so many things with so many wrong yeses at the most.

    `lasts` is after how much event time (any unit) a generation makes place for the
    next, full or not: a thing is known for so long at least, twice that at most, and
    less where more than `capacity` new ones come. A generation has half the error,
    since two are asked. The size is Bloom's (1970): -ln(error) / ln(2)^2 bits a thing.

    Raises:
        ValueError: capacity or error are out of range.

    >>> plan(capacity=1_000_000, error=0.01, lasts=30).blocks
    169
    """
    if capacity < 1 or not 0 < error < 1:
        expected = "a capacity of 1 or more, an error between 0 and 1"
        message = f"got {capacity} and {error}, expected {expected}"
        raise ValueError(message)
    each = error / 2
    a_thing = -log(each) / log(2) ** 2
    room = (MOST_BYTES - HEADER.size) // 2 * 8
    blocks = ceil(capacity * a_thing / room)
    of_block = ceil(capacity / blocks)
    bits = min(ceil(of_block * a_thing / 8) * 8, room)
    hashes = max(1, round(bits / of_block * log(2)))
    return Plan(blocks, bits, hashes, of_block, each, lasts)


class Block:
    """One block of a filter: two generations of bits, the younger one learns.

    A thing is in one block, so that to learn it changes one row of at most 16 KiB.
    The state is a function of the things and their times in the order that they came;
    `since` never goes back, whatever comes late.
    """

    __slots__ = ("bits", "counts", "hashes", "old", "since", "young")

    def __init__(self) -> None:
        self.bits = self.hashes = 0
        self.young = self.old = bytearray()
        self.counts = [0, 0]  # of the young, of the old
        self.since = [0, 0]

    def add(self, thing: str, at: int, *, plan: Plan) -> bool:
        """Learn a thing; return whether it was seen before, as far as one can tell."""
        if not self.bits:
            self.bits, self.hashes = plan.bits, plan.hashes
            self.young, self.old = (bytearray(plan.bits // 8) for _ in range(2))
            self.since = [at, at]
        age = at - self.since[0]
        if self.counts[0] >= plan.capacity or age >= plan.lasts:
            self._turn(at)
        if age >= 2 * plan.lasts:
            self._turn(at)  # nothing came for so long that the young is old too
        fresh, known = self._look(thing)
        if fresh:
            self.counts[0] += 1
            for place in self._places(thing):
                self.young[place >> 3] |= 1 << (place & 7)
        return known

    def settled(self, thing: str, at: int, *, plan: Plan) -> bool:
        """Say whether to add a thing would change nothing."""
        due = self.counts[0] >= plan.capacity or at - self.since[0] >= plan.lasts
        return bool(self.bits) and not due and not self._look(thing)[0]

    def __contains__(self, thing: str) -> bool:
        return bool(self.bits) and self._look(thing)[1]

    def fill(self) -> tuple[float, float]:
        """Return the share of bits set in either generation."""
        if not self.bits:
            return 0.0, 0.0
        young, old = (int.from_bytes(one, "little") for one in (self.young, self.old))
        return young.bit_count() / self.bits, old.bit_count() / self.bits

    def error(self) -> float:
        """Return the share of wrong yeses to expect, by how full it is."""
        young, old = (share**self.hashes for share in self.fill())
        return 1 - (1 - young) * (1 - old)

    def _turn(self, at: int) -> None:
        """Forget the old generation, and begin another."""
        self.old, self.young = self.young, bytearray(self.bits // 8)
        self.counts = [0, self.counts[0]]
        self.since = [max(at, self.since[0]), self.since[0]]

    def _look(self, thing: str) -> tuple[bool, bool]:
        """Return whether a thing is new to the young, and whether either has it."""
        young = old = True
        for place in self._places(thing):
            bit = 1 << (place & 7)
            young = young and bool(self.young[place >> 3] & bit)
            old = old and bool(self.old[place >> 3] & bit)
            if not (young or old):
                return True, False
        return not young, True

    def _places(self, thing: str) -> list[int]:
        """Return the bits of a thing: enhanced double hashing (Dillinger, 2004)."""
        hashed = mmh3.hash128(thing, signed=False)
        place, step, bits = hashed & HALF, hashed >> 48 & HALF, self.bits
        places = []
        for turn in range(self.hashes):
            places.append(place % bits)
            place += step
            step += turn
        return places

    def encode(self) -> bytes:
        """Return the block's bytes."""
        header = HEADER.pack(VERSION, self.bits, self.hashes, *self.counts, *self.since)
        return header + self.young + self.old

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the block that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        version, bits, hashes, new, old, since, before = HEADER.unpack_from(data)
        if version != VERSION:
            message = f"Bloom block: got version {version}, expected {VERSION}"
            raise ValueError(message)
        block = cls()
        block.bits, block.hashes = bits, hashes
        middle = HEADER.size + bits // 8
        block.young = bytearray(data[HEADER.size : middle])
        block.old = bytearray(data[middle:])
        block.counts, block.since = [new, old], [since, before]
        return block

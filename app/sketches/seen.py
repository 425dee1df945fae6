"""Seen: Bloom filters of what a partition has seen, over all and by segment."""

from collections.abc import Iterator, Sequence
from functools import cache

import mmh3
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from app.sketches.bloom import HALF, Block, Plan, plan
from app.sketches.observed import KINDS, Kind, Segment
from app.sketches.rows import Rows

LASTS = 30 * 86_400
"""Seconds of event time after which a generation makes place for the next."""
PREFIX = b"seen/"
PROBES = 20_000
IMPOSSIBLE = "no id is as long as this one, so that nobody can ever have seen it: {}"
NAMES = tuple((kind, split) for kind in KINDS for split in (False, True))
"""The filters: of each kind one over all, and one in which segments are told apart."""


class Fill(Struct, frozen=True):
    """How full a filter is, and what share of wrong yeses it gives.

    `things` are those of the present generation and of the one before. `error` is the
    share of things never seen that it takes for seen: as configured, as its fill lets
    expect, as measured by asking for `probes` things that cannot exist.
    """

    kind: Kind
    by_segment: bool
    blocks: int
    bytes: int
    things: int
    capacity: int
    fill: float
    configured: float
    expected: float
    measured: float
    probes: int
    since: int | None = None


class Filters:
    """The filters in the rows of a partition; all of one plan.

    The plan is part of each key: under another capacity or error what was seen is
    learnt anew, and what was kept by the former plan is dropped.
    """

    def __init__(self, *, capacity: int, error: float, partitions: int) -> None:
        self.configured = error
        self.plan: Plan = plan(capacity=capacity, error=error / partitions, lasts=LASTS)
        planned = self.plan
        shape = f"{planned.blocks}x{planned.bits}x{planned.hashes}/"
        self._prefix = PREFIX + shape.encode()

    def learn(
        self, rows: Rows, kind: Kind, value: str, *, segment: Segment, at: int
    ) -> None:
        """Remember that a thing was seen, and by whom."""
        for split in (False, True):
            thing = f"{segment} {value}" if split else value
            key = self._key(kind, split, self.plan.block_of(thing))
            held = rows.hold(key)
            block = held.block if held else None
            if block is None:
                self._drop_former(rows)
            elif block.settled(thing, at, plan=self.plan):
                continue
            row = rows.touch(key)
            if row.block is None:
                row.block = Block()
            row.block.add(thing, at, plan=self.plan)

    def seen(
        self, rows: Rows, kind: Kind, value: str, *, segment: Segment | None = None
    ) -> bool:
        """Say whether a thing was seen in the last 30 days, or 60 at most."""
        thing = f"{segment} {value}" if segment else value
        key = self._key(kind, segment is not None, self.plan.block_of(thing))
        held = rows.hold(key)
        return held is not None and held.block is not None and thing in held.block

    def fills(self, rows: Rows) -> Iterator[Fill]:
        """Say how full each filter is, and measure its error."""
        for kind, split in NAMES:
            yield self._fill(rows, kind, split)

    def _fill(self, rows: Rows, kind: Kind, split: bool) -> Fill:  # noqa: FBT001
        keys = (self._key(kind, split, place) for place in range(self.plan.blocks))
        held = [rows.hold(key) for key in keys]
        blocks = [row.block if row else None for row in held]
        there = [block for block in blocks if block is not None]
        planned = self.plan
        return Fill(
            kind=kind,
            by_segment=split,
            blocks=planned.blocks,
            bytes=sum(len(one.young) + len(one.old) for one in there),
            things=sum(sum(one.counts) for one in there),
            capacity=planned.capacity * planned.blocks,
            fill=sum(sum(one.fill()) for one in there) / 2 / planned.blocks,
            configured=self.configured,
            expected=sum(one.error() for one in there) / planned.blocks,
            measured=measured(blocks, planned),
            probes=PROBES,
            since=min((one.since[1] for one in there), default=None),
        )

    def _key(self, kind: Kind, split: bool, place: int) -> bytes:  # noqa: FBT001
        part = "-by-segment" if split else ""
        return self._prefix + f"{kind}{part}/{place}".encode()

    def _drop_former(self, rows: Rows) -> None:
        """Forget what filters of another plan have kept."""
        former = [
            key
            for key in rows.known_keys()
            if key.startswith(PREFIX) and not key.startswith(self._prefix)
        ]
        for key in former:
            rows.drop(key)


def merged(fills: Sequence[Fill]) -> Fill:
    """Return one filter's fill over partitions, which are asked together.

    One wrong yes of any of them is one of the whole.
    """
    first = fills[0]
    sinces = [one.since for one in fills if one.since is not None]
    return Fill(
        kind=first.kind,
        by_segment=first.by_segment,
        blocks=sum(one.blocks for one in fills),
        bytes=sum(one.bytes for one in fills),
        things=sum(one.things for one in fills),
        capacity=sum(one.capacity for one in fills),
        fill=sum(one.fill for one in fills) / len(fills),
        configured=first.configured,
        expected=_any(one.expected for one in fills),
        measured=_any(one.measured for one in fills),
        probes=sum(one.probes for one in fills),
        since=min(sinces, default=None),
    )


def _any(chances: Iterator[float]) -> float:
    """Return the chance that at least one of independent things happens."""
    none = 1.0
    for chance in chances:
        none *= 1 - chance
    return 1 - none


def measured(blocks: Sequence[Block | None], planned: Plan) -> float:
    """Return the share of things never seen that a filter takes for seen.

    It is asked for 20,000 things that cannot exist; `blocks` are in order.
    """
    low, middle, high = _probes()
    place, step = low.copy(), middle.copy()
    bits = np.uint64(planned.bits)
    places = np.empty((planned.hashes, PROBES), np.uint64)
    for turn in range(planned.hashes):
        places[turn] = place % bits
        place += step
        step += np.uint64(turn)
    of_block = high % np.uint64(planned.blocks)
    wrong = 0
    for number, block in enumerate(blocks):
        if block is None or not block.bits:
            continue
        mine = places[:, of_block == number]
        known = np.zeros(mine.shape[1], bool)
        for generation in (block.young, block.old):
            held = np.frombuffer(bytes(generation), np.uint8)
            set_ = held[mine >> np.uint64(3)] >> (mine & np.uint64(7)).astype(np.uint8)
            known |= (set_ & 1).all(axis=0)
        wrong += int(known.sum())
    return wrong / PROBES


@cache
def _probes() -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the hashes of things that cannot exist, in three parts."""
    hashed = [
        mmh3.hash128(IMPOSSIBLE.format(number), signed=False)
        for number in range(PROBES)
    ]
    low, middle, high = (
        np.array([one >> shift & HALF for one in hashed], np.uint64)
        for shift in (0, 48, 96)
    )
    return low, middle, high

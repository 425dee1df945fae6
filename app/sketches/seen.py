"""Seen: Bloom filters of what a partition has seen, over all and by segment."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import expm1, fsum, log1p

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
    expect, as measured by asking for `probes` things that cannot exist. `since` is the
    second after the generation before began, in the block where it began last, since
    blocks make place each by itself: whatever was seen from then on is known.
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
    since: datetime | None = None


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
        """Remember that a thing was seen, and by whom; `at` never goes back."""
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
            since=_moment(max((one.since[1] for one in there), default=None)),
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
        fill=fsum(one.fill for one in fills) / len(fills),
        configured=first.configured,
        expected=_any(one.expected for one in fills),
        measured=_any(one.measured for one in fills),
        probes=sum(one.probes for one in fills),
        since=max(sinces, default=None),
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds + 1, UTC)


def _any(chances: Iterator[float]) -> float:
    """Return the chance that at least one of independent things happens.

    The same to the last bit whatever the order: partitions answer in any.
    """
    found = list(chances)
    if max(found) >= 1:
        return 1.0
    return abs(expm1(fsum(log1p(-chance) for chance in found)))


def measured(blocks: Sequence[Block | None], planned: Plan) -> float:
    """Return the share of things never seen that a filter takes for seen.

    It is asked for 20,000 things that cannot exist; `blocks` are in order.
    """
    wrong = 0
    for block, probes in zip(blocks, _probes(planned), strict=True):
        if block is None:
            continue
        known = np.zeros(probes.shape[1], bool)
        for generation in (block.young, block.old):
            held = np.frombuffer(bytes(generation), np.uint8)
            known |= (held[probes >> 3] >> (probes & 7) & 1).all(axis=0)
        wrong += int(known.sum())
    return wrong / PROBES


@lru_cache(maxsize=4)
def _probes(planned: Plan) -> list[NDArray[np.int64]]:
    """Return, by block, the bits of things that cannot exist: a column each."""
    hashed = [
        mmh3.hash128(IMPOSSIBLE.format(number), signed=False)
        for number in range(PROBES)
    ]
    place, step, block = (
        np.array([one >> shift & HALF for one in hashed], np.int64)
        for shift in (0, 48, 96)
    )
    bits = np.empty((planned.hashes, PROBES), np.int64)
    for turn in range(planned.hashes):
        bits[turn] = place % planned.bits
        place += step
        step += turn
    of_block = block % planned.blocks
    return [bits[:, of_block == number] for number in range(planned.blocks)]

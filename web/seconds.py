"""Seconds: what was decided second by second, and the figures that makes."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from itertools import accumulate

from app.counters import BOUNDS_MS, BUCKETS

SPAN = 900
"""Seconds that are remembered."""
STEP = 5
"""Seconds that make one point of a chart."""
RATE_SPAN = 5
LATENCY_SPAN = 60


@dataclass(slots=True)
class Second:
    """What was decided in one second: by outcome, by latency bucket, by rule hit."""

    outcomes: Counter[str] = field(default_factory=Counter)
    latency: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Second") -> None:
        """Add what was decided in another."""
        self.outcomes.update(other.outcomes)
        self.latency.update(other.latency)
        self.hits.update(other.hits)


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """The last quarter of an hour in steps; `at` is where each ends, in UTC.

    A rate is None before anybody was heard; a latency, in milliseconds, and a share
    are None where nothing was decided.
    """

    at: list[datetime]
    per_second: list[float | None]
    p50_ms: list[float | None]
    p99_ms: list[float | None]
    review: list[float | None]
    decline: list[float | None]


@dataclass(frozen=True)
class Past:
    """What was decided before a second, over the spans that figures are about."""

    now: int
    _: KW_ONLY
    rate: Second
    recent: Second
    span: Second
    series: Series


class Seconds:
    """The last quarter of an hour, second by second; times are seconds of the epoch."""

    def __init__(self) -> None:
        self._seconds: dict[int, Second] = {}
        self._since = math.inf
        self._last: Past | None = None

    def add(
        self,
        now: float,
        *,
        outcomes: Mapping[str, int],
        latency: Mapping[str, int],
        hits: Mapping[str, int],
    ) -> None:
        """Count what was decided now."""
        self._since = min(self._since, now)
        at = int(now)
        second = self._seconds.get(at)
        if second is None:
            self._seconds = {
                one: kept for one, kept in self._seconds.items() if one > at - SPAN
            }
            second = self._seconds[at] = Second()
        second.outcomes.update(outcomes)
        second.latency.update(latency)
        second.hits.update(hits)

    def past(self, now: int) -> Past:
        """Add up the seconds before `now`, once a second."""
        if self._last is None or self._last.now != now:
            step = now // STEP
            same = self._last and self._last.now // STEP == step
            self._last = Past(
                now,
                rate=self._sum(now - RATE_SPAN, now),
                recent=self._sum(now - LATENCY_SPAN, now),
                span=self._sum(now - SPAN, now),
                series=self._last.series if same and self._last else self._steps(step),
            )
        return self._last

    def _sum(self, start: int, end: int) -> Second:
        """Add up the seconds from `start` until before `end`."""
        found = Second()
        for at in range(start, end):
            if second := self._seconds.get(at):
                found.add(second)
        return found

    def _steps(self, last: int) -> Series:
        """Return the series of whole steps before step number `last`."""
        steps = [Second() for _ in range(SPAN // STEP)]
        first = last - len(steps)
        for at, second in self._seconds.items():
            if first <= at // STEP < last:
                steps[at // STEP - first].add(second)
        return _series(first, steps, since=self._since)


def quantile(latency: Counter[str], q: float) -> float | None:
    """Estimate a quantile in milliseconds from counts by upper bound.

    Within a bucket, decisions count as evenly spread; beyond the last bound, as at it.

    >>> quantile(Counter({"10": 2, "20": 2}), 0.75)
    15.0
    >>> quantile(Counter(), 0.5) is None
    True
    """
    sums = list(accumulate(latency.get(bucket, 0) for bucket in BUCKETS))
    if not sums[-1]:
        return None
    wanted = q * sums[-1]
    place = bisect_left(sums, wanted)
    if place == len(BOUNDS_MS):
        return float(BOUNDS_MS[-1])
    low, high = (BOUNDS_MS[place - 1] if place else 0), BOUNDS_MS[place]
    below = sums[place - 1] if place else 0
    return low + (high - low) * (wanted - below) / (sums[place] - below)


def _series(first: int, steps: Sequence[Second], *, since: float) -> Series:
    ends = [(first + number + 1) * STEP for number in range(len(steps))]

    def share(step: Second, outcome: str) -> float | None:
        decided = step.outcomes.total()
        return step.outcomes[outcome] / decided if decided else None

    return Series(
        at=[datetime.fromtimestamp(end, UTC) for end in ends],
        per_second=[
            step.outcomes.total() / STEP if end > since else None
            for end, step in zip(ends, steps, strict=True)
        ],
        p50_ms=[quantile(step.latency, 0.50) for step in steps],
        p99_ms=[quantile(step.latency, 0.99) for step in steps],
        review=[share(step, "review") for step in steps],
        decline=[share(step, "decline") for step in steps],
    )

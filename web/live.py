"""Live: the last quarter of an hour, as the workers' pulses tell it."""

import math
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Literal

from app.counters import BOUNDS_MS, BUCKETS
from app.events.decisions import Decision
from app.events.pulses import Pulse

SPAN = 900
"""Seconds that are remembered."""
STEP = 5
"""Seconds that make one point of a chart."""
RATE_SPAN = 5
LATENCY_SPAN = 60
TICK = 0.25
"""Seconds for which a snapshot is fresh: all browsers share it."""
SILENCE = 3.0
"""Seconds after which a worker that says nothing counts as silent."""
FORGOTTEN = 120.0
"""Seconds after which a silent worker is no longer shown."""
FLAGGED, APPROVED = 120, 60
"""Decisions kept: flagged ones stay longer, since there are few of them."""
REPLAYED = timedelta(hours=1)
"""A payment that came in so long after it happened is of a replay."""

TOTALS = ("captured", "duplicates", "decided", "delivered", "dead_letters")

Source = Literal["", "simulation", "replay"]


@dataclass(slots=True)
class Second:
    """What was decided in one second: counts by outcome, and by latency bucket."""

    outcomes: Counter[str] = field(default_factory=Counter)
    latency: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Second") -> None:
        """Add what was decided in another."""
        self.outcomes.update(other.outcomes)
        self.latency.update(other.latency)


@dataclass(frozen=True, kw_only=True)
class WorkerState:
    """A worker as last heard; `silent_for` seconds, `state` is `silent` after three."""

    name: str
    role: str
    state: str
    silent_for: float


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """What pages show of the present.

    `totals` count since the workers started, `outcomes` over the last quarter of an
    hour; `lag` is records waiting by topic. `newest` holds numbered decisions, oldest
    first.
    """

    at: datetime
    per_second: float
    p50_ms: float | None
    p99_ms: float | None
    totals: dict[str, int]
    outcomes: dict[str, int]
    lag: dict[str, int]
    workers: list[WorkerState]
    source: Source
    series: Series
    newest: list[tuple[int, Decision]]

    @property
    def flagged_share(self) -> float | None:
        """The share of decisions in the last quarter of an hour that were flagged."""
        decided = sum(self.outcomes.values())
        return 1 - self.outcomes.get("approve", 0) / decided if decided else None


@dataclass(frozen=True)
class _Past:
    """What was decided before a second, over the spans that figures are about."""

    now: int
    _: KW_ONLY
    rate: Second
    recent: Second
    span: Second
    series: Series


class Live:
    """Adds up pulses, and shows the same snapshot to all who look within a tick."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._heard: dict[tuple[str, str], tuple[float, Pulse]] = {}
        self._seconds: dict[int, Second] = {}
        self._totals: Counter[str] = Counter()
        self._flagged: dict[str, tuple[int, Decision]] = {}
        self._approved: dict[str, tuple[int, Decision]] = {}
        self._number = 0
        self._since: float | None = None
        self._last: _Past | None = None
        self._snapshot: tuple[float, Snapshot] | None = None

    def add(self, pulse: Pulse) -> None:
        """Take a pulse."""
        now = self._clock()
        if self._since is None:
            self._since = now
        _, last = self._heard.get((pulse.worker, pulse.role), (0.0, None))
        self._heard[pulse.worker, pulse.role] = now, pulse
        for name in TOTALS:
            before = getattr(last, name) if last else 0
            self._totals[name] += _grown(getattr(pulse, name), before)
        second = self._second(int(now))
        second.latency.update(pulse.latency_ms)
        if last:  # of one heard for the first time, nobody knows when it decided
            for outcome, count in pulse.outcomes.items():
                second.outcomes[outcome] += _grown(count, last.outcomes.get(outcome, 0))
        for decision in reversed(pulse.recent):  # flagged ones last, so on top
            self._keep(decision)

    def snapshot(self) -> Snapshot:
        """Return what there is to show; the same one for a quarter of a second."""
        now = self._clock()
        if self._snapshot is None or not 0 <= now - self._snapshot[0] < TICK:
            self._snapshot = now, self._look(now)
        return self._snapshot[1]

    def decision(self, transaction_id: str) -> Decision | None:
        """Return one of the newest decisions, by transaction."""
        found = self._flagged.get(transaction_id) or self._approved.get(transaction_id)
        return found[1] if found else None

    def _second(self, at: int) -> Second:
        second = self._seconds.get(at)
        if second is None:
            self._seconds = {
                one: kept for one, kept in self._seconds.items() if one > at - SPAN
            }
            second = self._seconds[at] = Second()
        return second

    def _keep(self, decision: Decision) -> None:
        approved = decision.outcome == "approve"
        kept, most = (
            (self._approved, APPROVED) if approved else (self._flagged, FLAGGED)
        )
        if decision.id in kept:
            return  # published again after a crash: the first one stands
        self._number += 1
        kept[decision.id] = self._number, decision
        while len(kept) > most:
            del kept[next(iter(kept))]

    def _look(self, now: float) -> Snapshot:
        past = self._past(int(now))
        newest = sorted([*self._flagged.values(), *self._approved.values()], key=_first)
        return Snapshot(
            at=datetime.fromtimestamp(now, UTC),
            per_second=past.rate.outcomes.total() / RATE_SPAN,
            p50_ms=quantile(past.recent.latency, 0.50),
            p99_ms=quantile(past.recent.latency, 0.99),
            totals={name: self._totals[name] for name in TOTALS},
            outcomes=dict(past.span.outcomes),
            lag=self._lag(now),
            workers=self._workers(now),
            source=source(newest[-1][1]) if newest and past.recent.outcomes else "",
            series=past.series,
            newest=newest,
        )

    def _past(self, now: int) -> "_Past":
        """Add up the seconds before `now`, once a second."""
        if self._last is None or self._last.now != now:
            step = now // STEP
            same = self._last and self._last.now // STEP == step
            self._last = _Past(
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
        since = math.inf if self._since is None else self._since
        return _series(first, steps, since=since)

    def _lag(self, now: float) -> dict[str, int]:
        waiting: Counter[str] = Counter()
        for heard, pulse in self._heard.values():
            if now - heard <= SILENCE:
                waiting.update(pulse.lag)
        return dict(waiting)

    def _workers(self, now: float) -> list[WorkerState]:
        return [
            WorkerState(
                name=pulse.worker,
                role=pulse.role,
                state=pulse.state if now - heard <= SILENCE else "silent",
                silent_for=max(0.0, now - heard),
            )
            for _, (heard, pulse) in sorted(self._heard.items())
            if now - heard <= FORGOTTEN
        ]


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


def source(decision: Decision) -> Source:
    """Say what a decision is about, if not life: a simulation or a replay."""
    payment = decision.payment
    if payment.synthetic:
        return "simulation"
    late = payment.received_at - payment.occurred_at > REPLAYED
    return "replay" if late else ""


def _grown(count: int, before: int) -> int:
    """Return by how much a count has grown; one that shrank began again at zero."""
    return count - before if count >= before else count


def _first(numbered: tuple[int, Decision]) -> int:
    return numbered[0]


def _series(first: int, steps: Sequence[Second], *, since: float) -> Series:

    def share(step: Second, outcome: str) -> float | None:
        decided = step.outcomes.total()
        return step.outcomes[outcome] / decided if decided else None

    ends = [(first + number + 1) * STEP for number in range(len(steps))]
    return Series(
        at=[datetime.fromtimestamp(end, UTC) for end in ends],
        per_second=[
            step.outcomes.total() / STEP
            if (first + number + 1) * STEP > since
            else None
            for number, step in enumerate(steps)
        ],
        p50_ms=[quantile(step.latency, 0.50) for step in steps],
        p99_ms=[quantile(step.latency, 0.99) for step in steps],
        review=[share(step, "review") for step in steps],
        decline=[share(step, "decline") for step in steps],
    )

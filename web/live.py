"""Live: the last quarter of an hour, as the workers' pulses tell it."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.events.decisions import Decision
from app.events.groups import GroupMoved
from app.events.pulses import Pulse
from web.seconds import RATE_SPAN, Seconds, Series, quantile

TICK = 0.25
"""Seconds for which a snapshot is fresh: all browsers share it."""
SILENCE = 3.0
"""Seconds after which a worker that says nothing counts as silent."""
FORGOTTEN = 120.0
"""Seconds after which a silent worker is no longer shown."""
FLAGGED, APPROVED = 120, 60
"""Decisions kept: flagged ones stay longer, since there are few of them."""
GROUPS = 3
"""Groups kept, by when their newest alert was heard of."""
REPLAYED = timedelta(hours=1)
"""A payment that came in so long after it happened is of a replay."""

TOTALS = ("captured", "duplicates", "decided", "delivered", "dead_letters")

Source = Literal["", "simulation", "replay"]


@dataclass(frozen=True, kw_only=True)
class WorkerState:
    """A worker as last heard; `silent_for` seconds, `state` is `silent` after three."""

    name: str
    role: str
    state: str
    silent_for: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """What pages show of the present.

    `totals` count since the workers started, `outcomes` and `hits` (by rule) over the
    last quarter of an hour; `lag` is records waiting by topic. `newest` holds numbered
    decisions, oldest first; `groups` the newest group alerts, newest first.
    """

    at: datetime
    per_second: float
    p50_ms: float | None
    p99_ms: float | None
    totals: dict[str, int]
    outcomes: dict[str, int]
    hits: dict[str, int]
    lag: dict[str, int]
    workers: list[WorkerState]
    source: Source
    series: Series
    newest: list[tuple[int, Decision]]
    groups: tuple[GroupMoved, ...] = ()

    @property
    def flagged_share(self) -> float | None:
        """The share of decisions in the last quarter of an hour that were flagged."""
        decided = sum(self.outcomes.values())
        return 1 - self.outcomes.get("approve", 0) / decided if decided else None


class Live:
    """Adds up pulses, and shows the same snapshot to all who look within a tick."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._heard: dict[tuple[str, str], tuple[float, Pulse]] = {}
        self._seconds = Seconds()
        self._totals: Counter[str] = Counter()
        self._flagged: dict[str, tuple[int, Decision]] = {}
        self._approved: dict[str, tuple[int, Decision]] = {}
        self._groups: dict[str, GroupMoved] = {}
        self._number = 0
        self._snapshot: tuple[float, Snapshot] | None = None

    def add(self, pulse: Pulse) -> None:
        """Take a pulse."""
        now = self._clock()
        _, last = self._heard.get((pulse.worker, pulse.role), (0.0, None))
        self._heard[pulse.worker, pulse.role] = now, pulse
        for name in TOTALS:
            before = getattr(last, name) if last else 0
            self._totals[name] += _grown(getattr(pulse, name), before)
        # Of one heard for the first time, nobody knows when it decided.
        known = last or pulse
        self._seconds.add(
            now,
            outcomes=_new(pulse.outcomes, since=known.outcomes),
            latency=pulse.latency_ms,
            hits=_new(pulse.hits, since=known.hits),
        )
        for decision in reversed(pulse.recent):  # flagged ones last, so on top
            self._keep(decision)
        for group in pulse.groups:
            self._groups.pop(group.id, None)
            if group.size:
                self._groups[group.id] = group  # the one heard last is last
        while len(self._groups) > GROUPS:
            del self._groups[next(iter(self._groups))]

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
        past = self._seconds.past(int(now))
        newest = sorted([*self._flagged.values(), *self._approved.values()], key=_first)
        return Snapshot(
            at=datetime.fromtimestamp(now, UTC),
            per_second=past.rate.outcomes.total() / RATE_SPAN,
            p50_ms=quantile(past.recent.latency, 0.50),
            p99_ms=quantile(past.recent.latency, 0.99),
            totals={name: self._totals[name] for name in TOTALS},
            outcomes=dict(past.span.outcomes),
            hits=dict(past.span.hits),
            lag=self._lag(now),
            workers=self._workers(now),
            source=source(newest[-1][1]) if newest and past.recent.outcomes else "",
            series=past.series,
            newest=newest,
            groups=tuple(reversed(self._groups.values())),
        )

    def _lag(self, now: float) -> dict[str, int]:
        waiting: Counter[str] = Counter()
        for heard, pulse in self._heard.values():
            if now - heard <= SILENCE and pulse.role != "sketch":
                waiting.update(pulse.lag)  # no stage waits for a sketch
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


def source(decision: Decision) -> Source:
    """Say what a decision is about, if not life: a simulation or a replay."""
    payment = decision.payment
    if payment.synthetic:
        return "simulation"
    late = payment.received_at - payment.occurred_at > REPLAYED
    return "replay" if late else ""


def _new(counts: dict[str, int], *, since: dict[str, int]) -> dict[str, int]:
    """Return by how much each count has grown."""
    return {name: _grown(count, since.get(name, 0)) for name, count in counts.items()}


def _grown(count: int, before: int) -> int:
    """Return by how much a count has grown; one that shrank began again at zero."""
    return count - before if count >= before else count


def _first(numbered: tuple[int, Decision]) -> int:
    return numbered[0]

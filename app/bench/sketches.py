"""Sketches and sessions: what an event costs, and what is kept of it."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from app.app_events import captured_app_event
from app.bench.figures import Figure
from app.capture import captured
from app.detection.moving import Watcher
from app.engine.tables import Partition
from app.events.app_events import AppEvent
from app.events.groups import Behaviour
from app.events.payments import Payment
from app.features.sessions import Sessions
from app.privacy.tokens import Tokens
from app.settings import Settings
from app.simulate.bank import Bank
from app.sketches.bloom import Block, plan
from app.sketches.group_rows import GroupRow, SharedGroups, groups_of, store
from app.sketches.learning import learn
from app.sketches.observed import Habits, Observed
from app.sketches.reservoir import Reservoir
from app.sketches.rows import Population, SketchRow
from app.sketching import filters_of

CUSTOMERS, CHUNKS = 1_000, 12
SIZE = 200  # of a sample
TOKENS = Tokens(bytes(32), key_id="none")

Activity = Payment | AppEvent
T = TypeVar("T")


def measure() -> Iterator[Figure]:
    """Measure on the app events of a made-up bank, microseconds of CPU an event."""
    events = _events()
    yield _sessions(events)
    yield _bloom(events)
    reservoir = Reservoir[str](SIZE)
    spent = _spent(events, lambda event: reservoir.add(event.id, event.kind))
    size = float(len(reservoir.encode()))
    yield _figure(
        "reservoir-an-event",
        spent,
        len(events),
        sample=SIZE,
        bytes_in_all=size,
        bytes_a_customer=size / _customers(events),
    )
    yield from _groups()
    yield _learning()


def _learning() -> Figure:
    """Measure what role `sketch` learns of a decision, in one partition of four."""
    filters = filters_of(Settings())
    rows = Partition(SketchRow, Population)
    decided = _observed()
    started = time.thread_time()
    for observed in decided:
        learn(rows, observed, filters=filters)
    spent = time.thread_time() - started
    sizes = [len(row) for _, row in rows]
    return _figure(
        "sketches-a-decision",
        spent,
        len(decided),
        bytes_a_partition=float(sum(sizes)),
        bytes_a_customer=sum(sizes) / _customers(one.payment for one in decided),
        rows=float(len(sizes)),
        most_bytes=float(max(sizes)),
    )


def _observed() -> list[Observed]:
    """Return a made-up bank's payments as decisions; one in fifty is for review."""
    now = datetime.now(UTC)
    payments = [
        captured(value, received_at=now, captured_at=now, tokens=TOKENS, currency="EUR")
        for chunk in islice(Bank(customers=CUSTOMERS).chunks(), CHUNKS)
        for value in chunk.values
    ]
    return [
        Observed(
            payment.id,
            "approve" if number % 50 else "review",
            0.0,
            [],
            Habits(float(number % 90)),
            payment,
        )
        for number, payment in enumerate(payments)
    ]


def _events() -> list[AppEvent]:
    now = datetime.now(UTC)
    return [
        captured_app_event(event.value, received_at=now, captured_at=now, tokens=TOKENS)
        for chunk in islice(Bank(customers=CUSTOMERS).chunks(), CHUNKS)
        for event in chunk.app_events
    ]


def _sessions(events: list[AppEvent]) -> Figure:
    rows: defaultdict[str, Sessions] = defaultdict(Sessions)
    spent = _spent(events, lambda event: rows[event.customer_id].learn(event))
    sizes = [len(row.encode()) for row in rows.values()]
    return _figure(
        "sessions-an-event",
        spent,
        len(events),
        bytes_a_customer=sum(sizes) / len(sizes),
        most_bytes=float(max(sizes)),
    )


def _bloom(events: list[AppEvent]) -> Figure:
    planned = plan(capacity=100_000, error=0.01, lasts=1 << 60)
    blocks = [Block() for _ in range(planned.blocks)]

    def add(event: AppEvent) -> None:
        blocks[planned.block_of(event.id)].add(event.id, 0, plan=planned)

    spent = _spent(events, add)
    size = float(sum(len(block.encode()) for block in blocks))
    return _figure(
        "bloom-an-event",
        spent,
        len(events),
        blocks=planned.blocks,
        bytes_in_all=size,
        bytes_a_customer=size / _customers(events),
    )


def _groups() -> Iterator[Figure]:
    """Measure payments with their app events: what a day of them makes groups of."""
    events = _activity()
    watcher = Watcher()
    rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    groups = groups_of(rows, learn=True) or watcher.groups
    told: list[Behaviour] = []

    def behave(event: Activity) -> None:
        if found := watcher.rows[event.customer_id].learn(event):
            told.append(found)

    spent = _spent(events, behave)
    sizes = [len(row.encode()) for row in watcher.rows.values()]
    yield _figure(
        "behaviour-an-event",
        spent,
        len(events),
        told_a_thousand=1_000 * len(told) / len(events),
        bytes_a_customer=sum(sizes) / len(sizes),
        most_bytes=float(max(sizes)),
    )
    spent = _spent(told, groups.learn)
    store(groups, rows)
    size = float(sum(len(key) + len(value) for key, value in rows))
    yield _figure(
        "groups-a-behaviour",
        spent,
        len(told),
        bytes_a_customer=size / max(len(groups.members), 1),
        clustered=float(len(groups.clusters.names)),
        groups=float(len(groups.known)),
    )


def _activity() -> list[Activity]:
    now = datetime.now(UTC)
    found: list[tuple[int, int, Activity]] = []
    for chunk in islice(Bank(customers=CUSTOMERS).chunks(), CHUNKS):
        for value, at in zip(chunk.values, chunk.times, strict=True):
            payment = captured(
                value, received_at=now, captured_at=now, tokens=TOKENS, currency="EUR"
            )
            found.append((at, 1, payment))
        for event in chunk.app_events:
            used = captured_app_event(
                event.value, received_at=now, captured_at=now, tokens=TOKENS
            )
            found.append((event.due, 0, used))
    found.sort(key=lambda one: one[:2])
    return [event for _, _, event in found]


def _customers(events: Iterable[Activity]) -> int:
    return len({event.customer_id for event in events})


def _spent(events: list[T], learn: Callable[[T], object]) -> float:
    started = time.thread_time()
    for event in events:
        learn(event)
    return time.thread_time() - started


def _figure(name: str, spent: float, count: int, **parts: float) -> Figure:
    microseconds = round(spent / count * 1e6, 2)
    told: dict[str, float | str] = {"events": count, **parts}
    return Figure(name, microseconds, "us of CPU", parts=told)

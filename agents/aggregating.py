"""Aggregating: what partitions aggregate, kept and told as a batch goes by."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.events.aggregates import Declared, Event, Ready, Remembered
from app.events.decisions import Decision
from app.events.payments import Payment
from app.features.aggregates import (
    Kept,
    Owner,
    forget,
    profile,
)
from app.features.clock import microseconds
from app.features.declarations import Declarations
from app.rules.aggregates import Plan, counts, counts_decided, make_ready
from app.topics import CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY

Told = dict[str, float | None]
Rows = Mapping[int, Partition[Any]]

encode = msgspec.json.Encoder().encode


class Watch:
    """What the rows of one owner keep for aggregates, over one batch.

    `payments` gives the payments of the batch, None for what is none: conditions are
    evaluated on all of them at once. Without a declaration nothing is ever done.
    """

    __slots__ = ("_counts", "_declared", "_owner", "_payments", "_plans", "_rows")

    def __init__(
        self, rows: Rows, owner: Owner, payments: Callable[[], list[Payment | None]]
    ) -> None:
        self._rows = rows
        self._owner = owner
        self._payments = payments
        self._counts: dict[int, list[list[str]]] = {}
        self._plans: dict[int, Plan] = {}
        self._declared: dict[int, Declarations] = {}
        for number, partition in rows.items():
            if declared := partition.shared():
                self._take(number, declared)

    def __bool__(self) -> bool:
        """Whether anything was ever declared here."""
        return bool(self._plans)

    def _take(self, partition: int, declared: Declarations) -> None:
        self._declared[partition] = declared
        self._plans[partition] = make_ready(declared.aggregates)

    def plan(self, partition: int) -> Plan | None:
        """Return what a partition aggregates at this point of its log."""
        return self._plans.get(partition)

    def learn(self, event: Declared | Ready | Remembered, partition: int) -> None:
        """Take what a partition's log says of aggregates."""
        if isinstance(event, Remembered):
            self._remember(event, partition)
            return
        declared = self._rows[partition].shared(learn=True)
        if isinstance(event, Declared):
            declared.declare(event)
        else:
            declared.tell(event)
        self._take(partition, declared)

    def _remember(self, event: Remembered, partition: int) -> None:
        """Remember payments; a customer's row only those that it knows.

        A customer that was erased has no row, or one that began anew: what was sent
        before the erasure and comes after it finds nobody.
        """
        plan = self._plans.get(partition)
        slots = plan.of(self._owner) if plan else ()
        wanted = [one for one in slots if one.slot in event.slots]
        rows, key = self._rows[partition], event.id.encode()
        mine = self._owner == "customer"
        if not wanted or (mine and not rows.hold(key)):
            return
        row = rows.touch(key)
        memory = row.memory = row.memory or {}
        for one in wanted:
            for each in event.slots[one.slot]:
                if not mine or row.knows(each[1]):
                    kept = memory.get(one.slot) or memory.setdefault(one.slot, Kept())
                    kept.add(each, one.horizon)

    def profile(self, place: int, partition: int, row: Any, payment: Payment) -> Told:
        """Return a payment's aggregates, the batch's `place`-th; then remember it."""
        plan = self._plans.get(partition)
        if plan is None:
            return {}
        slots = plan.of(self._owner)
        if not slots:
            row.memory = None
            return {}
        memory = row.memory = row.memory or {}
        forget(memory, slots)
        told = profile(memory, payment, slots, self._counted(plan)[place])
        ready = self._declared[partition].ready
        if not told.keys() <= ready:
            told = {n: value if n in ready else None for n, value in told.items()}
        return told

    def _counted(self, plan: Plan) -> list[list[str]]:
        found = self._counts.get(id(plan))
        if found is None:
            payments = self._payments()
            known = [one for one in payments if one is not None]
            told = iter(counts(known, plan.of(self._owner), plan))
            found = [[] if one is None else next(told) for one in payments]
            self._counts[id(plan)] = found
        return found


def feed_back(
    origins: Sequence[Record],
    made: Sequence[Decision],
    plans: Sequence[Plan | None],
    out: Outbox,
) -> None:
    """Send decided payments back up, to the rows that count by outcome.

    In the order of their records, whatever the plans of their partitions: what came
    after a later one of its log would look like a repeat.
    """
    told: list[tuple[int, set[str], Plan]] = []
    for plan in {id(one): one for one in plans if one and one.decided}.values():
        mine = [place for place, one in enumerate(plans) if one is plan]
        found = [made[place] for place in mine]
        hits = counts_decided(
            [one.payment for one in found],
            plan,
            outcomes=[one.outcome for one in found],
            scores=[one.score for one in found],
        )
        pairs = zip(mine, hits, strict=True)
        told += [(place, set(slots), plan) for place, slots in pairs if slots]
    for place, hit, plan in sorted(told, key=itemgetter(0)):
        _send(origins[place], made[place].payment, hit, plan, out)


def _send(
    record: Record, payment: Payment, hit: set[str], plan: Plan, out: Outbox
) -> None:
    at = microseconds(payment.occurred_at)
    for topic, identity, slots in (
        (CUSTOMER_ACTIVITY, payment.customer_id, plan.customer),
        (TERMINAL_ACTIVITY, payment.terminal_id, plan.terminal),
    ):
        events: dict[str, list[Event]] = {}
        for one in slots:
            if one.slot in hit and (event := one.event(payment, at)):
                events[one.slot] = [event]
        if events:
            value = encode(Remembered(identity, events))
            out.send(topic.name, identity.encode(), value, record)

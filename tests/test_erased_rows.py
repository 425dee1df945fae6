"""An erased customer's row: no order of records in the log brings back what it held."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from agents.behaviours import learn
from agents.customers import profile
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.events.activities import CustomerActivity
from app.events.aggregates import Aggregate, Declared, Event, Ready, Remembered
from app.events.erasures import Erased
from app.events.labels import Label
from app.events.payments import Payment
from app.features.aggregates import Memory, hashed, slot_of
from app.features.clock import microseconds
from app.features.customers import CustomerRow
from app.features.declarations import Declarations
from app.sketches.behaviour import BehaviourRow, Swept
from tests.scoring.builders import NOON, a_payment

COUNT = Aggregate(name="n", entity="customer", aggregate="count", window="31d")
DECLARED = Declared(1, [COUNT])
SLOT = slot_of(COUNT)
ERASED = Erased("c-1", NOON)


def bought(number: int, **fields: Any) -> Payment:
    at = NOON + timedelta(minutes=number)
    return a_payment(id=f"tx-{number}", occurred_at=at, **fields)


def told_again(*payments: Payment) -> Remembered:
    """Build what a backfill, or a decision, says of payments."""
    return Remembered(payments[0].customer_id, {SLOT: [*map(event_of, payments)]})


def event_of(payment: Payment) -> Event:
    return microseconds(payment.occurred_at), hashed(payment.id), 0, payment.amount


def worked_off(log: Sequence[CustomerActivity]) -> Partition[CustomerRow]:
    """Work a partition's log off, a record a batch; return what customers' rows are.

    Whoever has no row there has none of behaviours either.
    """
    rows = {0: Partition(CustomerRow, Declarations)}
    behaviours = {0: Partition(BehaviourRow, Swept)}
    out: Any = SimpleNamespace(send=lambda *_: None, rejected=0)
    for offset, event in enumerate(log):
        value = msgspec.json.encode(event)
        record: Any = SimpleNamespace(
            topic="customer-activity",
            partition=0,
            offset=offset,
            key=None,
            value=value,
            timestamp=0,
        )
        profile([record], cast("Outbox", out), rows)
        learn([record], cast("Outbox", out), behaviours)

    assert {*behaviours[0].known_keys()} <= {*rows[0].known_keys()}
    return rows[0]


def remembered(rows: Partition[CustomerRow], customer: str = "c-1") -> set[int]:
    """Return which payments count for the aggregate in a customer's row."""
    row = rows.read(customer.encode())
    memory: Memory = (row and row.memory) or {}
    return set(memory[SLOT].ids) if SLOT in memory else set()


def ids(*payments: Payment) -> set[int]:
    return {hashed(one.id) for one in payments}


BEFORE = [bought(1), bought(2)]
WAITING: list[CustomerActivity] = [
    told_again(BEFORE[0]),
    told_again(BEFORE[1]),
    Ready([COUNT]),
    ERASED,
]


def test_wherever_an_erasure_meets_a_backfill_there_is_no_row_afterwards():
    for order in itertools.permutations(WAITING):
        rows = worked_off([*BEFORE, DECLARED, *order])

        assert rows.read(b"c-1") is None


def test_a_row_that_began_anew_remembers_what_it_knows_itself():
    new = bought(9)
    for order in itertools.permutations([*WAITING, new]):
        rows = worked_off([*BEFORE, DECLARED, *order])

        paid_before = order.index(new) < order.index(ERASED)
        assert remembered(rows) == (set() if paid_before else ids(new))


def test_a_backfill_by_a_sender_that_slept_through_all_of_it_finds_nobody():
    old, new = told_again(*BEFORE), bought(9)

    rows = worked_off(
        [*BEFORE, DECLARED, old, Ready([COUNT]), ERASED, old, new, old, Ready([COUNT])]
    )

    assert remembered(rows) == ids(new)


def test_an_outcome_or_a_label_that_comes_back_after_the_erasure_makes_no_row():
    (one, _) = BEFORE
    label = Label(
        transaction_id=one.id,
        customer_id="c-1",
        terminal_id="t-1",
        occurred_at=one.occurred_at,
        labelled_at=NOON + timedelta(days=7),
        fraud=True,
    )

    rows = worked_off([*BEFORE, DECLARED, ERASED, told_again(one), label])

    assert rows.read(b"c-1") is None


def test_everybody_else_is_told_all_of_it():
    others = [bought(n, customer_id="c-2") for n in range(3, 6)]

    rows = worked_off([*BEFORE, *others, DECLARED, ERASED, told_again(*others)])

    assert remembered(rows, "c-2") == ids(*others)

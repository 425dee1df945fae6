"""Aggregates in a partition's log: the same state and numbers however it is cut."""

import random
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from agents.aggregating import Rows, Watch, feed_back
from app.engine.engine import Outbox
from app.engine.tables import SHARED, Partition
from app.events.aggregates import Aggregate, Declared, Ready, Remembered
from app.events.decisions import Decision, Outcome, Timings, Versions
from app.events.payments import Payment
from app.features.aggregates import hashed, slot_of
from app.features.clock import microseconds
from app.features.customers import CustomerRow
from app.features.declarations import Declarations
from app.rules.aggregates import Plan
from tests.scoring.builders import NOON, a_payment

ONLINE = Aggregate(
    name="online",
    entity="customer",
    aggregate="count",
    window="1h",
    condition="channel = 'online'",
)
SPENT = Aggregate(
    name="spent", entity="customer", aggregate="sum", field="amount", window="7d"
)
DECLINED = Aggregate(
    name="declined",
    entity="customer",
    aggregate="count",
    window="1h",
    condition="outcome = 'decline'",
)
Event = Payment | Declared | Remembered | Ready


def online(number: int, *, customer: str = "c-1") -> Payment:
    at = NOON + timedelta(minutes=number)
    name = f"tx-{number}"
    return a_payment(id=name, occurred_at=at, customer_id=customer, channel="online")


def a_log(seed: int) -> list[Event]:
    """Build a partition's log: payments, and in it declarations and a backfill."""
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    paid = [online(n, customer=chance.choice(["c-1", "c-2"])) for n in range(120)]
    early = [p for p in paid[:60] if p.customer_id == "c-1"]
    told = {slot_of(ONLINE): [_event(p) for p in early]}
    log: list[Event] = list(paid)
    log[100:100] = [Declared(3, [SPENT])]
    log[90:90] = [Declared(1, [ONLINE])]  # by one that was frozen: outdated
    log[80:80] = [Remembered("c-1", told), Ready([ONLINE])]
    log[40:40] = [Declared(2, [ONLINE, SPENT]), Ready([SPENT])]
    return log


def _event(payment: Payment) -> tuple[int, int, int, int]:
    return microseconds(payment.occurred_at), hashed(payment.id), 0, payment.amount


def worked_off(log: Sequence[Event], cuts: Sequence[int]) -> tuple[Any, Any]:
    """Work a log off in batches; return what was told, and the rows' bytes."""
    rows: Rows = {0: Partition(CustomerRow, Declarations)}
    told = {}
    for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        batch = log[start:end]
        payments = [one if isinstance(one, Payment) else None for one in batch]
        watch = Watch(rows, "customer", lambda payments=payments: payments)  # type: ignore[misc]
        for place, event in enumerate(batch):
            if isinstance(event, Payment):
                row = rows[0].touch(event.customer_id.encode())
                told[event.id] = watch.profile(place, 0, row, event)
                row.profile(event)
            else:
                watch.learn(event, 0)
    return told, dict(rows[0])


@pytest.mark.parametrize("seed", range(5))
def test_wherever_a_log_is_cut_into_batches_numbers_and_rows_are_the_same(seed: int):
    log = a_log(seed)
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    expected = worked_off(log, [])

    for _ in range(5):
        cuts = sorted(chance.sample(range(1, len(log)), chance.randint(1, 30)))

        assert worked_off(log, cuts) == expected
    assert worked_off(log, range(1, len(log))) == expected


def test_a_number_is_unknown_until_it_is_whole_and_right_from_then_on():
    log = a_log(1)

    told, rows = worked_off(log, [])

    mine = [p for p in log if isinstance(p, Payment) and p.customer_id == "c-1"]
    numbers = [int(p.id.removeprefix("tx-")) for p in mine]
    assert told["tx-39"] == {}
    assert told["tx-40"] == {"online": None, "spent": 42.0}
    assert told["tx-79"]["online"] is None
    for number in numbers:
        if 80 <= number < 100:
            count = sum(number - 60 < other <= number for other in numbers)
            assert told[f"tx-{number}"]["online"] == count
    assert told["tx-110"].keys() == {"spent"}
    kept = CustomerRow.decode(rows[b"c-1"]).memory
    assert kept is not None
    assert kept.keys() == {slot_of(SPENT)}
    assert Declarations.decode(rows[SHARED]).revision == 3


def test_a_partition_without_a_declaration_does_nothing_at_all():
    told, rows = worked_off([online(n) for n in range(5)], [2])

    assert set(map(str, told.values())) == {"{}"}
    assert SHARED not in rows
    assert CustomerRow.decode(rows[b"c-1"]).memory is None


Sent = list[tuple[str, bytes, bytes, Any]]


def fed_back(*decided: tuple[Plan | None, Outcome]) -> Sent:
    """Return what goes back up of payments, decided by a partition's plan each."""
    sent: Sent = []
    out = cast("Outbox", SimpleNamespace(send=lambda *what: sent.append(what)))
    when = Timings(NOON, NOON, NOON)
    made = [
        Decision(f"tx-{n}", outcome, 0.0, [], {}, Versions("r", "f"), when, online(n))
        for n, (_, outcome) in enumerate(decided)
    ]
    records: list[Any] = list(range(len(decided)))
    feed_back(records, made, [plan for plan, _ in decided], out)
    return sent


def planned(*aggregates: Aggregate) -> Plan | None:
    rows: Rows = {0: Partition(CustomerRow, Declarations)}
    rows[0].shared(learn=True).declare(Declared(1, [*aggregates]))
    return Watch(rows, "customer", list).plan(0)


def test_only_outcomes_that_are_asked_for_go_back_up():
    plan = planned(ONLINE, DECLINED)

    (only,) = fed_back((plan, "approve"), (plan, "decline"), (None, "decline"))

    assert only[:2] == ("customer-activity", b"c-1")
    back = msgspec.json.decode(only[2], type=Remembered)
    assert back.slots == {slot_of(DECLINED): [_event(online(1))]}


def test_what_goes_back_up_keeps_its_order_while_partitions_change_their_plans():
    before, after = planned(DECLINED), planned(DECLINED, SPENT)

    sent = fed_back(*((one, "decline") for one in (after, before, after, before)))

    assert [record for *_, record in sent] == [0, 1, 2, 3]

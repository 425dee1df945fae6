"""Aggregates against what a few lines of Python count by brute force."""

import random
from array import array
from collections.abc import Callable
from datetime import timedelta
from statistics import pstdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.events.aggregates import Aggregate
from app.events.payments import Card, Payment
from app.features.aggregates import (
    MOST_EVENTS,
    Kept,
    Memory,
    decode_memory,
    encode_memory,
    profile,
    window,
)
from app.features.clock import DAY, HOUR, microseconds
from app.rules.aggregates import counts, make_ready
from app.scoring.aggregated import Past
from tests.scoring.builders import NOON, a_payment

CONDITIONS: dict[str | None, Callable[[Payment, str, float], bool]] = {
    None: lambda *_: True,
    "channel = 'online'": lambda p, *_: p.channel == "online",
    "amount >= 50 AND country IN ('DE', 'FR')": lambda p, *_: (
        p.amount >= 5_000 and p.country in {"DE", "FR"}
    ),
    "is_night = 1 OR merchant_category IS NULL": lambda p, *_: (
        p.occurred_at.hour <= 6 or p.merchant_category is None
    ),
    "outcome = 'decline'": lambda _, outcome, __: outcome == "decline",
    "score > 40 AND channel = 'online'": lambda p, _, score: (
        score > 40 and p.channel == "online"
    ),
}
SHARED: dict[str, Callable[[Payment], Any]] = {
    "customer": lambda p: p.customer_id,
    "terminal": lambda p: p.terminal_id,
    "customer_at_terminal": lambda p: (p.customer_id, p.terminal_id),
    "card": lambda p: (p.customer_id, p.card and p.card.token),
    "device": lambda p: (p.customer_id, p.device_id),
    "merchant": lambda p: (p.customer_id, p.merchant_id),
    "merchant_category": lambda p: (p.customer_id, p.merchant_category),
    "country": lambda p: (p.customer_id, p.country),
    "beneficiary": lambda p: (p.customer_id, p.beneficiary_id),
}


FUNCTIONS = ("count", "sum", "mean", "min", "max", "stddev", "distinct")


def an_aggregate(**fields: Any) -> Aggregate:
    """Build a count of a customer's payments of an hour, but for the fields named."""
    valid: dict[str, Any] = {
        "name": "n",
        "entity": "customer",
        "aggregate": "count",
        "window": "1h",
    }
    return Aggregate(**(valid | fields))


@st.composite
def aggregates(draw: st.DrawFn) -> Aggregate:
    """Draw an aggregate."""
    function = draw(st.sampled_from(FUNCTIONS))
    field = None if function == "count" else "amount"
    if function == "distinct":
        field = draw(st.sampled_from(["country", "terminal_id", "card", "device_id"]))
    return an_aggregate(
        entity=draw(st.sampled_from(sorted(SHARED))),
        aggregate=function,
        field=field,
        window=draw(st.sampled_from(["30m", "1h", "36h", "7d"])),
        condition=draw(st.sampled_from(list(CONDITIONS))),
        itself=draw(st.booleans()),
    )


@st.composite
def payments(draw: st.DrawFn) -> list[Payment]:
    """Draw payments in the order of event time, some at the same moment."""
    minutes = draw(st.lists(st.integers(0, 60 * 24 * 9), min_size=1, max_size=60))
    some = st.sampled_from
    return [
        a_payment(
            id=f"tx-{place}",
            occurred_at=NOON + timedelta(minutes=minute),
            customer_id=draw(some("ab")),
            terminal_id=draw(some("xy")),
            amount=draw(some([100, 5_000, 70_001])),
            channel=draw(some(["online", "pos"])),
            country=draw(some(["DE", "FR", "US", None])),
            merchant_category=draw(some(["5411", None])),
            device_id=draw(some(["d1", "d2", None])),
            card=draw(some([Card("k1:one", "1111"), Card("k1:two", "2222"), None])),
        )
        for place, minute in enumerate(sorted(minutes))
    ]


def by_hand(  # noqa: PLR0911 - a line a function
    one: Aggregate,
    past: list[tuple[Payment, str, float]],
    payment: tuple[Payment, str, float],
) -> float | None:
    """Count an aggregate of a payment by brute force."""
    condition, key = CONDITIONS[one.condition], SHARED[one.entity]
    here = microseconds(payment[0].occurred_at)
    mine = key(payment[0])
    if mine is None or (isinstance(mine, tuple) and mine[1] is None):
        return None
    decided = one.condition and ("outcome" in one.condition or "score" in one.condition)
    looked_at = [*past, payment] if one.itself and not decided else past
    found = [
        p
        for p, outcome, score in looked_at
        if condition(p, outcome, score)
        and key(p) == mine
        and here - window(one) < microseconds(p.occurred_at) <= here
    ]
    if one.aggregate == "count":
        return float(len(found))
    if one.aggregate == "distinct":
        facts = [
            (p.card and p.card.token)
            if one.field == "card"
            else getattr(p, str(one.field))
            for p in found
        ]
        return float(len({fact for fact in facts if fact is not None}))
    amounts = [p.amount / 100 for p in found]
    if one.aggregate == "sum":
        return sum(amounts)
    if not amounts:
        return None
    if one.aggregate == "mean":
        return sum(amounts) / len(amounts)
    if one.aggregate == "stddev":
        return pstdev(amounts)
    return min(amounts) if one.aggregate == "min" else max(amounts)


@given(declared=st.lists(aggregates(), min_size=1, max_size=4), made=payments())
@settings(max_examples=150)
def test_every_aggregate_is_what_brute_force_counts(
    declared: list[Aggregate], made: list[Payment]
):
    declared = [replace(one, name=f"n{place}") for place, one in enumerate(declared)]
    outcomes = ["decline" if p.amount > 5_000 else "approve" for p in made]
    scores = [p.amount / 1_000 for p in made]
    decided = list(zip(made, outcomes, scores, strict=True))

    told = Past(declared).told(made, outcomes=outcomes, scores=scores)

    for place, values in enumerate(told):
        for one in declared:
            expected = by_hand(one, decided[:place], decided[place])
            assert values[one.name] == pytest.approx(expected, abs=1e-6)


@given(one=aggregates(), made=payments(), seed=st.integers(0, 1 << 20))
@settings(max_examples=100)
def test_payments_20_hours_late_restarts_and_repeats_change_no_number(
    one: Aggregate, made: list[Payment], seed: int
):
    plan = make_ready((one,))
    if plan.decided:
        return
    slots = [*plan.customer, *plan.terminal]
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    lateness = {p.id: chance.randrange(20 * HOUR) for p in made}
    arrived = sorted(made, key=lambda p: microseconds(p.occurred_at) + lateness[p.id])
    rows: dict[str, Memory] = {}
    owner = "terminal_id" if one.entity == "terminal" else "customer_id"

    for place, payment in enumerate(arrived):
        hits = counts([payment], slots, plan)[0]
        memory = rows.setdefault(getattr(payment, owner), {})
        told = profile(memory, payment, slots, hits)
        again = decode_memory(encode_memory(memory)) or {}
        for slot in hits:  # as a backfill would tell what is known already
            event = slots[0].event(payment, microseconds(payment.occurred_at))
            if event:
                again[slot].add(event, slots[0].horizon)
        assert encode_memory(again) == encode_memory(memory)
        rows[getattr(payment, owner)] = again

        past = [(p, "", 0.0) for p in arrived[:place]]
        expected = by_hand(one, past, (payment, "", 0.0))
        assert told[one.name] == pytest.approx(expected, abs=1e-6)


def test_of_too_many_payments_the_newest_are_kept():
    one = an_aggregate(window="31d")
    plan = make_ready((one,))
    memory: Memory = {}
    for number in range(MOST_EVENTS + 10):
        at = NOON + timedelta(seconds=number)
        payment = a_payment(id=f"tx-{number}", occurred_at=at)
        told = profile(memory, payment, plan.customer, [plan.customer[0].slot])

    assert told == {"n": MOST_EVENTS}
    assert len(encode_memory(memory)) == 12 + 32 * MOST_EVENTS


def test_aggregates_of_the_same_payments_share_what_is_kept():
    declared = (
        an_aggregate(name="count"),
        an_aggregate(name="sum", aggregate="sum", field="amount", window="7d"),
        an_aggregate(name="night", condition="is_night = 1"),
    )

    plan = make_ready(declared)

    assert [len(slot.readers) for slot in plan.customer] == [2, 1]
    assert plan.customer[0].horizon == 7 * DAY


class Scanned(array):  # type: ignore[type-arg]
    """A column that counts how often it is gone through to find something."""

    scans = 0

    def __contains__(self, what: object) -> bool:
        self.scans += 1
        return super().__contains__(what)

    def index(self, *what: Any) -> int:
        self.scans += 1
        return super().index(*what)


def test_a_card_is_renamed_in_one_pass_and_others_keep_their_names():
    kept = Kept()
    for at in range(MOST_EVENTS):
        kept.add((at, at, at % 5, at % 3), DAY)
    kept.groups = Scanned("q", kept.groups)

    kept.rename(1, 7, group=True)
    kept.rename(1, 8, group=False)

    assert kept.groups.scans == 1
    assert kept.groups.tolist() == [0, 7, 2, 3, 4] * (MOST_EVENTS // 5)
    assert kept.values.tolist() == ([0, 8, 2] * MOST_EVENTS)[:MOST_EVENTS]

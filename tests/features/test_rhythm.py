"""How a payment fits its customer's hours, pace and payees, beside a plain scan."""

from array import array
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.events.payments import Payment
from app.features.catalogue import PROFILE
from app.features.clock import microseconds
from app.features.customers import CustomerRow
from app.features.rhythm import Rhythm
from tests.features.builders import labelled, paid

NAMES = [feature.name for feature in PROFILE]
RHYTHM = (
    "customer_hour_share_30d",
    "gap_to_customer_mean",
    "days_since_same_payment",
    "same_payment_gap_ratio",
)
Told = tuple[float | None, ...]


def told(row: CustomerRow, payment: Payment) -> Told:
    """Return what the rhythm says of a payment, which the row then learns."""
    features = dict(zip(NAMES, row.profile(payment), strict=True))
    return tuple(features[name] for name in RHYTHM)


def a_row(*payments: Payment) -> CustomerRow:
    row = CustomerRow()
    for payment in payments:
        row.profile(payment)
    return row


def at(day: int, hour: float, amount: int = 1_000, **fields: Any) -> Payment:
    return replace(paid(day + hour / 24, amount), **fields)


def test_hours_near_the_usual_ones_are_told_from_others():
    row = a_row(*(at(day, hour) for day in range(3) for hour in (8.5, 9.5, 18.5)))

    shares = [told(row, at(day, hour))[0] for day, hour in ((4, 9), (5, 3.2), (6, 19))]

    assert shares == [6 / 9, 0.0, 3 / 11]


def test_an_hour_before_midnight_is_beside_one_after_it():
    row = a_row(*(at(day, 23.9) for day in range(5)))

    assert told(row, at(6, 0.1))[0] == 1.0


def test_a_pause_is_held_against_the_usual_time_between_payments():
    row = a_row(*(at(day, 12) for day in range(4)))
    few = told(row, at(4, 12))

    assert few[:2] == (None, None)
    assert told(row, at(4, 18))[:2] == (0.0, 0.25)
    assert told(row, at(10, 18))[1] == pytest.approx(6.0 * 5 / 4.25)


def test_a_standing_order_comes_like_clockwork_and_another_amount_is_none():
    row = a_row(
        at(0, 9, 5_000, merchant_id="gym"),
        at(7, 9, 5_000, merchant_id="gym"),
        at(10, 9, 900, merchant_id="gym"),
        at(11, 9, 5_000, merchant_id="shop"),
    )

    assert told(row, at(14, 9, 5_000, merchant_id="gym"))[2:] == (7.0, 1.0)
    assert told(row, at(16, 9, 5_000, merchant_id="gym"))[2:] == (2.0, 2 / 7)
    assert told(row, at(17, 9, 9_000, merchant_id="gym"))[2:] == (None, None)
    assert told(row, at(18, 9, 5_000, merchant_id="shop"))[2:] == (7.0, None)


def test_the_payee_is_the_beneficiary_else_the_merchant_else_the_terminal():
    row = a_row(
        at(0, 9, beneficiary_id="b", merchant_id="m"),
        at(1, 9, merchant_id="m"),
        at(2, 9),
    )

    days = [
        told(row, payment)[2]
        for payment in (
            at(3, 9, beneficiary_id="b", merchant_id="n"),
            at(4, 9, merchant_id="m", terminal_id="t-9"),
            at(5, 9),
        )
    ]

    assert days == [3.0, 3.0, 3.0]


def test_frauds_at_this_terminal_are_not_elsewhere():
    here, there = paid(0), replace(paid(1), terminal_id="t-2")
    row = a_row(here, there)
    row.label(labelled(here))
    row.label(labelled(there))
    row = CustomerRow.decode(row.encode())

    features = dict(zip(NAMES, row.profile(paid(9)), strict=True))

    assert features["customer_frauds_30d"] == 2.0
    assert features["customer_frauds_elsewhere_30d"] == 1.0


# --- against a plain scan of all payments


def scanned(payment: Payment, before: list[Payment]) -> Told:
    """Return the same by the words of the catalogue, from all payments before."""
    moment = payment.occurred_at
    recent = sorted(
        (one for one in before if one.occurred_at > moment - timedelta(days=30)),
        key=lambda one: one.occurred_at,
    )
    share = gap = days = ratio = None
    if len(recent) >= 5:
        near = {(moment.hour + step) % 24 for step in (-1, 0, 1)}
        share = sum(one.occurred_at.hour in near for one in recent) / len(recent)
        span = recent[-1].occurred_at - recent[0].occurred_at
        gap = (moment - recent[-1].occurred_at) / (span / (len(recent) - 1))
    same = [
        one.occurred_at
        for one in recent
        if (one.merchant_id, one.amount) == (payment.merchant_id, payment.amount)
    ]
    if same:
        days = (moment - same[-1]) / timedelta(days=1)
    if len(same) > 1:
        ratio = (moment - same[-1]) / (same[-1] - same[-2])
    return share, gap, days, ratio


payments = st.lists(
    st.tuples(
        st.integers(0, 24 * 60) | st.integers(900, 940),  # hours
        st.sampled_from([1_000, 9_000]),
        st.sampled_from("abc"),
        st.integers(0, 20),  # hours late
    ),
    min_size=1,
    max_size=80,
    unique_by=lambda one: one[0],
)


@given(drawn=payments, saved=st.sets(st.integers(0, 80)))
@example(drawn=[(9 * n, 1_000, "a", 0) for n in range(160)], saved={40})
@example(drawn=[(9 * n, 1_000, "a", 20 * (n % 9 == 5)) for n in range(99)], saved=set())
@settings(max_examples=80)
def test_late_payments_and_restarts_change_nothing_of_what_a_plain_scan_finds(
    drawn: list[tuple[int, int, str, int]], saved: set[int]
):
    row = CustomerRow()
    seen: list[Payment] = []
    for place, (hour, amount, merchant, _) in enumerate(
        sorted(drawn, key=lambda one: one[0] + one[3])
    ):
        payment = at(0, hour, amount, merchant_id=merchant)
        if place in saved:
            row = CustomerRow.decode(row.encode())
        before = [one for one in seen if one.occurred_at <= payment.occurred_at]

        assert told(row, payment) == pytest.approx(scanned(payment, before))

        seen.append(payment)
    other = a_row(*sorted(seen, key=lambda one: one.occurred_at))
    assert other.encode() == row.encode()


def test_a_hash_found_across_two_others_is_not_taken_for_one():
    payment = paid(5)
    moments = [microseconds(paid(day).occurred_at) for day in (0, 1, 2, 5)]
    known = Rhythm()
    known.profile(payment, moments[-1], array("q"), 0, 0)
    key = bytes(known.keys)
    across = Rhythm((key[2:] + key[:2]) * 3)

    found = across.profile(payment, moments[-1], array("q", moments[:3]), 0, 3)

    assert across.keys.count(key) > 1
    assert found == (None,) * 4

"""What a customer's row knows, checked by hand and by invariants."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.events.payments import Card, Payment, Place
from app.features.catalogue import PROFILE
from app.features.customers import CustomerRow
from tests.features.builders import labelled, paid

NAMES = [feature.name for feature in PROFILE]


def told(row: CustomerRow, payment: Payment) -> dict[str, float | None]:
    return dict(zip(NAMES, row.profile(payment), strict=True))


def a_row(*payments: Payment) -> CustomerRow:
    row = CustomerRow()
    for payment in payments:
        row.profile(payment)
    return row


HABIT = [paid(day) for day in range(5)]


def test_the_usual_amount_is_the_mean_of_payments_a_week_old():
    row = a_row(*HABIT, paid(5, 9_000))

    early = told(row, paid(10.9, 3_000))
    later = told(row, paid(12, 3_000))

    assert early["amount_to_customer_usual"] is None
    assert later["amount_to_customer_usual"] == 3_000 * 6 / 14_000


def test_a_fraud_leaves_the_usual_amount_when_its_label_is_due():
    theft = paid(6, 9_000)
    row = a_row(*HABIT, theft)
    row.label(labelled(theft))

    before, after = told(row, paid(12.9, 3_000)), told(row, paid(13, 3_000))

    assert before["amount_to_customer_usual"] == after["amount_to_customer_usual"] == 3
    assert (before["customer_frauds_30d"], after["customer_frauds_30d"]) == (0, 1)


def test_the_usual_amount_outlives_the_payments_it_was_learnt_from():
    theft = paid(3.5, 90_000)
    row = a_row(*HABIT, theft)
    row.label(labelled(theft))
    row.profile(paid(90))

    actual = told(CustomerRow.decode(row.encode()), paid(100, 2_500))

    assert actual["amount_to_customer_usual"] == 2.5


def test_excess_adds_up_what_was_above_one_and_a_half_times_the_usual():
    row = a_row(*HABIT, paid(20, 2_000), paid(24, 100_000), paid(24.5, 1_500))

    actual = told(row, paid(24.9, 1_000))

    assert actual["customer_excess_1d"] == 4.0
    assert actual["customer_excess_7d"] == 4.5


def by_card(payment: Payment, token: str, was: str | None = None) -> Payment:
    return replace(payment, card=Card(token, "1234", was))


def test_a_card_is_known_by_its_own_frauds_not_by_those_of_another_of_its_customer():
    stolen, other = by_card(paid(1), "stolen"), by_card(paid(2), "other")
    row = a_row(stolen, other, paid(3))
    for one in (stolen, other, paid(3)):
        row.label(labelled(one))
    row = CustomerRow.decode(row.encode())

    asked = [by_card(paid(day), "stolen") for day in (7.9, 8, 30.9, 31)]
    known = [told(row, payment)["card_frauds_30d"] for payment in asked]

    assert known == [0, 1, 1, 0]
    assert told(row, by_card(paid(9), "new"))["card_frauds_30d"] == 0
    assert told(row, paid(9))["card_frauds_30d"] is None
    assert told(row, paid(12))["customer_frauds_30d"] == 3


def test_a_payment_that_comes_late_keeps_its_own_card():
    late = by_card(paid(1), "stolen")
    row = a_row(by_card(paid(2), "other"), late)
    row.label(labelled(late))

    known = [
        told(row, by_card(paid(9 + place), token))["card_frauds_30d"]
        for place, token in enumerate(("stolen", "other"))
    ]

    assert known == [1, 0]


def test_a_card_of_a_new_name_keeps_its_frauds_and_those_that_become_known_later():
    early, late = by_card(paid(1), "old"), by_card(paid(2), "old")
    row = a_row(early, late, by_card(paid(3), "other"))
    row.label(labelled(early))

    first = told(row, by_card(paid(8), "new", was="old"))
    row = CustomerRow.decode(row.encode())
    row.label(labelled(late))
    second = told(row, by_card(paid(9), "new"))

    assert (first["card_frauds_30d"], second["card_frauds_30d"]) == (1, 2)


def test_a_payment_past_the_horizon_is_known_no_more_restored_or_not():
    old, again = paid(0, name="old"), paid(32.5, name="old")
    row = a_row(old, paid(32))
    restored = CustomerRow.decode(row.encode())

    known = [one.seen("old") for one in (row, restored)]
    for one in (row, restored):
        one.profile(again)

    assert known == [False, False]
    assert row.seen("old")
    assert row.encode() == restored.encode()


def test_an_all_clear_takes_a_label_back_and_a_repeated_label_changes_nothing():
    row = a_row(*HABIT)
    before = row.encode()

    changes = [
        row.label(labelled(HABIT[2])),
        row.label(labelled(HABIT[2])),
        row.label(labelled(HABIT[2], fraud=False)),
    ]

    assert changes == [True, False, True]
    assert row.encode() == before


def test_a_label_of_an_unknown_payment_is_ignored():
    assert not a_row(*HABIT).label(labelled(paid(1.5)))


@pytest.mark.parametrize(
    ("before", "after", "km"),
    [
        (Place(0, 0), Place(0, 1), 111.195),
        (Place(0, 179.5), Place(0, -179.5), 111.195),  # over the antimeridian
        (Place(-33.87, 151.21), Place(-37.81, 144.96), 713.4),  # Sydney, Melbourne
        (Place(-34.6, -58.38), Place(-33.45, -70.67), 1_139.1),  # over the Andes
    ],
)
def test_a_journey_is_as_fast_as_it_is_far_in_a_second_at_the_least(
    before: Place, after: Place, km: float
):
    first, later = replace(paid(0), place=before), paid(1 / 24, name="later")
    at_once = replace(paid(0, name="at once"), place=after)

    an_hour = told(a_row(first), replace(later, place=after))
    no_time = told(a_row(first), at_once)

    assert an_hour["km_since_last_payment"] == pytest.approx(km, rel=1e-3)
    assert an_hour["kmh_since_last_payment"] == pytest.approx(km, rel=1e-3)
    assert no_time["kmh_since_last_payment"] == pytest.approx(3_600 * km, rel=1e-3)


def test_who_pays_twice_at_one_place_and_moment_has_not_moved():
    here = Place(-33.87, 151.21)
    again = replace(paid(0, name="again"), place=here)

    actual = told(a_row(replace(paid(0), place=here)), again)

    assert actual["kmh_since_last_payment"] == 0


events = st.lists(
    st.tuples(
        st.integers(0, 60 * 24), st.sampled_from([500, 1_000, 9_000]), st.booleans()
    ),
    min_size=1,
    max_size=80,
    unique_by=lambda event: event[0],
)


@given(events=events, saved=st.sets(st.integers(0, 80)))
@settings(max_examples=60)
def test_neither_an_early_label_nor_a_restart_changes_a_feature(
    events: list[tuple[int, int, bool]], saved: set[int]
):
    plain, other = CustomerRow(), CustomerRow()
    waiting: list[Payment] = []
    for place, (hour, amount, fraud) in enumerate(sorted(events)):
        payment = by_card(paid(hour / 24, amount), f"card-{hour % 2}")
        while waiting and (payment.occurred_at - waiting[0].occurred_at).days >= 7:
            plain.label(labelled(waiting.pop(0)))
        if place in saved:
            other = CustomerRow.decode(other.encode())

        assert plain.profile(payment) == other.profile(payment)

        if fraud:
            waiting.append(payment)
            other.label(labelled(payment))


@pytest.mark.parametrize("seed", range(12))
def test_a_restart_changes_nothing_however_late_payments_come(seed: int):
    chance = Random(seed)  # noqa: S311 - no secret is made
    plain, other = CustomerRow(), CustomerRow()
    before: list[Payment] = []
    for n in range(240):
        late = chance.choice([0, 0, 0, 0.3, 2, 6, 12, 35])
        amount = chance.choice([500, 1_000, 9_000])
        payment = by_card(paid(n / 4 - late, amount, name=f"tx-{n}"), "card")
        if chance.random() < 0.2:
            other = CustomerRow.decode(other.encode())
        asked = chance.choice(before or [payment])

        assert plain.seen(asked.id) == other.seen(asked.id)
        assert told(plain, payment) == told(other, payment)
        if before and chance.random() < 0.2:
            label = labelled(asked, fraud=chance.random() < 0.8)
            assert plain.label(label) == other.label(label)
        assert plain.encode() == other.encode()
        before.append(payment)

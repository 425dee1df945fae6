"""What a terminal's row knows, checked by hand and by invariants."""

from array import array
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.payments import Payment
from app.features import terminals
from app.features.catalogue import TERMINAL_FEATURES
from app.features.clock import microseconds
from app.features.terminals import TerminalRow
from tests.features.builders import labelled, paid

NAMES = [feature.name for feature in TERMINAL_FEATURES]
RUN = ("terminal_run_frauds", "terminal_days_of_run", "terminal_days_since_honest")


def told(row: TerminalRow, payment: Payment) -> dict[str, float | None]:
    return dict(zip(NAMES, row.profile(payment), strict=True))


def a_row(*days: float, frauds: tuple[float, ...] = ()) -> TerminalRow:
    row = TerminalRow()
    for day in days:
        row.profile(paid(day))
    for day in frauds:
        row.label(labelled(paid(day)))
    return row


def run_at(row: TerminalRow, day: float) -> tuple[float | None, ...]:
    features = told(row, paid(day))
    return tuple(features[name] for name in RUN)


def test_frauds_since_the_last_honest_payment_are_a_run():
    row = a_row(0.5, 1.5, 3.5, 4.5, 5.5, frauds=(3.5, 4.5))

    assert run_at(row, 10.4) == (0.0, None, None)
    assert run_at(row, 10.9) == (1.0, 7.0, 9.0)
    assert run_at(row, 12.4) == (2.0, 9.0, 11.0)
    assert run_at(row, 12.5) == (0.0, None, None)


def test_an_outlying_amount_explains_a_fraud_and_leaves_the_run_to_the_others():
    row = a_row(0.5, 1.5)
    row.profile(paid(2.5, 9_000), 9.0)
    row.label(labelled(paid(1.5)))
    row.label(labelled(paid(2.5)))

    assert run_at(row, 9.6) == (1.0, 8.0, 9.0)

    row.label(labelled(paid(1.5), fraud=False))

    assert run_at(row, 9.7) == (0.0, None, None)


def test_days_since_known_count_from_the_newest_payment_a_week_old():
    row = a_row(0.5, 3.5)

    features = [told(row, paid(day)) for day in (7.4, 7.5, 10.6, 45.0)]

    name = "terminal_days_since_known"
    assert [each[name] for each in features] == [None, 7.0, 7.0, 35.0]


VICTIMS = ("terminal_victims_7d", "terminal_victim_share_30d")


def test_payments_by_who_was_defrauded_elsewhere_gather_at_a_terminal():
    row = a_row(0.5, 1.5, 2.5, 3.5)
    row.profile(paid(4.5), elsewhere=1.0)
    row.profile(paid(5.5), elsewhere=2.0)

    actual = []
    for day in (11.4, 11.5, 12.6, 18.6, 41.6, 60.0):
        row = TerminalRow.decode(row.encode())
        features = told(row, paid(day))
        actual.append(tuple(features[name] for name in VICTIMS))

    assert actual == [
        (0, 0),
        (1, 1 / 5),
        (2, 2 / 6),
        (1, 2 / 8),
        (0, 1 / 5),
        (0, 0),
    ]


@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 60 * 24), st.integers(0, 20), st.booleans()),
        max_size=80,
    )
)
@settings(max_examples=60)
def test_late_payments_find_the_victims_that_a_plain_scan_finds(
    drawn: list[tuple[int, int, bool]],
):
    row, seen = TerminalRow(), list[tuple[int, bool]]()
    for hour, _, victim in sorted(drawn, key=lambda one: one[0] + one[1]):
        due = hour - 7 * 24
        month = [one for one in seen if due - 30 * 24 < one[0] <= due]
        count = sum(bad for _, bad in month)
        week = sum(bad for at, bad in month if at > due - 7 * 24)

        features = dict(
            zip(NAMES, row.profile(paid(hour / 24), elsewhere=victim), strict=True)
        )

        assert features[VICTIMS[0]] == week
        assert features[VICTIMS[1]] == (count / len(month) if month else 0)
        seen.append((hour, victim))
    other = TerminalRow()
    for hour, victim in sorted(seen):
        other.profile(paid(hour / 24), elsewhere=victim)
    assert other.encode() == row.encode()


events = st.lists(
    st.tuples(st.integers(0, 60 * 24), st.booleans(), st.sampled_from([None, 1.0, 3])),
    min_size=1,
    max_size=80,
    unique_by=lambda event: event[0],
)


@given(events=events, saved=st.sets(st.integers(0, 80)))
@settings(max_examples=60)
def test_neither_an_early_label_nor_a_restart_changes_a_feature(
    events: list[tuple[int, bool, float | None]], saved: set[int]
):
    plain, other = TerminalRow(), TerminalRow()
    waiting: list[Payment] = []
    for place, (hour, fraud, ratio) in enumerate(sorted(events, key=lambda e: e[0])):
        payment = paid(hour / 24)
        while waiting and (payment.occurred_at - waiting[0].occurred_at).days >= 7:
            plain.label(labelled(waiting.pop(0)))
        if place in saved:
            other = TerminalRow.decode(other.encode())

        assert plain.profile(payment, ratio) == other.profile(payment, ratio)

        if fraud:
            waiting.append(payment)
            other.label(labelled(payment))


def test_of_too_many_payments_victims_go_with_theirs(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(terminals, "MOST_PAYMENTS", 3)
    row = TerminalRow()
    for day in (1.0, 2.0, *[3.0] * 34):
        row.profile(paid(day), elsewhere=1.0)
    late = TerminalRow.decode(row.encode())

    actual = [
        tuple(told(one, paid(day))[name] for name in VICTIMS)
        for one in (row, late)
        for day in (9.5, 10.0)
    ]

    assert actual == [(0, 0), (34, 1), (0, 0), (34, 1)]


def test_a_row_that_was_kept_with_victims_of_forgotten_payments_is_read():
    first, last = (microseconds(paid(day).occurred_at) for day in (1.0, 3.0))
    kept = terminals.HEADER.pack(terminals.VERSION, 1, 0, 1, 0)
    row = TerminalRow.decode(kept + array("q", [last, first]).tobytes())

    features = told(row, paid(9.0))

    assert tuple(features[name] for name in VICTIMS) == (0, 0)


@pytest.mark.parametrize("seed", range(12))
def test_a_restart_changes_nothing_however_late_payments_come(seed: int):
    chance = Random(seed)  # noqa: S311 - no secret is made
    plain, other = TerminalRow(), TerminalRow()
    before: list[Payment] = []
    for n in range(300):
        late = chance.choice([0, 0, 0, 0.3, 2, 6, 12, 40])
        payment = paid(n / 3 - late, name=f"tx-{n}")
        ratio = chance.choice([None, 1.0, 5.0])
        elsewhere = chance.choice([0.0, 0.0, 1.0])
        if chance.random() < 0.2:
            other = TerminalRow.decode(other.encode())

        assert plain.profile(payment, ratio, elsewhere=elsewhere) == other.profile(
            payment, ratio, elsewhere=elsewhere
        )
        before.append(payment)
        if chance.random() < 0.3:
            label = labelled(chance.choice(before), fraud=chance.random() < 0.8)
            plain.label(label)
            other.label(label)
        assert plain.encode() == other.encode()


def test_a_label_of_a_payment_made_elsewhere_makes_no_share_above_one():
    row = a_row(0)
    for n in range(3):
        row.label(labelled(paid(0.1 * n, name=f"elsewhere-{n}")))

    assert told(row, paid(8))["terminal_risk_30d"] == 1

"""What a terminal's row knows, checked by hand and by invariants."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.payments import Payment
from app.features.catalogue import TERMINAL_FEATURES
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


events = st.lists(
    st.tuples(st.integers(0, 60 * 24), st.booleans(), st.sampled_from([None, 1.0, 3])),
    min_size=1,
    max_size=80,
    unique_by=lambda event: event[0],
)


@given(events=events, saved=st.sets(st.integers(0, 80)))
@settings(max_examples=60, deadline=None)
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

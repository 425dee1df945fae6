"""Habits: what a customer spends, when and how, by the newest payment's week."""

from app.profiles.habits import Share, Week, habits_of
from tests.profiles.builders import MONDAY, newest_first, paid


def test_nothing_spent_is_no_habit():
    assert habits_of([]) is None


def test_a_week_ends_at_the_newest_payment_and_the_usual_one_is_of_those_before():
    weekly = [(0, 2_000), (7, 1_000), (14, 3_000), (21, 9_000), (27.9, 500)]
    found = habits_of(newest_first(*(paid(*one) for one in weekly)))

    assert found is not None
    assert [week.amount for week in found.weeks] == [1_000, 3_000, 9_500]
    assert found.weeks[-1] == Week(weekly_end := paid(27.9).at, 2, 9_500)
    assert found.weeks[0].until < weekly_end
    assert found.usual_week == 2_000


def test_what_is_older_than_whole_weeks_counts_in_none():
    found = habits_of(newest_first(paid(0), paid(20)))

    assert found is not None
    assert [week.payments for week in found.weeks] == [0, 1]
    assert found.usual_week is None


def test_hours_and_weekdays_are_counted_in_utc():
    found = habits_of(newest_first(paid(0), paid(1), paid(1.5), paid(5)))

    assert found is not None
    assert (found.hours[10], found.hours[22], sum(found.hours)) == (3, 1, 4)
    assert found.weekdays == [1, 2, 0, 0, 0, 1, 0]
    assert found.since == MONDAY


def test_amounts_are_of_the_most_frequent_currency():
    dollars = paid(3, 99_900, currency="USD")
    found = habits_of(newest_first(paid(1, 100), paid(2, 300), paid(2.5, 200), dollars))

    assert found is not None
    assert (found.currency, found.payments, found.foreign) == ("EUR", 3, 1)
    assert (found.usual_payment, found.highest) == (200, 300)


def test_ways_are_shared_out_the_most_frequent_first():
    found = habits_of(
        newest_first(
            paid(1, 500, channel="online", merchant_id="M1", merchant_category="5411"),
            paid(2, 300, channel="online", merchant_id="M2"),
            paid(3, 100, terminal_id="t-9"),
        )
    )

    assert found is not None
    assert found.channels == [Share("online", 2, 800), Share("pos", 1, 100)]
    assert found.categories == [Share("5411", 1, 500)]
    assert [one.name for one in found.merchants] == ["M1", "M2", "t-9"]

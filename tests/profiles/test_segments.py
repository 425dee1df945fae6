"""Segments: each with the numbers that put somebody there."""

from typing import Any

import msgspec
import pytest

from app.profiles.past import Company
from app.profiles.segments import segments_of
from tests.profiles.builders import newest_first, paid

SOME: dict[str, Any] = {"merchant_id": "M"}


def monthly(count: int = 20, **fields: Any) -> list[Any]:
    """Build a payment each 1.5 days, each at another merchant."""
    return [paid(1.5 * n, **({"merchant_id": f"M{n}"} | fields)) for n in range(count)]


def named(*payments: Any) -> dict[str, str]:
    return {one.name: one.reason for one in segments_of(newest_first(*payments))}


def test_who_has_not_paid_is_in_none():
    assert segments_of([]) == []


def test_who_has_paid_a_few_times_is_new():
    assert named(paid(0), paid(1)) == {
        "new": "2 payments in 2 days; habits need 10 in 14 days"
    }


def test_who_has_paid_more_than_is_looked_at_is_not_new():
    found = segments_of(newest_first(paid(0), paid(1)), cut=True)

    assert [one.name for one in found] == ["ordinary"]


def test_who_does_nothing_in_particular_is_ordinary():
    assert named(*monthly()) == {
        "ordinary": "20 payments in 29 days, and no habit stands out"
    }


def test_a_traveller_has_paid_in_three_countries_and_that_is_private():
    away = [paid(28.6 + n / 10, country=c) for n, c in enumerate(("DE", "FR", "IT"))]
    found = segments_of(newest_first(*monthly(), *away))

    (traveller,) = [one for one in found if one.name == "traveller"]
    assert traveller.private
    assert traveller.reason == ("paid in 3 countries in 30 days, 3 make a traveller")


def test_who_moves_with_a_group_at_the_newest_payment_is_in_it_and_that_is_private():
    with_others = msgspec.structs.replace(paid(31), features=Company(7.0))
    found = segments_of(newest_first(*monthly(), with_others))
    after = segments_of(newest_first(*monthly(), paid(32), with_others))

    assert found[0].private
    assert (found[0].name, found[0].reason) == (
        "moves-with-others",
        "one of 7 customers that moved together in the day before the newest payment",
    )
    assert after[0].name != "moves-with-others"


def test_who_pays_abroad_without_going_there_does_not_travel():
    shops = [
        paid(28.6 + n / 10, country=c, channel="online")
        for n, c in enumerate(("DE", "FR", "IT"))
    ]

    assert "traveller" not in named(*monthly(), *shops)


def test_countries_of_another_month_make_no_traveller():
    away = [paid(-40 + n, country=c) for n, c in enumerate(("DE", "FR", "IT"))]

    assert "traveller" not in named(*monthly(), *away)


def test_who_comes_back_after_a_month_returns():
    told = named(*monthly(), paid(60))

    assert told["returning"] == (
        "paid again after 31 days without a payment, 30 are a pause"
    )


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("online-shopper", {"channel": "online"}, "online"),
        ("cash-user", {"channel": "atm"}, "at cash machines"),
        ("regular", {"merchant_id": "M"}, "at 3 merchants"),
    ],
)
def test_a_habit_is_a_share_of_the_months_payments(name, fields, words):
    told = named(*monthly(**fields))

    assert told[name].startswith(f"20 of 20 payments in 30 days {words}")


def test_nights_and_weekends_are_habits_too():
    nights = [paid(1.0 * n + 0.65, merchant_id=f"M{n}") for n in range(20)]
    weekends = [
        paid(7 * week + day + hour / 24, merchant_id=f"M{week}{day}{hour}")
        for week in range(4)
        for day in (5, 6)
        for hour in (0, 1)
    ]

    assert "night-owl" in named(*nights)
    assert "weekender" in named(*weekends)
    assert "night-owl" not in named(*weekends)

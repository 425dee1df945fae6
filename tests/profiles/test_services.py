"""Services: what could be offered, with the numbers behind it."""

from typing import Any

from app.events.payments import Place
from app.profiles.habits import habits_of
from app.profiles.past import Phone
from app.profiles.services import Service, services_of
from app.profiles.whereabouts import whereabouts_of
from tests.profiles.builders import newest_first, paid

VIENNA, ROME = Place(48.2, 16.37), Place(41.9, 12.5)


def offered(*payments: Any, phones: tuple[Phone, ...] = ()) -> dict[str, Service]:
    spent = newest_first(*payments)
    where = whereabouts_of(spent, phones=list(phones), sessions=[])
    return {one.kind: one for one in services_of(spent, habits_of(spent), where)}


def at_home(count: int = 6, **fields: Any) -> list[Any]:
    return [paid(n, country="AT", place=VIENNA, **fields) for n in range(count)]


def phone(day: float, place: Place) -> Phone:
    return Phone("phone-1", place, 12.0, paid(day).at)


def test_who_has_not_paid_is_offered_nothing():
    assert offered() == {}


def test_payments_in_another_country_suggest_a_travel_notice():
    found = offered(*at_home(), paid(5.5, country="IT"), paid(5.6, country="IT"))

    assert found["travel-notice"] == Service(
        "travel-notice",
        "Travel notice for IT",
        "2 of 5 payments in person in 3 days were in IT; usual is AT, with 6 of 8",
        private=True,
    )


def test_who_pays_abroad_without_going_there_is_at_home():
    shopping = [
        paid(5.5 + n / 10, country="IT", channel="online", merchant_id=f"M{n}")
        for n in range(3)
    ]

    assert "travel-notice" not in offered(*at_home(), *shopping)


def test_a_journey_that_is_over_suggests_nothing():
    assert offered(paid(0, country="IT"), *[paid(9 + n, country="AT")
                                            for n in range(6)]) == {}  # fmt: skip


def test_without_a_home_nobody_is_away():
    assert offered(paid(0, country="AT"), paid(1, country="IT")) == {}


def test_a_phone_far_from_every_usual_place_suggests_a_travel_notice():
    found = offered(*at_home(), phones=(phone(5, VIENNA), phone(5, ROME)))

    assert found["travel-notice"].reason == (
        "the phone phone-1 is 763 km from the nearest usual place; 300 km are a journey"
    )


def test_a_phone_that_was_there_long_ago_suggests_nothing():
    assert offered(*at_home(), phones=(phone(1, ROME),)) == {}


def test_a_week_far_above_the_usual_one_suggests_an_alert():
    weeks = [paid(7 * n, 1_000) for n in range(4)]
    found = offered(*weeks, paid(27, 1_500))

    assert found["spending-alert"].reason == (
        "25.00 EUR in the last 7 days, usual is 10.00 EUR, the mean of 2 weeks before"
    )


def test_a_limit_leaves_room_above_what_is_usual():
    found = offered(*(paid(n, 5_000) for n in range(19)), paid(19, 90_000))

    assert found["daily-limit"] == Service(
        "daily-limit",
        "Limit of 80.00 EUR a day",
        "on 19 of 20 days with payments 50.00 EUR or less was spent; on 1 it was more "
        "than the limit, the most was 900.00 EUR",
        amount=8_000,
    )


def test_a_few_days_suggest_no_limit():
    assert "daily-limit" not in offered(*(paid(n, 5_000) for n in range(9)))


def test_nothing_spent_suggests_no_limit():
    assert "daily-limit" not in offered(*(paid(n, 0) for n in range(20)))

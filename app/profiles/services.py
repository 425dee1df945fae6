"""Services: what could be offered to a customer, each with the numbers behind it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from math import ceil, log10

from msgspec import Struct

from app.events.currencies import money
from app.profiles.habits import Habits
from app.profiles.past import Paid
from app.profiles.whereabouts import Whereabouts, km_from_usual

RECENTLY = timedelta(days=3)
FAR_KM = 300
"""From every usual place, from where on a phone is on a journey."""
QUARTER = timedelta(days=90)
FEWEST_DAYS = 10
"""Days with payments, below which no limit is suggested."""
USUAL_DAYS, SLACK = 0.95, 1.5
"""A limit leaves so much more than the most of so many days."""
STRIKING = 1.5
"""Times the usual week, from where on a customer may want to know."""
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


class Service(Struct, frozen=True):
    """What could be offered and why; `private` where it tells of places.

    `kind` is `travel-notice`, `daily-limit` or `spending-alert`; a limit is an
    `amount` of minor units.
    """

    kind: str
    title: str
    reason: str
    private: bool = False
    amount: int | None = None


def services_of(
    spent: Sequence[Paid], habits: Habits | None, whereabouts: Whereabouts
) -> list[Service]:
    """Return what could be offered, by what was spent, newest first."""
    if not spent or habits is None:
        return []
    own = [one for one in spent if one.payment.currency == habits.currency]
    return [
        *_travel(spent, whereabouts),
        *_alert(habits),
        *_limit(own, habits.currency),
    ]


def _travel(spent: Sequence[Paid], told: Whereabouts) -> Iterator[Service]:
    """Offer a notice where payments or a phone are away from home."""
    newest, home = spent[0].at, told.home
    recent = [one.country for one in spent if newest - one.at < RECENTLY]
    recent = [country for country in recent if country]
    away = Counter(country for country in recent if country != home)
    if home and away:
        country, count = min(away.items(), key=lambda one: (-one[1], one[0]))
        at_home = told.countries[0].payments
        in_all = sum(1 for one in spent if one.country)
        yield Service(
            "travel-notice",
            f"Travel notice for {country}",
            f"{count} of {len(recent)} payments in person in 3 days were in {country}; "
            f"usual is {home}, with {at_home} of {in_all}",
            private=True,
        )
        return
    for phone in told.phones:
        km = km_from_usual(phone.place, told.places)
        if km is not None and km >= FAR_KM and newest - phone.at < RECENTLY:
            yield Service(
                "travel-notice",
                "Travel notice",
                f"the phone {phone.device_id} is {km:,.0f} km from the nearest usual "
                f"place; {FAR_KM} km are a journey",
                private=True,
            )
            return


def _alert(habits: Habits) -> Iterator[Service]:
    """Offer an alert where a week is above the usual one."""
    usual, now = habits.usual_week, habits.weeks[-1].amount
    if usual and now >= STRIKING * usual:
        yield Service(
            "spending-alert",
            "Spending alert",
            f"{money(now, habits.currency)} in the last 7 days, usual is "
            f"{money(usual, habits.currency)}, the mean of "
            f"{len(habits.weeks) - 1} weeks before",
        )


def _limit(own: Sequence[Paid], currency: str) -> Iterator[Service]:
    """Suggest a limit a day that usual days stay below."""
    days: Counter[object] = Counter()
    for one in own:
        if own[0].at - one.at < QUARTER:
            days[one.at.astimezone(UTC).date()] += one.payment.amount
    if len(days) < FEWEST_DAYS:
        return
    amounts = sorted(days.values())
    usual = amounts[ceil(USUAL_DAYS * len(amounts)) - 1]
    limit = round_up(SLACK * usual)
    if not limit:
        return
    beyond = sum(amount > limit for amount in amounts)
    within = sum(amount <= usual for amount in amounts)
    yield Service(
        "daily-limit",
        f"Limit of {money(limit, currency)} a day",
        f"on {within} of {len(amounts)} days with payments {money(usual, currency)} "
        f"or less was spent; on {beyond} it was more than the limit, the most was "
        f"{money(amounts[-1], currency)}",
        amount=limit,
    )


def round_up(amount: float) -> int:
    """Return a round number at or above an amount.

    >>> round_up(123.0), round_up(1_000.0), round_up(0.0)
    (150, 1000, 0)
    """
    if amount <= 0:
        return 0
    power = 10 ** int(log10(amount)) if amount >= 1 else 1
    return ceil(min(step * power for step in STEPS if step * power >= amount))

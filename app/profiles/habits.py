"""Habits: what a customer spends, when, how and where, from past payments alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median_high

from msgspec import Struct

from app.profiles.past import Paid

WEEK = timedelta(days=7)
WEEKS = 13
"""Weeks shown: the newest, and a quarter of a year before it."""
FEWEST_WEEKS = 2
"""Earlier whole weeks that make a usual one."""
MOST_SHARES = 5


class Week(Struct, frozen=True):
    """Seven days up to a moment, and what was paid in them, in minor units."""

    until: datetime
    payments: int
    amount: int


class Share(Struct, frozen=True):
    """What was paid by one of several ways, in minor units."""

    name: str
    payments: int
    amount: int


class Habits(Struct, frozen=True):
    """How a customer pays, without what was declined or is known to be fraud.

    `payments` are those in `currency`, the most frequent one; so many are `foreign`.
    `weeks` end at the newest payment, oldest first; `usual_week` is the mean amount
    of the earlier whole ones. Hours and weekdays (from Monday) count payments, UTC.
    """

    currency: str
    payments: int
    foreign: int
    since: datetime
    weeks: list[Week]
    usual_week: int | None
    usual_payment: int
    highest: int
    hours: list[int]
    weekdays: list[int]
    channels: list[Share]
    categories: list[Share]
    merchants: list[Share]


def habits_of(spent: Sequence[Paid]) -> Habits | None:
    """Return the habits in what was spent; None where nothing was."""
    if not spent:
        return None
    currencies = Counter(one.payment.currency for one in spent)
    currency = currencies.most_common(1)[0][0]
    own = [one for one in spent if one.payment.currency == currency]
    times = [one.at.astimezone(UTC) for one in own]
    hours, weekdays = [0] * 24, [0] * 7
    for at in times:
        hours[at.hour] += 1
        weekdays[at.weekday()] += 1
    amounts = [one.payment.amount for one in own]
    weeks = weeks_of(own, until=max(times), since=min(times))
    return Habits(
        currency=currency,
        payments=len(own),
        foreign=len(spent) - len(own),
        since=min(times),
        weeks=weeks,
        usual_week=_usual(weeks),
        usual_payment=median_high(amounts),
        highest=max(amounts),
        hours=hours,
        weekdays=weekdays,
        channels=shares(own, lambda one: one.payment.channel),
        categories=shares(own, lambda one: one.payment.merchant_category),
        merchants=shares(
            own, lambda one: one.payment.merchant_id or one.payment.terminal_id
        ),
    )


def weeks_of(own: Iterable[Paid], *, until: datetime, since: datetime) -> list[Week]:
    """Return the newest weeks, and those before it back to `since`, all whole."""
    count = min(WEEKS, max(1, (until - since) // WEEK))
    payments, amounts = [0] * count, [0] * count
    for one in own:
        back = (until - one.at) // WEEK
        if back < count:
            payments[back] += 1
            amounts[back] += one.payment.amount
    return [
        Week(until - back * WEEK, payments[back], amounts[back])
        for back in reversed(range(count))
    ]


def _usual(weeks: Sequence[Week]) -> int | None:
    earlier = [week.amount for week in weeks[:-1]]
    if len(earlier) < FEWEST_WEEKS:
        return None
    return round(sum(earlier) / len(earlier))


def shares(own: Iterable[Paid], name_of: Callable[[Paid], str | None]) -> list[Share]:
    """Return the names that payments have most often."""
    return most((name, one.payment.amount) for one in own if (name := name_of(one)))


def most(named: Iterable[tuple[str, int]]) -> list[Share]:
    """Return the most frequent of names with amounts, the first the most; ties by name.

    At most five.
    """
    payments: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for name, amount in named:
        payments[name] += 1
        amounts[name] += amount
    best = sorted(payments, key=lambda name: (-payments[name], name))[:MOST_SHARES]
    return [Share(name, payments[name], amounts[name]) for name in best]

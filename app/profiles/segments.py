"""Segments: in a word what kind of customer somebody is, each with its reason.

A segment is a function of what was spent, newest first, that returns why somebody is
in it, or None; another one is a line of `SEGMENTS`.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, timedelta

from msgspec import Struct

from app.features.clock import is_night, is_weekend, microseconds
from app.profiles.habits import shares
from app.profiles.past import Paid

MONTH = timedelta(days=30)
FEW_PAYMENTS, FEW_DAYS = 10, 14
"""Below one of both a customer is new."""
COUNTRIES = 3
ONLINE, CASH, NIGHT, WEEKEND, REGULAR = 0.6, 0.3, 0.3, 0.6, 0.6
FAVOURITES = 3
PAUSE = timedelta(days=30)


class Segment(Struct, frozen=True):
    """What kind of customer somebody is and why; `private` is only for analysts."""

    name: str
    reason: str
    private: bool = False


Spent = Sequence[Paid]
Because = Callable[[Spent], str | None]


def is_new(spent: Spent) -> str | None:
    """Say that there are few payments, or of few days."""
    days = (spent[0].at - spent[-1].at).days + 1
    if len(spent) >= FEW_PAYMENTS and days >= FEW_DAYS:
        return None
    return (
        f"{_payments(len(spent))} in {_days(days)}; habits need "
        f"{FEW_PAYMENTS} in {FEW_DAYS} days"
    )


def travels(spent: Spent) -> str | None:
    """Say that payments in person of a month were in several countries."""
    names = {one.country for one in last_month(spent)} - {None}
    if len(names) < COUNTRIES:
        return None
    return f"paid in {len(names)} countries in 30 days, {COUNTRIES} make a traveller"


def returns(spent: Spent) -> str | None:
    """Say that there was a long pause before the newest payment."""
    if len(spent) == 1 or spent[0].at - spent[1].at < PAUSE:
        return None
    days = (spent[0].at - spent[1].at).days
    return f"paid again after {days} days without a payment, {PAUSE.days} are a pause"


def moves_with_others(spent: Spent) -> str | None:
    """Say that the newest payment came while the customer moved with a group."""
    size = spent[0].features.peer_group_size
    if size is None:
        return None
    return (
        f"one of {size:.0f} customers that moved together in the day before the "
        "newest payment"
    )


def _by(what: str, least: float, chosen: Callable[[Paid], bool]) -> Because:
    """Make a segment of those with a share of such payments in 30 days."""

    def because(spent: Spent) -> str | None:
        month = last_month(spent)
        count = sum(map(chosen, month))
        if len(month) < FEW_PAYMENTS or count < least * len(month):
            return None
        return (
            f"{count} of {_payments(len(month))} in 30 days {what}, "
            f"{100 * least:.0f} % make the habit"
        )

    return because


def is_regular(spent: Spent) -> str | None:
    """Say that most payments of a month were at a few merchants."""
    month = last_month(spent)
    best = shares(month, lambda p: p.payment.merchant_id or p.payment.terminal_id)
    count = sum(one.payments for one in best[:FAVOURITES])
    if len(month) < FEW_PAYMENTS or count < REGULAR * len(month):
        return None
    return (
        f"{count} of {_payments(len(month))} in 30 days at {FAVOURITES} merchants, "
        f"{100 * REGULAR:.0f} % make a regular"
    )


SEGMENTS: tuple[tuple[str, Because, bool], ...] = (
    ("moves-with-others", moves_with_others, True),
    ("new", is_new, False),
    ("returning", returns, False),
    ("traveller", travels, True),
    ("online-shopper", _by("online", ONLINE, lambda p: p.payment.channel == "online"),
     False),
    ("cash-user", _by("at cash machines", CASH, lambda p: p.payment.channel == "atm"),
     False),
    ("night-owl", _by("from 0:00 to 6:59 UTC", NIGHT,
                      lambda p: is_night(microseconds(p.at))), False),
    ("weekender", _by("on weekends", WEEKEND,
                      lambda p: is_weekend(microseconds(p.at))), False),
    ("regular", is_regular, False),
)  # fmt: skip
"""Name, what says why, and whether only analysts see it; the first says the most."""


def segments_of(spent: Spent, *, cut: bool = False) -> list[Segment]:
    """Return the segments of a customer by what was spent, newest first.

    Where that is `cut`, since there is more, nobody is new by it.
    """
    if not spent:
        return []
    found = [
        Segment(name, reason, private)
        for name, because, private in SEGMENTS
        if not (cut and because is is_new) and (reason := because(spent))
    ]
    if not found:
        days = (spent[0].at.astimezone(UTC) - spent[-1].at).days + 1
        reason = f"{_payments(len(spent))} in {_days(days)}, and no habit stands out"
        found = [Segment("ordinary", reason)]
    return found


def last_month(spent: Spent) -> list[Paid]:
    """Return what was spent in 30 days up to the newest payment."""
    return [one for one in spent if one.at > spent[0].at - MONTH]


def _payments(count: int) -> str:
    return "1 payment" if count == 1 else f"{count:,} payments"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"

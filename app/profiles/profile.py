"""Profile: who a customer is: habits, segments, whereabouts, risk, services.

A function of what was decided and what is remembered; its present is the newest
payment, so that a replay shows what life would have shown.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, structs

from app.events.decisions import Outcome
from app.features.customers import mark_of
from app.profiles.habits import Habits, Share, habits_of, most
from app.profiles.past import AppUse, Known, KnownFraud, Lifetime, Paid
from app.profiles.segments import Segment, segments_of
from app.profiles.services import Service, services_of
from app.profiles.whereabouts import Whereabouts, whereabouts_of

MOST_POINTS = 200


class Scored(Struct, frozen=True):
    """A payment of the risk history; `fraud` where it is known to be."""

    id: str
    occurred_at: datetime
    score: float
    outcome: Outcome
    amount: int
    currency: str
    fraud: bool
    reason: str | None


class Risk(Struct, frozen=True):
    """What was decided, oldest first, and what payments turned out to be.

    `rules` are those that hit most often. Frauds are known of the last month one by
    one, of the time before by their number.
    """

    scored: list[Scored]
    outcomes: dict[str, int]
    rules: list[Share]
    frauds: list[KnownFraud]


class Profile(Struct, frozen=True):
    """A customer as the newest decisions and the live state tell.

    `as_of` is the newest payment. `missing` names what could not be asked: `state` or
    `archive`. `whereabouts` is null for those who may not see where people are, and
    `app` counts only.
    """

    id: str
    as_of: datetime | None
    payments: int
    lifetime: Lifetime | None
    segments: list[Segment]
    habits: Habits | None
    risk: Risk
    services: list[Service]
    whereabouts: Whereabouts | None
    app: AppUse | None = None
    missing: list[str] = []


def profile_of(identity: str, decided: Sequence[Paid], known: Known | None) -> Profile:
    """Return a customer's profile from decisions, in any order, and the row."""
    paid = sorted(decided, key=lambda one: (one.at, one.id), reverse=True)
    known = known or Known()
    marks = {fraud.mark for fraud in known.frauds}
    frauds = {one.id for one in paid if marks and mark_of(one.id) in marks}
    spent = [one for one in paid if one.outcome != "decline" and one.id not in frauds]
    sessions = known.app.sessions if known.app else []
    where = whereabouts_of(spent, phones=known.phones, sessions=sessions)
    habits = habits_of(spent)
    return Profile(
        id=identity,
        as_of=paid[0].at if paid else None,
        payments=len(paid),
        lifetime=known.lifetime,
        segments=segments_of(spent, cut=_cut(paid, known)),
        habits=habits,
        risk=_risk(paid, frauds, known.frauds),
        services=services_of(spent, habits, where),
        whereabouts=where,
        app=known.app,
    )


def _cut(paid: Sequence[Paid], known: Known) -> bool:
    """Whether there were more payments than those looked at."""
    return known.lifetime is not None and known.lifetime.payments > len(paid)


def without_whereabouts(profile: Profile) -> Profile:
    """Leave out where a customer is or was, and with which device.

    Reasons of decisions stay as they are, though one may name the way from a payment
    to the phone: a decision is whole for whoever may see it.
    """
    app = profile.app and structs.replace(profile.app, sessions=[])
    return structs.replace(
        profile,
        whereabouts=None,
        app=app,
        segments=[one for one in profile.segments if not one.private],
        services=[one for one in profile.services if not one.private],
    )


def _risk(paid: Sequence[Paid], frauds: set[str], known: list[KnownFraud]) -> Risk:
    return Risk(
        scored=[_scored(one, one.id in frauds) for one in reversed(paid[:MOST_POINTS])],
        outcomes=dict(Counter(one.outcome for one in paid)),
        rules=most((hit.rule, one.payment.amount) for one in paid for hit in one.hits),
        frauds=known,
    )


def _scored(one: Paid, fraud: bool) -> Scored:  # noqa: FBT001 - private, and said
    payment = one.payment
    return Scored(
        one.id,
        one.at,
        one.score,
        one.outcome,
        payment.amount,
        payment.currency,
        fraud,
        one.hits[0].reason if one.hits else None,
    )

"""Observed: what sketches read of a decision, and the stratum that it falls into."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, get_args

import h3
from msgspec import Struct

from app.events.decisions import Hit, Outcome
from app.events.payments import Payment, Place
from app.rules.ruleset import LISTS

Segment = Literal["new", "occasional", "regular", "frequent"]
Kind = Literal["device", "card", "terminal", "place"]

SEGMENTS: tuple[Segment, ...] = get_args(Segment)
"""Of customers, by their payments in 30 days: below 5, below 20, below 60, more."""
BOUNDS = (5, 20, 60)
KINDS: tuple[Kind, ...] = get_args(Kind)
RESOLUTION = 7
"""Of H3: hexagons whose sides are 1.4 km long, about 5 km² each."""


class Habits(Struct, frozen=True, gc=False):
    """The features that say which segment a customer is in."""

    customer_count_30d: float | None = None


class Observed(Struct, frozen=True, gc=False):
    """A decision as sketches read it: the same record, most of it left unread."""

    id: str
    outcome: Outcome
    score: float
    hits: list[Hit]
    features: Habits
    payment: Payment

    @property
    def segment(self) -> Segment:
        """The customer's segment when the payment was made."""
        return segment(self.features.customer_count_30d)

    @property
    def at(self) -> int:
        """When it was made, in seconds of the epoch."""
        return int(self.payment.occurred_at.timestamp())

    def things(self) -> Iterator[tuple[Kind, str]]:
        """Give what is remembered as seen, but for the place."""
        payment = self.payment
        yield "terminal", payment.terminal_id
        if payment.card is not None:
            yield "card", payment.card.token
        if payment.device_id is not None:
            yield "device", payment.device_id


class Sample(Struct, frozen=True, gc=False, omit_defaults=True):
    """One payment of a sample: what examples and maps show of it, no customer, no card.

    `amount` is in minor units of `currency`; `reason` is the first one.
    """

    occurred_at: datetime
    amount: int
    currency: str
    outcome: Outcome
    score: float
    channel: str
    segment: Segment
    terminal_id: str
    country: str | None = None
    place: Place | None = None
    reason: str = ""
    synthetic: bool = False


MOST_REASON = 120
"""Characters kept of a reason."""


def sample(observed: Observed) -> Sample:
    """Return what is kept of a payment that is in a sample."""
    payment = observed.payment
    return Sample(
        occurred_at=payment.occurred_at,
        amount=payment.amount,
        currency=payment.currency,
        outcome=observed.outcome,
        score=observed.score,
        channel=payment.channel,
        segment=observed.segment,
        terminal_id=payment.terminal_id,
        country=payment.country,
        place=payment.place,
        reason=_reason(observed),
        synthetic=payment.synthetic,
    )


def _reason(observed: Observed) -> str:
    """Return the first reason, but none of a list: that people write, of somebody."""
    hits = observed.hits
    own = next((hit.reason for hit in hits if hit.rule not in LISTS), "")
    return own[:MOST_REASON] or ("on a list" if hits else "")


def segment(payments: float | None) -> Segment:
    """Return the segment of a customer who made so many payments in 30 days.

    >>> segment(None), segment(5), segment(19), segment(400)
    ('new', 'occasional', 'occasional', 'frequent')
    """
    return SEGMENTS[sum((payments or 0) >= bound for bound in BOUNDS)]


def cell(place: Place) -> str:
    """Return the cell of the earth that a place is in: jitter of metres changes nothing.

    >>> cell(Place(48.2082, 16.3738)) == cell(Place(48.2083, 16.3737))
    True
    """  # noqa: E501
    found: str = h3.latlng_to_cell(place.latitude, place.longitude, RESOLUTION)
    return found

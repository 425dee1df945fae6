"""Past: what a profile is made of: payments as decided, and what a row remembers."""

from datetime import datetime

from msgspec import Struct

from app.events.decisions import Hit, Outcome
from app.events.payments import Payment, Place

IN_PERSON = ("pos", "atm")


class Company(Struct, frozen=True):
    """Of a decision's features: how many customers moved together with this one."""

    peer_group_size: float | None = None


class Paid(Struct, frozen=True):
    """A payment, and what was decided about it."""

    id: str
    outcome: Outcome
    score: float
    payment: Payment
    hits: list[Hit] = []
    features: Company = Company()

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.payment.occurred_at

    @property
    def country(self) -> str | None:
        """Where the customer was; None where it was paid from afar."""
        return self.payment.country if self.payment.channel in IN_PERSON else None


class KnownFraud(Struct, frozen=True):
    """A payment of the last month that is known to be fraud.

    `mark` is what is kept of its id; amount in minor units.
    """

    occurred_at: datetime
    amount: int
    mark: str


class Phone(Struct, frozen=True):
    """The last fix of a customer's phone."""

    device_id: str
    place: Place
    accuracy_m: float
    at: datetime


class Session(Struct, frozen=True):
    """What a customer did in the app without a pause; some log-ins may have failed."""

    started_at: datetime
    ended_at: datetime
    events: int
    failed_log_ins: int


class Lifetime(Struct, frozen=True):
    """Payments of a customer since the row began, and the frauds among them."""

    payments: int
    frauds: int


class AppUse(Struct, frozen=True):
    """What is remembered of a customer in the app: events of a day, and what is known.

    `known` counts devices, countries and networks.
    """

    last_event_at: datetime
    events: int
    known: dict[str, int]
    sessions: list[Session] = []


class Known(Struct, frozen=True):
    """What the customer's row remembers, as far as a profile needs it."""

    lifetime: Lifetime | None = None
    frauds: list[KnownFraud] = []
    phones: list[Phone] = []
    app: AppUse | None = None

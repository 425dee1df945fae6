"""Payments: as a sender states them, as capture passes them on, as profiled."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

type_tag = "type"

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Instant = Annotated[datetime, Meta(tz=True)]
Channel = Literal["pos", "online", "atm", "transfer"]


class Place(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A point on the earth in degrees, WGS 84."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Transaction(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """A payment as a sender states it on the raw topic `transactions`.

    `amount` is in minor units of `currency`, as billed to the customer. Unknown
    fields are refused. `card_number` is the full number (PAN): it never leaves
    capture.
    """

    id: Id
    occurred_at: Instant
    customer_id: Id
    terminal_id: Id
    amount: Annotated[int, Meta(ge=0, le=100_000_000_000)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    channel: Channel = "pos"
    card_number: Annotated[str, Meta(pattern="^[0-9]{12,19}$")] | None = None
    merchant_id: Id | None = None
    merchant_category: Annotated[str, Meta(pattern="^[0-9]{4}$")] | None = None
    country: Country | None = None
    place: Place | None = None
    device_id: Id | None = None
    beneficiary_id: Id | None = None
    synthetic: bool = False


class Card(Struct, frozen=True, gc=False):
    """A card after capture: a keyed token (the same card, the same token) and four digits."""  # noqa: E501

    token: str
    last4: str


class Payment(
    Struct, frozen=True, gc=False, omit_defaults=True, tag="payment", tag_field=type_tag
):
    """A payment as capture passes it on, on `customer-activity` (key: customer).

    `received_at` is when the raw record reached Kafka, `captured_at` when capture
    took it; both UTC.
    """

    id: str
    occurred_at: datetime
    customer_id: str
    terminal_id: str
    amount: int
    currency: str
    received_at: datetime
    captured_at: datetime
    channel: str = "pos"
    card: Card | None = None
    merchant_id: str | None = None
    merchant_category: str | None = None
    country: str | None = None
    place: Place | None = None
    device_id: str | None = None
    beneficiary_id: str | None = None
    synthetic: bool = False


class ProfiledPayment(Struct, frozen=True, gc=False, tag="payment", tag_field=type_tag):
    """A payment with what the customer's past says, on `terminal-activity`.

    `features` are the customer's part of the vector, in the catalogue's order.
    """

    payment: Payment
    features: list[float | None]

"""Payments: as a sender states them, as capture passes them on, as profiled."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

type_tag = "type"


def matching(pattern: str) -> Meta:
    """Return the constraint that a whole text matches a pattern."""
    return Meta(pattern=rf"^{pattern}$(?!\n)")  # `$` alone lets a last newline pass


Id = Annotated[str, Meta(min_length=1, max_length=64)]
Country = Annotated[str, matching("[A-Z]{2}")]
Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=64)]
Amount = Annotated[int, Meta(ge=0, le=100_000_000_000)]
Channel = Literal["pos", "online", "atm", "transfer"]
DeviceType = Literal["mobile", "tablet", "desktop", "bot", "unknown"]


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
    amount: Amount
    currency: Annotated[str, matching("[A-Z]{3}")]
    channel: Channel = "pos"
    card_number: Annotated[str, matching("[0-9]{12,19}")] | None = None
    merchant_id: Id | None = None
    merchant_category: Annotated[str, matching("[0-9]{4}")] | None = None
    country: Country | None = None
    place: Place | None = None
    device_id: Id | None = None
    beneficiary_id: Id | None = None
    synthetic: bool = False
    device_type: DeviceType | None = None


class Card(Struct, frozen=True, gc=False, omit_defaults=True):
    """A card after capture: a keyed token (the same card, the same token) and four digits.

    While the bank changes the key, `was` is the token that the card had before.
    """  # noqa: E501

    token: Text
    last4: Text
    was: Text | None = None


class Payment(
    Struct, frozen=True, gc=False, omit_defaults=True, tag="payment", tag_field=type_tag
):
    """A payment as capture passes it on, on `customer-activity` (key: customer).

    `received_at` is when the raw record reached Kafka, `captured_at` when capture
    took it; both UTC. What capture checked by pattern is only held short here.
    """

    id: Id
    occurred_at: Instant
    customer_id: Id
    terminal_id: Id
    amount: Amount
    currency: Text
    received_at: Instant
    captured_at: Instant
    channel: Text = "pos"
    card: Card | None = None
    merchant_id: Id | None = None
    merchant_category: Text | None = None
    country: Text | None = None
    place: Place | None = None
    device_id: Id | None = None
    beneficiary_id: Id | None = None
    synthetic: bool = False
    device_type: Text | None = None


class ProfiledPayment(
    Struct, frozen=True, gc=False, omit_defaults=True, tag="payment", tag_field=type_tag
):
    """A payment with what the customer's past says, on `terminal-activity`.

    `features` are the customer's part of the vector, in the catalogue's order;
    `aggregates` what analysts have declared, by name.
    """

    payment: Payment
    features: Annotated[list[float | None], Meta(max_length=256)]
    aggregates: Annotated[dict[str, float | None], Meta(max_length=256)] = {}

"""Erasures: that a customer is to be forgotten, down the customer's own log."""

from msgspec import Struct

from app.events.payments import Id, Instant, type_tag


class Erased(Struct, frozen=True, gc=False, tag="erased", tag_field=type_tag):
    """That what is remembered of a customer goes, on `customer-activity`.

    `erased_at` is when somebody asked for it. What comes later begins anew.
    """

    customer_id: Id
    erased_at: Instant

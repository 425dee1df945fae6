"""Aggregates: what analysts have counted, and how that comes down the log."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.events.payments import Id, matching, type_tag

Entity = Literal[
    "customer",
    "customer_at_terminal",
    "card",
    "device",
    "merchant",
    "merchant_category",
    "country",
    "beneficiary",
    "terminal",
]
"""Of whose payments: a terminal's, or a customer's, all or those that share a fact."""

Function = Literal["count", "sum", "mean", "min", "max", "stddev", "distinct"]


Name = Annotated[str, matching("[a-z][a-z0-9_]{0,63}")]
"""What rules and models call an aggregate."""


class Aggregate(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A number over the payments of a time window: a feature that is data, not code.

    `name` is what rules call it. `field` is `amount`, or for `distinct` a fact such as
    `country`; `count` has none. `window` is a whole number of minutes, hours or days
    (`30m`, `1h`, `7d`), 31 days at most. `condition` is SQL over a payment's facts, its
    outcome included. The payment itself counts too, unless `itself` is false.
    """

    name: Name
    entity: Entity
    aggregate: Function
    window: Annotated[str, matching("[1-9][0-9]{0,4}[mhd]")]
    field: Annotated[str, Meta(max_length=64)] | None = None
    condition: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    itself: bool = True
    version: Annotated[int, Meta(ge=1)] = 1
    author: str = "smartbank"


Event = tuple[int, int, int, int]
"""A payment that counts: event time in microseconds, hashes of its id and of what it
shares with others (0 where that is all), and its amount in minor units or the hash of
its fact."""

Slot = Annotated[str, Meta(max_length=16)]
"""Names what is kept for aggregates that count the same payments."""


class Declared(Struct, frozen=True, gc=False, tag="declared", tag_field=type_tag):
    """What is aggregated from here on in a partition, at revision `revision`.

    In every partition of both activity topics; one of an earlier revision is void.
    """

    revision: int
    aggregates: list[Aggregate]


class Remembered(Struct, frozen=True, gc=False, tag="remembered", tag_field=type_tag):
    """Payments of a customer or a terminal that count, by slot.

    They come from the archive, or from the decision where a condition asks for the
    outcome. One that is remembered already changes nothing.
    """

    id: Id
    slots: dict[Slot, list[Event]]


class Ready(Struct, frozen=True, gc=False, tag="ready", tag_field=type_tag):
    """Aggregates that are whole: all that the archive knows of has gone before."""

    aggregates: list[Aggregate]

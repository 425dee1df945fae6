"""Merchants: what partitions tell each other of them, on `terminal-activity`.

The terminals of a merchant lie in different partitions. Each of these records is sent
to all of them, so that every one comes to know the same. A merchant, a terminal and a
payment are told by 64 bits of the hash of their ids.
"""

from typing import Annotated

from msgspec import Meta, Struct

from app.events.payments import type_tag

Hash = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Day = Annotated[int, Meta(ge=-719_162, le=2_932_896)]
"""Days from the epoch, UTC, in the years 1 to 9999."""

Payments = tuple[Hash, Day, Annotated[int, Meta(ge=1, le=(1 << 32) - 1)]]
"""A merchant, a day, and how many of its payments of that day are told of now."""


class MerchantsPaid(
    Struct, frozen=True, gc=False, tag="merchants-paid", tag_field=type_tag
):
    """What a partition had of merchants' payments before a day, and had not told yet.

    Who reads it tells its own in turn, if it has not begun that day before.
    """

    day: Day
    paid: list[Payments]


class MerchantLabel(
    Struct, frozen=True, gc=False, tag="merchant-label", tag_field=type_tag
):
    """That a label made a merchant's payment known as fraud, or took that back.

    `at` is the payment's event time in microseconds.
    """

    merchant: Hash
    terminal: Hash
    payment: Hash
    at: Annotated[int, Meta(ge=-(1 << 56), le=(1 << 58) - 1)]
    fraud: bool

"""Groups: what customers have done of late, and which of them move together."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from app.events.payments import Id, type_tag

Act = Annotated[str, Meta(max_length=512)]
"""A thing done that others can do too: its kind, a blank, and what it was done to."""


class Transfer(Struct, frozen=True, gc=False):
    """Money sent to a beneficiary, in minor units."""

    beneficiary_id: Id
    amount: int


class Behaviour(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a customer has done of late, on `behaviours` (key: customer).

    `at` is when the newest of it happened. `frauds` are the customer's payments known
    as fraud; `transfer` is the payment that the record was made from, if it was one.
    One that is `erased` asks to forget the customer.
    """

    customer_id: Id
    at: datetime
    acts: Annotated[list[Act], Meta(max_length=256)]
    frauds: int = 0
    transfer: Transfer | None = None
    synthetic: bool = False
    erased: bool = False


class Grouped(Struct, frozen=True, gc=False, tag="grouped", tag_field=type_tag):
    """Which group customers are in, on `customer-activity`.

    One record a partition, with the members that it holds. `size` counts all members,
    `frauds` those of them that have a payment known as fraud.
    """

    group: str
    at: datetime
    size: int
    frauds: int
    customers: list[Id]


class Shared(Struct, frozen=True, gc=False):
    """What members of a group have in common: how many of them, and it in words."""

    members: int
    reason: str


class Link(Struct, frozen=True, gc=False):
    """Two customers whose acts are alike."""

    one: Id
    other: Id


class GroupMoved(Struct, frozen=True, gc=False):
    """What a pulse tells of a group alert: who is in it, only the alert itself says.

    A group of size 0 is over.
    """

    id: str
    at: datetime
    size: int = 0
    frauds: int = 0
    reason: str = ""


class GroupAlert(Struct, frozen=True, gc=False):
    """A group of customers that move together, on `group-alerts` (key: group).

    The newest record of a group counts; one without a value says that it is over.
    `size` is how many move together at `at`; `members` are all that ever did since
    `since`, the oldest first, 200 at most, of whom those that no longer do make room;
    `links` are those of them that are alike, 400 at most.
    """

    id: str
    since: datetime
    at: datetime
    size: int
    frauds: int
    members: list[Id]
    why: list[Shared]
    links: list[Link] = []
    synthetic: bool = False

    @property
    def moved(self) -> GroupMoved:
        """What a pulse tells of it."""
        reason = self.why[0].reason if self.why else ""
        return GroupMoved(self.id, self.at, self.size, self.frauds, reason)

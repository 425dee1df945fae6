"""Lists: whom to block, to let through and to watch, whatever the rules say."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct

from app.errors import UNREADABLE, RuleError
from app.events.payments import Id, Instant, Payment
from app.rules.ruleset import LISTS

Kind = Literal["card", "customer", "device", "merchant", "country"]
Verdict = Literal["block", "allow", "watch"]

RULES: dict[Verdict, str] = dict(zip(get_args(Verdict), LISTS, strict=True))
"""What a hit of a list is called in a decision."""
DONE: dict[Verdict, str] = {
    "block": "blocked",
    "allow": "let through",
    "watch": "watched",
}


class Listing(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One who is to be blocked, let through or watched, and why.

    `value` is an id, for a card its token, for a country its code (ISO 3166-1
    alpha-2). It holds for payments that occur before `until`, null for ever. A
    `final` block holds even where the allow list would let the payment through. Who
    is watched is reviewed at the least.
    """

    kind: Kind
    value: Id
    verdict: Verdict
    reason: Annotated[str, Meta(min_length=3, max_length=200)]
    until: Instant | None = None
    final: bool = False


class Entry(Listing, frozen=True, kw_only=True, omit_defaults=True):
    """A listing on the topic `lists`, by whom; or that it was `removed`, and why.

    `at` is when Kafka took it, and is not on the wire.
    """

    author: str
    removed: bool = False
    at: datetime | None = None

    @property
    def key(self) -> bytes:
        """Its key on the topic: the newest entry of a key stands."""
        return f"{self.verdict}:{self.kind}:{self.value}".encode()


class Names(NamedTuple):
    """What a payment can be listed by."""

    card: str | None
    customer: str
    device: str | None
    merchant: str | None
    country: str | None


class Lists:
    """The newest entry of each key, found by what a payment names."""

    def __init__(self) -> None:
        self.entries: dict[bytes, Entry] = {}
        self._holding: dict[tuple[str, str], dict[Verdict, Entry]] = {}

    def __bool__(self) -> bool:
        """Whether anything is listed."""
        return bool(self._holding)

    def apply(self, key: bytes, value: bytes, *, at: datetime) -> None:
        """Take one record of the log.

        Raises:
            RuleError: it cannot be read.
        """
        try:
            entry = msgspec.json.decode(value, type=Entry)
        except UNREADABLE as error:
            message = f"lists: got a record {key!r} that does not fit: {error}"
            raise RuleError(message) from error
        self.entries.pop(entry.key, None)  # so that the newest comes last
        self.entries[entry.key] = msgspec.structs.replace(entry, at=at)
        named = entry.kind, entry.value
        of_one = self._holding.setdefault(named, {})
        if entry.removed:
            of_one.pop(entry.verdict, None)
        else:
            of_one[entry.verdict] = entry
        if not of_one:
            del self._holding[named]

    def find(self, payment: Payment) -> Entry | None:
        """Return the entry that decides a payment, if one does.

        In this order: a final block, an allowance, any other block, a watch; of
        several alike the one by card before customer, device, merchant and country.
        """
        names = Names(
            payment.card.token if payment.card else None,
            payment.customer_id,
            payment.device_id,
            payment.merchant_id,
            payment.country,
        )
        holding = self._holding
        named_by: Iterable[tuple[str, str | None]]
        named_by = zip(Names._fields, names, strict=True)
        if payment.card and payment.card.was:  # listed before the key was changed
            named_by = chain((("card", payment.card.was),), named_by)
        found = [
            entry
            for named in named_by
            if named in holding
            for entry in holding[named].values()
            if entry.until is None or payment.occurred_at < entry.until
        ]
        return min(found, key=_precedence, default=None)


def _precedence(entry: Entry) -> int:
    if entry.verdict == "block" and entry.final:
        return 0
    return {"allow": 1, "block": 2, "watch": 3}[entry.verdict]


def told(entry: Entry, payment: Payment) -> str:
    """Say in a phrase why a payment is blocked, let through or watched.

    A card is named by its last four digits.
    """
    named = f"{entry.kind} {entry.value}"
    if entry.kind == "card" and payment.card:
        named = f"card ending {payment.card.last4}"
    until = f" until {entry.until:%Y-%m-%d %H:%M %Z}" if entry.until else ""
    return f"{named} {DONE[entry.verdict]}{until} by {entry.author}: {entry.reason}"


def same(one: Iterable[Entry], other: Lists) -> bool:
    """Whether lists hold these very entries, whenever they were taken."""
    replace = msgspec.structs.replace
    return all(
        (held := other.entries.get(entry.key)) and replace(held, at=None) == entry
        for entry in one
    )

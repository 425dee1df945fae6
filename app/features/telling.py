"""Telling: what a partition tells the others of its merchants, and what they tell it.

Rows of merchants lie beside the terminals'; each partition has them all. The first
payment of a day tells what was before it, and so does the first word of another
partition that has begun a day. What a partition tells it reads too, as all do.
"""

from functools import lru_cache
from struct import Struct
from typing import Any, Protocol, Self

from app.events.labels import Label
from app.events.merchants import MerchantLabel, MerchantsPaid, Payments
from app.features.aggregates import hashed
from app.features.clock import microseconds
from app.features.merchants import NEVER

MERCHANT, TURNED = b"\xff", b"\xfe"
"""How a merchant's key begins, and that of the day; the UTF-8 of no id does."""
MOST_TOLD = 10_000
"""Days of merchants in one record; the partition's next payment goes on."""

KEY = Struct("<cq")
ONE_DAY = Struct("<q")


class Turned:
    """The day that a partition has begun: what was before it is told."""

    __slots__ = ("day",)

    def __init__(self) -> None:
        self.day = NEVER

    def encode(self) -> bytes:
        """Return its bytes."""
        return ONE_DAY.pack(self.day)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `encode` made the bytes from."""
        turned = cls()
        (turned.day,) = ONE_DAY.unpack(data)
        return turned


class Rows(Protocol):
    """A table's partition, as much of it as is needed here."""

    def touch(self, key: bytes) -> Any:
        """Return a row to change."""
        ...

    def hold(self, key: bytes) -> Any:
        """Return a row to look at, or None."""
        ...

    def drop(self, key: bytes) -> None:
        """Forget a row."""
        ...

    def known_keys(self) -> list[bytes]:
        """Return the keys of all rows."""
        ...


@lru_cache(maxsize=65_536)
def key_of(merchant_id: str) -> bytes:
    """Return the key of a merchant's row.

    >>> key_of("M000042")[:1] == MERCHANT
    True
    """
    return KEY.pack(MERCHANT, hashed(merchant_id))


def turn(rows: Rows, day: int) -> MerchantsPaid | None:
    """Begin a day, the first time; return what is to be told of those before it.

    Rows of which nothing matters any more are dropped then.
    """
    turned = rows.hold(TURNED)
    if turned and day <= turned.day:
        return None
    told: list[Payments] = []
    for key in sorted(key for key in rows.known_keys() if key.startswith(MERCHANT)):
        if len(told) >= MOST_TOLD:
            return MerchantsPaid(day, told)
        row = rows.hold(key)
        if untold := row.untold(day):
            _, merchant = KEY.unpack(key)
            told += ((merchant, *one) for one in untold)
            rows.touch(key).tell(day)
        elif row.past(day):
            rows.drop(key)
    rows.touch(TURNED).day = day
    return MerchantsPaid(day, told) if told else None


def learn_paid(rows: Rows, told: MerchantsPaid) -> None:
    """Learn what a partition told of merchants' payments."""
    for merchant, day, payments in told.paid:
        rows.touch(KEY.pack(MERCHANT, merchant)).add(day, payments)


def learn_label(rows: Rows, told: MerchantLabel) -> None:
    """Learn what became known of a merchant's payment."""
    rows.touch(KEY.pack(MERCHANT, told.merchant)).label(told)


def label_of(merchant: int, label: Label) -> MerchantLabel:
    """Return what a label says of a merchant."""
    return MerchantLabel(
        merchant,
        hashed(label.terminal_id),
        hashed(label.transaction_id),
        microseconds(label.occurred_at),
        label.fraud,
    )

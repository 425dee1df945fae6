"""Aggregates: the payments that count, kept by row, and the numbers over windows."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from math import sqrt
from operator import attrgetter
from struct import Struct
from typing import Literal, NamedTuple, Self

import mmh3
import msgspec

from app.events.aggregates import Aggregate, Entity, Event
from app.events.currencies import MINOR_PER_MAJOR
from app.events.payments import Payment
from app.features.clock import DAY, HOUR, SECOND, microseconds

MOST_EVENTS = 5_000
"""Kept a row and slot; beyond it the oldest are forgotten."""
LONGEST = 31 * DAY
LATE = DAY
"""A payment so late still finds its window whole."""
UNITS = {"m": 60 * SECOND, "h": HOUR, "d": DAY}
HEAD = Struct("<8sI")  # slot, events

Owner = Literal["customer", "terminal"]
Fact = Callable[[Payment], str | None]

FACTS: Mapping[str, Fact] = {
    **{
        name: attrgetter(name)
        for name in (
            "channel",
            "country",
            "merchant_category",
            "currency",
            "customer_id",
            "terminal_id",
            "merchant_id",
            "device_id",
            "beneficiary_id",
        )
    },
    "card": lambda payment: payment.card.token if payment.card else None,
}
"""What is said of a payment in words, by name."""

SHARED: Mapping[Entity, str | None] = {
    "customer": None,
    "terminal": None,
    "customer_at_terminal": "terminal_id",
    "card": "card",
    "device": "device_id",
    "merchant": "merchant_id",
    "merchant_category": "merchant_category",
    "country": "country",
    "beneficiary": "beneficiary_id",
}
"""Which fact an entity's payments share, beside the row that they are in."""


def window(aggregate: Aggregate) -> int:
    """Return the length of a window in microseconds.

    >>> one = Aggregate(name="n", entity="card", aggregate="count", window="90m")
    >>> window(one) == 1.5 * HOUR
    True
    """
    return int(aggregate.window[:-1]) * UNITS[aggregate.window[-1]]


def owner(aggregate: Aggregate) -> Owner:
    """Return whose row keeps an aggregate's payments."""
    return "terminal" if aggregate.entity == "terminal" else "customer"


def slot_of(aggregate: Aggregate) -> str:
    """Name what is kept for an aggregate: the same for those that count the same."""
    what = aggregate.field if aggregate.aggregate == "distinct" else "amount"
    parts = [aggregate.entity, what, aggregate.condition]
    return sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def hashed(text: str) -> int:
    """Return the 64 bits by which an id or a fact is remembered."""
    return int(mmh3.hash64(text)[0])


class Kept:
    """The payments of a row that count for one slot, by event time.

    Each once, whenever and however often it comes: 32 bytes. Windows are exact on
    event time, for up to 5,000 payments and payments up to a day late.
    """

    __slots__ = ("groups", "ids", "times", "values")
    times: "array[int]"
    ids: "array[int]"
    groups: "array[int]"
    values: "array[int]"

    def __init__(self) -> None:
        self.times, self.ids = array("q"), array("q")
        self.groups, self.values = array("q"), array("q")

    def add(self, event: Event, horizon: int) -> None:
        """Keep a payment, unless it is kept already or past the horizon."""
        at, identity, group, value = event
        times, ids = self.times, self.ids
        here = len(times)
        if not here or at > times[-1]:
            times.append(at)
            ids.append(identity)
            self.groups.append(group)
            self.values.append(value)
        else:
            if at <= times[-1] - horizon - LATE:
                return
            here = bisect_left(times, at)
            while here < len(times) and times[here] == at and ids[here] <= identity:
                if ids[here] == identity:
                    return
                here += 1
            for column, one in zip(self._columns(), event, strict=True):
                column.insert(here, one)
        if times[0] > times[-1] - horizon - LATE and len(times) <= MOST_EVENTS:
            return
        past = bisect_right(times, times[-1] - horizon - LATE)
        past = max(past, len(times) - MOST_EVENTS)
        for column in self._columns():
            del column[:past]

    def rename(self, old: int, new: int, *, group: bool) -> None:
        """Call a group, or else a value, by another hash from now on."""
        column = self.groups if group else self.values
        if old in column:
            column[:] = array("q", (new if one == old else one for one in column))

    def _columns(self) -> "tuple[array[int], ...]":
        return self.times, self.ids, self.groups, self.values

    def over(self, at: int, span: int, group: int | None) -> "array[int]":
        """Return the values of the window (at - span, at], of one group or of all."""
        start = bisect_right(self.times, at - span)
        end = bisect_right(self.times, at, start)
        found = self.values[start:end]
        if group is None:
            return found
        groups = self.groups[start:end]
        kept = (v for v, g in zip(found, groups, strict=True) if g == group)
        return array("q", kept)

    def encode(self) -> bytes:
        """Return its bytes, the same whatever order its payments came in."""
        return b"".join(column.tobytes() for column in self._columns())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `encode` made the bytes from."""
        kept, size = cls(), len(data) // 4
        for place, column in enumerate(kept._columns()):
            column.frombytes(data[place * size : (place + 1) * size])
        return kept


Memory = dict[str, Kept]
"""What a row keeps, by slot."""


def encode_memory(memory: Memory | None) -> bytes:
    """Return a row's memory as bytes, nothing where there is none."""
    parts = []
    for slot, kept in sorted(memory.items()) if memory else ():
        parts += [HEAD.pack(bytes.fromhex(slot), len(kept.times)), kept.encode()]
    return b"".join(parts)


def decode_memory(data: bytes) -> Memory | None:
    """Return what `encode_memory` made the bytes from."""
    memory: Memory = {}
    at = 0
    while at < len(data):
        slot, count = HEAD.unpack_from(data, at)
        at += HEAD.size
        memory[slot.hex()] = Kept.decode(data[at : at + 32 * count])
        at += 32 * count
    return memory or None


class Reader(NamedTuple):
    """An aggregate as it is read: over which window, with or without the payment."""

    name: str
    function: str
    span: int
    itself: bool
    money: bool


class Watched(NamedTuple):
    """A slot as it is fed: by which payments, for which readers.

    `decided` is true where the outcome is asked for: then the payment itself comes
    back later, as a `Remembered`.
    """

    slot: str
    owner: Owner
    shared: str | None
    value: str | None
    condition: str | None
    horizon: int
    readers: tuple[Reader, ...]
    decided: bool

    def event(self, payment: Payment, at: int) -> Event | None:
        """Return how a payment is remembered, None where it lacks a fact."""
        group = value = 0
        if self.shared is not None:
            shared = FACTS[self.shared](payment)
            if shared is None:
                return None
            group = hashed(shared)
        if self.value is None:
            value = payment.amount
        else:
            fact = FACTS[self.value](payment)
            if fact is None:
                return None
            value = hashed(fact)
        return at, hashed(payment.id), group, value


def watched(
    aggregates: Sequence[Aggregate], *, decided: Callable[[Aggregate], bool]
) -> tuple[Watched, ...]:
    """Return what is kept for aggregates, a slot each that counts something else."""
    slots: dict[str, list[Aggregate]] = {}
    for one in aggregates:
        slots.setdefault(slot_of(one), []).append(one)
    return tuple(
        Watched(
            slot=slot,
            owner=owner(alike[0]),
            shared=SHARED[alike[0].entity],
            value=alike[0].field if alike[0].aggregate == "distinct" else None,
            condition=alike[0].condition,
            horizon=max(map(window, alike)),
            readers=tuple(
                Reader(
                    one.name,
                    one.aggregate,
                    window(one),
                    one.itself,
                    one.aggregate not in {"count", "distinct"},
                )
                for one in alike
            ),
            decided=decided(alike[0]),
        )
        for slot, alike in slots.items()
    )


def profile(
    memory: Memory, payment: Payment, slots: Sequence[Watched], counts: Sequence[str]
) -> dict[str, float | None]:
    """Return what a row's memory says of a payment, then remember the payment.

    `counts` names the slots that it counts for. A number is null where the payment
    lacks the fact that is shared, and a mean, least, most or deviation of nothing.
    """
    at = microseconds(payment.occurred_at)
    major = MINOR_PER_MAJOR[payment.currency]
    told: dict[str, float | None] = {}
    _rename_card(memory, slots, payment)
    for one in slots:
        group: int | None = None
        if one.shared is not None:
            fact = FACTS[one.shared](payment)
            if fact is None:
                told.update(dict.fromkeys((r.name for r in one.readers), None))
                continue
            group = hashed(fact)
        kept = memory.get(one.slot)
        event = one.event(payment, at) if one.slot in counts else None
        if event is not None:
            for reader in one.readers:
                if not reader.itself:
                    told[reader.name] = _read(kept, reader, at, group, major)
            if kept is None:
                kept = memory[one.slot] = Kept()
            kept.add(event, one.horizon)
        for reader in one.readers:
            if reader.itself or event is None:
                told[reader.name] = _read(kept, reader, at, group, major)
    return told


def _rename_card(memory: Memory, slots: Sequence[Watched], payment: Payment) -> None:
    """Call a card by its token of the bank's new key, wherever a row remembers it."""
    card = payment.card
    if card is None or card.was is None:
        return
    old, new = hashed(card.was), hashed(card.token)
    for one in slots:
        if kept := memory.get(one.slot):
            if one.shared == "card":
                kept.rename(old, new, group=True)
            if one.value == "card":
                kept.rename(old, new, group=False)


def _read(
    kept: Kept | None, reader: Reader, at: int, group: int | None, major: int
) -> float | None:
    values = kept.over(at, reader.span, group) if kept else ()
    told = FUNCTIONS[reader.function](values)
    return told / major if reader.money and told is not None else told


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _deviation(values: Sequence[int]) -> float | None:
    """Return the standard deviation of all there is, not of a sample."""
    count, total = len(values), sum(values)
    if not count:
        return None
    return sqrt(count * sum(v * v for v in values) - total * total) / count


FUNCTIONS: Mapping[str, Callable[[Sequence[int]], float | None]] = {
    "count": lambda values: float(len(values)),
    "sum": lambda values: float(sum(values)),
    "mean": _mean,
    "min": lambda values: float(min(values)) if values else None,
    "max": lambda values: float(max(values)) if values else None,
    "stddev": _deviation,
    "distinct": lambda values: float(len(set(values))),
}


def forget(memory: Memory, slots: Sequence[Watched]) -> None:
    """Forget what nobody counts any more."""
    if memory and not memory.keys() <= (wanted := {one.slot for one in slots}):
        for slot in memory.keys() - wanted:
            del memory[slot]

"""Behaviour: what a customer has done of late, as acts that others can share.

An act says what was done, never by whom: to pay a beneficiary for the first time, to
buy at a terminal within the same minutes, to make three calls of the app in a row.
"""

from collections.abc import Iterable
from math import floor
from typing import Self

import mmh3
import msgspec

from app.events.app_events import AppEvent
from app.events.groups import Behaviour, Transfer
from app.events.labels import Label
from app.events.payments import Payment
from app.features.clock import DAY, HOUR, SECOND, microseconds, moment

WINDOW = DAY
"""Acts older than this, by the customer's own newest event, are forgotten."""
SLOT = 20 * 60 * SECOND
"""Two who buy at one terminal within half of it share an act, whatever the clock."""
GAP = 30 * 60 * SECOND  # between calls of one session
CELL = 100  # cells a degree of latitude and longitude: about a kilometre
ENOUGH = 4  # weight of new acts that is worth telling of
MOST_ACTS = 96  # remembered; the oldest goes
MOST_KNOWN = 64  # beneficiaries paid before; who was paid longest ago goes
MOST_FRAUDS = 16
KNOWN_LASTS = 31 * DAY
"""Frauds are known for so long, and customers of whom nothing is heard."""
VERSION = 1

WEIGHTS = {"pays": 6, "passes": 6, "buys": 2, "calls": 1, "from": 1, "at": 1}
"""What an act of a kind counts: it is in a set so many times."""


def weight(act: str) -> int:
    """Return what an act counts.

    >>> weight("pays A000000042"), weight("from 6f1a")
    (6, 1)
    """
    return WEIGHTS[act.partition(" ")[0]]


def words(act: str) -> str:
    """Say an act, as what several do.

    >>> words("buys T1 2945408")
    'pay at T1 within 20 minutes from 2026-01-01 05:20 UTC'
    >>> words("calls /A > /B > /C")
    'call /A, /B and /C in a row'
    """
    kind, _, what = act.partition(" ")
    if kind == "buys":
        terminal, _, slot = what.rpartition(" ")
        since = moment(int(slot) * SLOT // 2)
        return f"pay at {terminal} within 20 minutes from {since:%Y-%m-%d %H:%M} UTC"
    if kind == "at":
        cell, _, hour = what.rpartition(" ")
        since = moment(int(hour) * HOUR)
        return f"pay in person near {cell} in the hour of {since:%Y-%m-%d %H:%M} UTC"
    if kind == "calls":
        first, second, third = what.split(" > ")
        return f"call {first}, {second} and {third} in a row"
    if kind == "passes":
        return f"pass on money that came from {what}"
    return f"pay {what} for the first time" if kind == "pays" else "use one network"


class BehaviourRow:
    """The acts of a customer's last day, and which beneficiaries were paid before.

    `acts` has when each was done last; `newest` is when the newest event happened. A
    function of the customer's log: an event that comes late counts as long as its day
    is not over.
    """

    __slots__ = ("_calls", "_frauds", "_known", "_new", "_paid", "acts", "newest")

    def __init__(self) -> None:
        self.acts: dict[str, int] = {}
        self.newest = 0
        self._new = 0  # weight of what was not told of yet
        self._calls: list[str] = []  # the last two of the session
        self._known: dict[int, int] = {}  # beneficiaries: when first paid
        self._paid: dict[int, int] = {}  # transfers of the window, by their ids
        self._frauds: dict[int, int] = {}

    def learn(self, event: Payment | AppEvent | Label) -> Behaviour | None:
        """Learn an event; return what to tell of the customer, where it is worth it."""
        if isinstance(event, Label):
            return self._told(event) if self._label(event) else None
        at = microseconds(event.occurred_at)
        if at <= self.newest - WINDOW:
            return None
        before, self.newest = self.newest, max(self.newest, at)
        self._forget()
        if isinstance(event, AppEvent):
            if not 0 <= at - before <= GAP:
                self._calls.clear()
            acts, transfer = self._app(event, late=at < before), None
        else:
            acts, transfer = self._payment(event, at)
        for act in acts:
            if act not in self.acts:
                self._new += weight(act)
            self.acts[act] = max(self.acts.pop(act, at), at)
        while len(self.acts) > MOST_ACTS:
            del self.acts[min(self.acts, key=self.acts.__getitem__)]
        if transfer is None and self._new < ENOUGH:
            return None
        return self._told(event, transfer)

    def _told(
        self, event: Payment | AppEvent | Label, transfer: Transfer | None = None
    ) -> Behaviour:
        self._new = 0
        return Behaviour(
            event.customer_id,
            moment(self.newest),
            list(self.acts),
            len(self._frauds),
            transfer,
            synthetic=event.synthetic,
        )

    def _label(self, label: Label) -> bool:
        """Learn a label; say whether it changed how many frauds are known."""
        hashed, before = _hash(label.transaction_id), len(self._frauds)
        if label.fraud:
            _keep(self._frauds, hashed, self.newest, most=MOST_FRAUDS)
        else:
            self._frauds.pop(hashed, None)
        return len(self._frauds) != before and self.newest > 0

    def _payment(self, payment: Payment, at: int) -> tuple[list[str], Transfer | None]:
        beneficiary, place = payment.beneficiary_id, payment.place
        if beneficiary is not None:
            hashed, identity = _hash(beneficiary), _hash(payment.id)
            if identity in self._paid:
                return [], None
            _keep(self._paid, identity, at, most=MOST_KNOWN)
            first = self._known.get(hashed, at)
            _keep(self._known, hashed, first, most=MOST_KNOWN)
            new = abs(at - first) < WINDOW
            transfer = Transfer(beneficiary, payment.amount)
            return ([f"pays {beneficiary}"] if new else []), transfer
        if place is not None:
            north, east = (floor(d * CELL) for d in (place.latitude, place.longitude))
            return [f"at {north / CELL:.2f},{east / CELL:.2f} {at // HOUR}"], None
        slot = at // (SLOT // 2)
        terminal = payment.terminal_id
        return [f"buys {terminal} {slot - 1}", f"buys {terminal} {slot}"], None

    def _app(self, event: AppEvent, *, late: bool) -> list[str]:
        if event.outcome == "failure":
            return []  # of somebody who tries, perhaps not the customer
        acts = [f"from {event.address.network}"] if event.address else []
        if late:
            return acts  # nobody knows after which call it came
        calls = [*self._calls, event.action or event.kind]
        if len(calls) == 3:  # noqa: PLR2004 - in a row
            acts.append(f"calls {' > '.join(calls)}")
        self._calls = calls[-2:]
        return acts

    def _forget(self) -> None:
        """Forget acts that are past the window."""
        past = self.newest - WINDOW
        if self.acts and min(self.acts.values()) <= past:
            self.acts = {act: at for act, at in self.acts.items() if at > past}
        if self._paid:
            self._paid = {one: at for one, at in self._paid.items() if at > past}
        past = self.newest - KNOWN_LASTS
        if self._frauds:
            self._frauds = {one: at for one, at in self._frauds.items() if at > past}

    def encode(self) -> bytes:
        """Return the row's bytes."""
        parts = (
            *(self.newest, self._new, self._calls, self.acts),
            *(_pairs(kept) for kept in (self._known, self._paid, self._frauds)),
        )
        return bytes([VERSION]) + msgspec.msgpack.encode(parts)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        if data[0] != VERSION:
            message = f"behaviour row: got version {data[0]}, expected {VERSION}"
            raise ValueError(message)
        row = cls()
        row.newest, row._new, row._calls, row.acts, *kept = msgspec.msgpack.decode(
            data[1:]
        )
        row._known, row._paid, row._frauds = (dict(pairs) for pairs in kept)
        return row


class Swept:
    """On which day of event time a partition was swept last: the row that it shares."""

    __slots__ = ("day",)

    def __init__(self, day: int = 0) -> None:
        self.day = day

    def encode(self) -> bytes:
        """Return the row's bytes."""
        return msgspec.msgpack.encode(self.day)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from."""
        return cls(msgspec.msgpack.decode(data))


def _pairs(kept: dict[int, int]) -> Iterable[tuple[int, int]]:
    return list(kept.items())


def _hash(identity: str) -> int:
    return mmh3.hash64(identity, signed=False)[0]


def _keep(kept: dict[int, int], one: int, at: int, *, most: int) -> None:
    """Keep one at the end; where there is too much, who was kept first goes."""
    kept.pop(one, None)
    kept[one] = at
    if len(kept) > most:
        del kept[next(iter(kept))]

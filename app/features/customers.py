"""Customers: what a customer's past says of a payment."""

from array import array
from bisect import bisect_right, insort
from math import sqrt
from operator import itemgetter
from struct import Struct
from typing import Self

import mmh3

from app.events.app_events import AppEvent
from app.events.currencies import MINOR_PER_MAJOR
from app.events.groups import Grouped
from app.events.labels import Label
from app.events.payments import Payment, Place
from app.events.readings import Fixes
from app.features.aggregates import Memory, decode_memory, encode_memory
from app.features.clock import (
    DAY,
    LABEL_DELAY,
    SECOND,
    is_night,
    is_weekend,
    microseconds,
    moment,
)
from app.features.peers import UNKNOWN as ALONE
from app.features.peers import Peers
from app.features.phones import NOTHING, Trail
from app.features.places import distance_m
from app.features.rhythm import FEWEST, KEY_BYTES, Rhythm
from app.features.sections import sectioned, sections
from app.features.sessions import UNKNOWN, Learnt, Sessions

HORIZON = 31 * DAY  # the longest window and a day for late payments
MOST_PAYMENTS = 5_000  # remembered a customer; beyond it the oldest are forgotten
SLACK = 32  # forgotten payments are cut off by so many at a time
HIGH = 150  # hundredths of the usual amount, above which an amount is in excess
MOST_EXCESS = 400  # of one payment
WRAP = (1 << 64) - 1  # running sums are kept modulo 2**64: differences stay exact
WRAP_EXCESS = (1 << 32) - 1
ID_BYTES = 8
HEADER = Struct("<BIIqddIIQ")
"""Version; payments; frauds; time and place of the last place; of what is forgotten:
payments, frauds among them, and their amount."""
FRAUD = Struct("<q8sQ8sI")
"""Time of the payment, hash of its id, amount, hashes of its terminal and card."""
VERSION = 6
NOWHERE = -(1 << 63)


Fraud = tuple[int, bytes, int, bytes, int]


class CustomerRow:
    """The payments of a customer, by event time, and the frauds among them.

    Holds, per payment, its time, the sums before it of amounts, of squared amounts
    and of excess, and hashes of its id, of its card and of what it paid to whom: 44
    bytes. Windows are exact, for a late payment too; a payment more than 31 days behind
    the newest is judged by what is left. Sums run on over what is forgotten: the usual
    amount is that of a lifetime.
    """

    __slots__ = (
        "_amounts",
        "_cards",
        "_excess",
        "_forgotten",
        "_frauds",
        "_ids",
        "_peers",
        "_place",
        "_placed_at",
        "_rhythm",
        "_sessions",
        "_squares",
        "_times",
        "_trail",
        "late",
        "memory",
    )
    _times: "array[int]"
    _amounts: "array[int]"  # one longer than times: its last is the sum of all
    _squares: "array[int]"
    _excess: "array[int]"  # in hundredths of the usual amount
    _cards: "array[int]"  # hashes, 0 without a card

    def __init__(self) -> None:
        self._times = array("q")
        self._amounts = array("Q", (0,))
        self._squares = array("Q", (0,))
        self._excess = array("I", (0,))
        self._cards = array("I")
        self._ids = bytearray()
        self._rhythm = Rhythm()
        self._frauds: list[Fraud] = []
        self._forgotten = (0, 0, 0)  # payments, frauds among them, their amount
        self._placed_at = NOWHERE
        self._place = Place(0.0, 0.0)
        self._trail: Trail | None = None  # where the phones were
        self.memory: Memory | None = None
        self.late = 0  # microseconds that the payment profiled last was behind
        self._sessions: Sessions | None = None  # of most customers there are none
        self._peers: Peers | None = None  # of fewer still

    def use(self, event: AppEvent) -> Learnt:
        """Learn what the customer did in the app."""
        if self._sessions is None:
            self._sessions = Sessions()
        return self._sessions.learn(event)

    def seen(self, payment_id: str) -> bool:
        """Whether a payment of that id is among those remembered."""
        return self._find(_hash(payment_id)) >= 0

    def knows(self, identity: int) -> bool:
        """Whether a payment is among those remembered, by `aggregates.hashed`."""
        return self._find(identity.to_bytes(ID_BYTES, "little", signed=True)) >= 0

    def _find(self, hashed: bytes) -> int:
        """Return the place of a payment that is not past the horizon, or -1."""
        ids = self._ids
        at = ids.find(hashed)
        if at >= 0:
            at = ids.find(hashed, self._stale() * ID_BYTES)
        while at % ID_BYTES and at >= 0:
            at = ids.find(hashed, at + 1)
        return at // ID_BYTES

    def label(self, label: Label) -> bool:
        """Learn a label of a payment remembered; return whether it changed anything.

        A fraud leaves the usual amount a week after its payment; an all-clear takes
        the label back.
        """
        hashed = _hash(label.transaction_id)
        here = self._find(hashed)
        if here < 0:
            return False
        amounts = self._amounts
        amount = amounts[here + 1] - amounts[here] & WRAP
        known = next((one for one in self._frauds if one[1] == hashed), None)
        if (known is not None) == label.fraud:
            return False
        if known:
            self._frauds.remove(known)
        else:
            terminal = _hash(label.terminal_id)
            fraud = self._times[here], hashed, amount, terminal, self._cards[here]
            insort(self._frauds, fraud)
        return True

    def fixes(self, told: Fixes) -> None:
        """Learn where a phone of the customer was."""
        if self._trail is None:
            self._trail = Trail()
        self._trail.learn(told)

    def join(self, told: Grouped) -> None:
        """Learn which group the customer moves with."""
        self._peers = Peers.joined(told, self._peers)

    def profile(self, payment: Payment) -> list[float | None]:
        """Return the payment's and the customer's features, then learn the payment.

        In the order of `catalogue.PROFILE`. Windows are (t - w, t]: they hold this
        payment, and those of the same moment that came before it.
        """
        at = microseconds(payment.occurred_at)
        amount = payment.amount
        major = MINOR_PER_MAJOR[payment.currency]
        times, amounts = self._times, self._amounts
        here = len(times)
        due = at - LABEL_DELAY
        self.late = 0
        first = 0  # what may be forgotten is in no window
        if here and at < times[-1]:
            self.late = times[-1] - at
            first = self._stale()
            here = max(bisect_right(times, at), first)
            due = max(due, times[-1] - HORIZON)
        elif here > MOST_PAYMENTS:
            first = self._stale()
        month = bisect_right(times, at - 30 * DAY, first, here)
        week = bisect_right(times, at - 7 * DAY, month, here)
        day = bisect_right(times, at - DAY, week, here)
        total = amounts[here]
        count = here + 1
        earlier = here - month
        month_sum = total - amounts[month] & WRAP
        ratio = z_score = None
        if earlier >= FEWEST:
            if month_sum:
                ratio = amount * earlier / month_sum
            z_score = self._z_score(amount, month, here)
        km, kmh = self._journey(payment, at)
        settled = week if due == at - LABEL_DELAY else bisect_right(times, due, 0, here)
        card = _card(payment.card.token) if payment.card else 0
        if payment.card and payment.card.was:
            self._rename(_card(payment.card.was), card)
        usual_ratio, known = self._against_usual(payment, settled, due, card)
        excess = self._excess
        features = [
            amount / major,
            1.0 if is_weekend(at) else 0.0,
            1.0 if is_night(at) else 0.0,
            float(count - day),
            ((total - amounts[day] & WRAP) + amount) / ((count - day) * major),
            float(count - week),
            ((total - amounts[week] & WRAP) + amount) / ((count - week) * major),
            float(count - month),
            (month_sum + amount) / ((count - month) * major),
            ratio,
            z_score,
            (at - times[here - 1]) / SECOND if here > first else None,
            km,
            kmh,
            usual_ratio,
            (excess[here] - excess[day] & WRAP_EXCESS) / 100,
            (excess[here] - excess[week] & WRAP_EXCESS) / 100,
            *known,
            *self._rhythm.profile(payment, at, times, month, here),
            *(self._trail.profile(payment.place, at) if self._trail else NOTHING),
            *(self._peers.profile(at) if self._peers else ALONE),
            *(self._sessions.read(payment, at) if self._sessions else UNKNOWN),
        ]
        own = 0
        if usual_ratio is not None:
            own = min(max(int(usual_ratio * 100) - HIGH, 0), MOST_EXCESS)
        self._learn(payment, at, here, own=own, card=card)
        return features

    def _against_usual(
        self, payment: Payment, settled: int, due: int, card: int
    ) -> tuple[float | None, tuple[float, float, float | None]]:
        """Return the amount against the usual one, and the frauds of 30 days.

        The usual amount is the mean of the first `settled` payments and those
        forgotten, without the frauds until `due`. The frauds are told in all, those
        at other terminals than the payment's, and those with its card.
        """
        count, past_frauds, past_amount = self._forgotten
        count += settled - past_frauds
        total = self._amounts[settled] - past_amount
        recent = elsewhere = by_card = 0.0
        terminal, since = b"", due - 23 * DAY
        if self._frauds:
            terminal = _hash(payment.terminal_id)
            since = max(since, self._times[-1] - HORIZON)
        for fraud_at, _, fraud_amount, place, used in self._frauds:
            if fraud_at > due:
                break
            count -= 1
            total -= fraud_amount
            if fraud_at > since:
                recent += 1
                elsewhere += place != terminal
                by_card += used == card
        known = recent, elsewhere, by_card if card else None
        if count < FEWEST or total <= 0:
            return None, known
        return payment.amount * count / total, known

    def _z_score(self, amount: int, start: int, end: int) -> float | None:
        """Return how far an amount is above those of a slice, in deviations."""
        squares = self._squares
        count = end - start
        total = self._amounts[end] - self._amounts[start] & WRAP
        spread = count * (squares[end] - squares[start] & WRAP) - total * total
        if spread <= 0 or total >= 1 << 32:  # its square would not fit 64 bits
            return None
        return (amount * count - total) / sqrt(spread)

    def _journey(self, payment: Payment, at: int) -> tuple[float | None, float | None]:
        """Return the way from the last place, in km, and the speed it needs, km/h."""
        place = payment.place
        if place is None or at < self._placed_at or self._placed_at == NOWHERE:
            return None, None
        km = distance_m(self._place, place) / 1_000
        return km, km * 3_600 * SECOND / max(at - self._placed_at, SECOND)

    def _rename(self, old: int, new: int) -> None:
        """Know a card by another hash from now on."""
        if old in self._cards:
            renamed = (new if one == old else one for one in self._cards)
            self._cards = array("I", renamed)
            self._frauds = [
                (*fraud[:-1], new) if fraud[-1] == old else fraud
                for fraud in self._frauds
            ]

    def _learn(
        self, payment: Payment, at: int, here: int, *, own: int, card: int
    ) -> None:
        """Remember a payment, its own excess and its card at its place in time."""
        times, amounts, squares = self._times, self._amounts, self._squares
        excess = self._excess
        amount = payment.amount
        square = amount * amount
        hashed = _hash(payment.id)
        if here == len(times):
            times.append(at)
            amounts.append(amounts[here] + amount & WRAP)
            squares.append((squares[here] + square) & WRAP)
            excess.append(excess[here] + own & WRAP_EXCESS)
            self._ids += hashed
        else:
            times.insert(here, at)
            amounts.insert(here, amounts[here])
            squares.insert(here, squares[here])
            excess.insert(here, excess[here])
            for later in range(here + 1, len(amounts)):
                amounts[later] = amounts[later] + amount & WRAP
                squares[later] = squares[later] + square & WRAP
                excess[later] = excess[later] + own & WRAP_EXCESS
            self._ids[here * ID_BYTES : here * ID_BYTES] = hashed
        self._cards.insert(here, card)
        if payment.place is not None and at >= self._placed_at:
            self._placed_at, self._place = at, payment.place
        if len(times) > SLACK and times[SLACK] <= times[-1] - HORIZON:
            self._forget(self._stale())
        elif len(times) > MOST_PAYMENTS + SLACK:
            self._forget(len(times) - MOST_PAYMENTS)

    def _stale(self) -> int:
        """Return how many payments at the start are past the horizon."""
        times = self._times
        past = bisect_right(times, times[-1] - HORIZON) if times else 0
        return max(past, len(times) - MOST_PAYMENTS)

    def _forget(self, count: int) -> None:
        self._forgotten, self._frauds = self._settled(count)
        del self._times[:count]
        del self._amounts[:count]
        del self._squares[:count]
        del self._excess[:count]
        del self._cards[:count]
        del self._ids[: count * ID_BYTES]
        self._rhythm.forget(count)

    def _settled(self, count: int) -> tuple[tuple[int, int, int], list[Fraud]]:
        """Return what is forgotten with so many more payments, and recent frauds."""
        payments, past_frauds, past_amount = self._forgotten
        frauds = self._frauds
        if frauds:
            past = bisect_right(frauds, self._times[-1] - HORIZON, key=itemgetter(0))
            past_amount += sum(amount for _, _, amount, *_ in frauds[:past])
            past_frauds += past
            frauds = frauds[past:]
        return (payments + count, past_frauds, past_amount), frauds

    def encode(self) -> bytes:
        """Return the row's bytes, the same whatever order its payments came in."""
        cut = self._stale()
        place = self._place
        forgotten, frauds = self._settled(cut)
        return b"".join(
            (
                HEADER.pack(
                    VERSION,
                    len(self._times) - cut,
                    len(frauds),
                    self._placed_at,
                    place.latitude,
                    place.longitude,
                    *forgotten,
                ),
                self._times[cut:],
                self._amounts[cut:],
                self._squares[cut:],
                self._excess[cut:],
                self._cards[cut:],
                self._ids[cut * ID_BYTES :],
                self._rhythm.keys[cut * KEY_BYTES :],
                *(FRAUD.pack(*fraud) for fraud in frauds),
                sections(
                    self._trail.encode() if self._trail else b"",
                    encode_memory(self.memory),
                    self._sessions.encode() if self._sessions else b"",
                    self._peers.encode() if self._peers else b"",
                ),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        if data[0] != VERSION:
            message = f"customer row: got version {data[0]}, expected {VERSION}"
            raise ValueError(message)
        _, count, labelled, placed_at, latitude, longitude, *forgotten = (
            HEADER.unpack_from(data)
        )
        row = cls()
        row._placed_at, row._place = placed_at, Place(latitude, longitude)
        row._forgotten = tuple(forgotten)
        times = HEADER.size
        amounts = times + 8 * count
        squares = amounts + 8 * (count + 1)
        excess = squares + 8 * (count + 1)
        cards = excess + 4 * (count + 1)
        ids = cards + 4 * count
        keys = ids + ID_BYTES * count
        frauds = keys + KEY_BYTES * count
        row._times = array("q", data[times:amounts])
        row._amounts = array("Q", data[amounts:squares])
        row._squares = array("Q", data[squares:excess])
        row._excess = array("I", data[excess:cards])
        row._cards = array("I", data[cards:ids])
        row._ids = bytearray(data[ids:keys])
        row._rhythm = Rhythm(data[keys:frauds])
        end = frauds + FRAUD.size * labelled
        row._frauds = list(FRAUD.iter_unpack(data[frauds:end]))
        trail, memory, sessions, peers = sectioned(data[end:], 4)
        row._trail = Trail.decode(trail) if trail else None
        row.memory = decode_memory(memory)
        row._sessions = Sessions.decode(sessions) if sessions else None
        row._peers = Peers.decode(peers) if peers else None
        return row

    def view(self) -> dict[str, object]:
        """Return the row as REST shows it: windows as of the last payment."""
        times, amounts = self._times, self._amounts
        phones = self._trail.view() if self._trail else []
        app = {"app": self._sessions.view()} if self._sessions else {}
        payments, frauds, _ = self._forgotten
        lifetime = {
            "payments": payments + len(times),
            "frauds": frauds + len(self._frauds),
        }
        if not times:
            return {"payments": 0, "phones": phones, "lifetime": lifetime, **app}
        windows = {}
        for days in (1, 7, 30):
            start = bisect_right(times, times[-1] - days * DAY)
            windows[f"{days}d"] = {
                "count": len(times) - start,
                "amount": amounts[-1] - amounts[start] & WRAP,
            }
        placed = self._placed_at != NOWHERE
        return {
            "payments": len(times),
            "last_payment_at": moment(times[-1]),
            "last_place": self._place if placed else None,
            "last_place_at": moment(self._placed_at) if placed else None,
            "windows": windows,
            "phones": phones,
            "lifetime": lifetime,
            "frauds": [
                {"occurred_at": moment(at), "amount": amount, "mark": hashed.hex()}
                for at, hashed, amount, *_ in self._frauds
            ],
            **app,
        }


def mark_of(payment_id: str) -> str:
    """Return the mark that a row shows of a payment's id.

    >>> len(mark_of("T000001"))
    16
    """
    return _hash(payment_id).hex()


def _hash(identity: str) -> bytes:
    """Return the 8 bytes by which a payment, or the terminal of a fraud, is known."""
    return mmh3.hash_bytes(identity)[:ID_BYTES]


def _card(token: str) -> int:
    """Return the 32 bits by which a card is known among its customer's, never 0."""
    return mmh3.hash(token, signed=False) or 1

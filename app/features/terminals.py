"""Terminals: what a terminal's past says of a payment."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from struct import Struct
from typing import Self

import mmh3

from app.events.labels import Label
from app.events.payments import Payment
from app.events.readings import Alarms
from app.features.aggregates import Memory, decode_memory, encode_memory, hashed
from app.features.clock import DAY, LABEL_DELAY, microseconds, moment
from app.features.machines import NOTHING, AlarmLog
from app.features.owners import Owners

HORIZON = 38 * DAY  # delay, longest window, and a day for late payments
MOST_PAYMENTS = 100_000  # remembered a terminal; beyond it the oldest are forgotten
SLACK = 32
OUTLYING = 2.2  # times the customer's usual: such an amount explains a fraud by itself
NO_RUN = (0.0, None, None)
NO_VICTIMS = (0.0, 0.0)
HEADER = Struct("<BIIII")  # version, payments, outlying ones, victims', frauds
FRAUD = Struct("<q8s")  # time of the payment, hash of its id
VERSION = 4
WITH_ALARMS, WITH_OWNERS = 1, 2  # added to the version of rows that have any

Recent = tuple[
    "array[int]",
    "array[int]",
    "array[int]",
    list[tuple[int, bytes]],
    Owners | None,
]


class TerminalRow:
    """The payments at a terminal and the frauds among them, by event time.

    A label counts at its payment's own time, whenever it arrives; told twice, it
    counts once; an all-clear takes it back. A fraud of an amount that is outlying
    for its customer says nothing of the terminal: the card was stolen elsewhere.
    A victim is a customer who was known as one of frauds at other terminals when
    paying here.
    Of which merchant a payment was is remembered too: a label does not say.
    `memory` holds what aggregates count. Of most terminals there are no alarms.
    """

    __slots__ = (
        "_alarms",
        "_frauds",
        "_outlying",
        "_owners",
        "_times",
        "_victims",
        "memory",
    )
    _times: "array[int]"
    _outlying: "array[int]"  # the times of payments that were outlying
    _victims: "array[int]"  # the times of victims' payments

    def __init__(self) -> None:
        self._times = array("q")
        self._outlying = array("q")
        self._victims = array("q")
        self._frauds: list[tuple[int, bytes]] = []
        self.memory: Memory | None = None
        self._alarms: AlarmLog | None = None
        self._owners: Owners | None = None

    def alarm(self, told: Alarms) -> None:
        """Learn what the terminal's cash machine felt."""
        if self._alarms is None:
            self._alarms = AlarmLog()
        self._alarms.learn(told)

    def profile(
        self,
        payment: Payment,
        usual_ratio: float | None = None,
        *,
        elsewhere: float | None = 0.0,
    ) -> list[float | None]:
        """Return the terminal's features for a payment, then learn the payment.

        In the order of `catalogue.TERMINAL_FEATURES`. Windows are
        (t - 7 d - w, t - 7 d]. `usual_ratio` is the payment's amount against its
        customer's usual one, `elsewhere` the customer's known frauds at other
        terminals.
        """
        at = microseconds(payment.occurred_at)
        times = self._times
        due = at - LABEL_DELAY
        end = bisect_right(times, due)
        oldest, first = at - HORIZON, 0  # what may be forgotten is in no window
        if times and at < times[-1]:
            oldest = times[-1] - HORIZON
            first = bisect_right(times, oldest)
            end = max(end, first)
        features: list[float | None] = []
        frauds = self._frauds
        fraud_end = bisect_right(frauds, due, key=_time) if frauds else 0
        for days in (1, 7, 30):
            start = max(due - days * DAY, oldest)
            count = end - bisect_right(times, start, first, end)
            risk = 0.0
            if fraud_end and count:
                before = bisect_right(frauds, start, 0, fraud_end, key=_time)
                risk = min(1.0, (fraud_end - before) / count)
            features += (float(count), risk)
        today = at // DAY
        settled = end > first and times[end - 1] > oldest
        features.append(float(today - times[end - 1] // DAY) if settled else None)
        features += self._run(today, due, oldest) if fraud_end else NO_RUN
        features += self._neighbours(due, first, end) if self._victims else NO_VICTIMS
        alarms = self._alarms
        features += alarms.profile(at) if alarms else NOTHING
        if payment.merchant_id is not None or self._owners is not None:
            self._own(payment.merchant_id, at)
        if not times or at >= times[-1]:
            times.append(at)
        else:
            insort(times, at)
        if usual_ratio is not None and usual_ratio > OUTLYING:
            insort(self._outlying, at)
        if elsewhere:
            insort(self._victims, at)
        if (
            times[min(SLACK, len(times) - 1)] <= times[-1] - HORIZON
            or len(times) > MOST_PAYMENTS + SLACK
        ):
            (
                self._times,
                self._outlying,
                self._victims,
                self._frauds,
                self._owners,
            ) = self._recent()
        return features

    def _own(self, merchant_id: str | None, at: int) -> None:
        """Remember of which merchant a payment is."""
        if self._owners is None:
            self._owners = Owners()
        merchant = 0 if merchant_id is None else hashed(merchant_id)
        self._owners.add(merchant, self._times, at)

    def _neighbours(self, due: int, first: int, end: int) -> tuple[float, float]:
        """Return the victims' payments of 7 days, and their share in 30 days.

        Until `due`, of the payments from `first` to `end`.
        """
        victims, times = self._victims, self._times
        last = bisect_right(victims, due)
        known = bisect_left(victims, times[first], 0, last) if first < end else last
        count = last - bisect_right(victims, due - 30 * DAY, known, last)
        month = bisect_right(times, due - 30 * DAY, first, end)
        if not count or month == end:
            return NO_VICTIMS
        recent = last - bisect_right(victims, due - 7 * DAY, known, last)
        return float(recent), min(1.0, count / (end - month))

    def _run(self, today: int, due: int, oldest: int) -> Iterable[float | None]:
        """Return what the frauds since the last honest payment say on a day.

        Only frauds that no outlying amount explains are counted and dated.
        """
        times = self._times
        before = bisect_right(times, due)
        count, first = 0, 0
        for at, _ in reversed(self._frauds):
            if at > due:
                continue
            if at <= oldest or bisect_right(times, at) < before:
                break
            before = bisect_left(times, at)
            if not self._explained(at):
                count, first = count + 1, at
        if not count:
            return NO_RUN
        honest = before and times[before - 1] > oldest
        return (
            float(count),
            float(today - first // DAY),
            float(today - times[before - 1] // DAY) if honest else None,
        )

    def _explained(self, at: int) -> bool:
        """Whether the payment of a moment was of an outlying amount."""
        here = bisect_left(self._outlying, at)
        return here < len(self._outlying) and self._outlying[here] == at

    def label(self, label: Label) -> bool:
        """Learn a label; return whether it changed anything."""
        fraud = microseconds(label.occurred_at), _hash(label.transaction_id)
        known = fraud in self._frauds
        if known == label.fraud:
            return False
        if label.fraud:
            insort(self._frauds, fraud)
        else:
            self._frauds.remove(fraud)
        return True

    def merchant_of(self, label: Label) -> int:
        """Return the hash of the merchant whose payment a label is of.

        0 where that is not known: it named none, was never seen here or is forgotten,
        or several merchants took payments at its moment.
        """
        times, at = self._times, microseconds(label.occurred_at)
        if self._owners is None or at <= times[-1] - HORIZON:
            return 0
        first = max(bisect_left(times, at), len(times) - MOST_PAYMENTS)
        return self._owners.among(first, bisect_right(times, at))

    def encode(self) -> bytes:
        """Return the row's bytes, the same whatever order its events came in."""
        times, outlying, victims, frauds, owners = self._recent()
        alarms = self._alarms
        version = VERSION
        version += WITH_ALARMS if alarms else 0
        version += WITH_OWNERS if owners else 0
        return b"".join(
            (
                HEADER.pack(
                    version, len(times), len(outlying), len(victims), len(frauds)
                ),
                times.tobytes(),
                outlying.tobytes(),
                victims.tobytes(),
                *(FRAUD.pack(*fraud) for fraud in frauds),
                owners.encode() if owners else b"",
                alarms.encode() if alarms else b"",
                encode_memory(self.memory),
            )
        )

    def _recent(self) -> Recent:
        """Return what is not past the horizon."""
        times, outlying, frauds = self._times, self._outlying, self._frauds
        victims, owners = self._victims, self._owners
        if times:
            oldest = times[-1] - HORIZON
            outlying = outlying[bisect_right(outlying, oldest) :]
            frauds = frauds[bisect_right(frauds, oldest, key=_time) :]
            past = max(bisect_right(times, oldest), len(times) - MOST_PAYMENTS)
            owners = owners.since(past) if owners else None
            times = times[past:]
            victims = victims[bisect_left(victims, times[0]) :]
        return times, outlying, victims, frauds, owners

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        extra = data[0] - VERSION
        if not 0 <= extra <= WITH_ALARMS + WITH_OWNERS:
            message = f"terminal row: got version {data[0]}, expected {VERSION}"
            raise ValueError(message)
        _, count, outlying, victims, past = HEADER.unpack_from(data)
        row = cls()
        start = HEADER.size
        end = start + 8 * count
        row._times = array("q", data[start:end])
        start, end = end, end + 8 * outlying
        row._outlying = array("q", data[start:end])
        start, end = end, end + 8 * victims
        row._victims = array("q", data[start:end])
        start, end = end, end + FRAUD.size * past
        row._frauds = list(FRAUD.iter_unpack(data[start:end]))
        if extra & WITH_OWNERS:
            row._owners, length = Owners.decode(data[end:])
            end += length
        if extra & WITH_ALARMS:
            row._alarms, length = AlarmLog.decode(data[end:])
            end += length
        row.memory = decode_memory(data[end:])
        return row

    def view(self) -> dict[str, object]:
        """Return the row as REST shows it."""
        times, frauds = self._times, self._frauds
        return {
            "payments": len(times),
            "frauds": len(frauds),
            "last_payment_at": moment(times[-1]) if times else None,
            "last_fraud_at": moment(frauds[-1][0]) if frauds else None,
            "alarms": self._alarms.view() if self._alarms else [],
        }


def _time(fraud: tuple[int, bytes]) -> int:
    return fraud[0]


def _hash(transaction_id: str) -> bytes:
    """Return the 8 bytes by which a fraud is remembered."""
    return mmh3.hash_bytes(transaction_id)[:8]

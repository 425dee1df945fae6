"""Terminals: what a terminal's past says of a payment."""

from array import array
from bisect import bisect_right, insort
from struct import Struct
from typing import Self

import mmh3

from app.events.labels import Label
from app.events.payments import Payment
from app.features.clock import DAY, microseconds, moment

LABEL_DELAY = 7 * DAY  # labels count from a week after their payment
HORIZON = 38 * DAY  # delay, longest window, and a day for late payments
MOST_PAYMENTS = 100_000  # remembered a terminal; beyond it the oldest are forgotten
SLACK = 32
HEADER = Struct("<BII")  # version, payments, frauds
FRAUD = Struct("<q8s")  # time of the payment, hash of its id
VERSION = 1


class TerminalRow:
    """The payments at a terminal and the frauds among them, by event time.

    A label counts at its payment's own time, whenever it arrives; told twice, it
    counts once; an all-clear takes it back.
    """

    __slots__ = ("_frauds", "_times")
    _times: "array[int]"

    def __init__(self) -> None:
        self._times = array("q")
        self._frauds: list[tuple[int, bytes]] = []

    def profile(self, payment: Payment) -> list[float | None]:
        """Return the terminal's features for a payment, then learn the payment.

        In the order of `catalogue.TERMINAL_FEATURES`. Windows are
        (t - 7 d - w, t - 7 d].
        """
        at = microseconds(payment.occurred_at)
        times = self._times
        due = at - LABEL_DELAY
        end = bisect_right(times, due)
        features: list[float | None] = []
        frauds = self._frauds
        fraud_end = bisect_right(frauds, due, key=_time) if frauds else 0
        for days in (1, 7, 30):
            start = due - days * DAY
            count = end - bisect_right(times, start, 0, end)
            risk = 0.0
            if fraud_end and count:
                first = bisect_right(frauds, start, 0, fraud_end, key=_time)
                risk = (fraud_end - first) / count
            features += (float(count), risk)
        if not times or at >= times[-1]:
            times.append(at)
        else:
            insort(times, at)
        if times[min(SLACK, len(times) - 1)] <= times[-1] - HORIZON:
            del times[: self._stale()]
        elif len(times) > MOST_PAYMENTS + SLACK:
            del times[: len(times) - MOST_PAYMENTS]
        return features

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

    def _stale(self) -> int:
        """Return how many payments at the start are past the horizon."""
        times = self._times
        past = bisect_right(times, times[-1] - HORIZON) if times else 0
        return max(past, len(times) - MOST_PAYMENTS)

    def encode(self) -> bytes:
        """Return the row's bytes, the same whatever order its events came in."""
        cut = self._stale()
        frauds = self._frauds
        if frauds and self._times:
            oldest = self._times[-1] - HORIZON
            frauds = frauds[bisect_right(frauds, oldest, key=_time) :]
        return b"".join(
            (
                HEADER.pack(VERSION, len(self._times) - cut, len(frauds)),
                self._times[cut:].tobytes(),
                *(FRAUD.pack(*fraud) for fraud in frauds),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        version, count, _ = HEADER.unpack_from(data)
        if version != VERSION:
            message = f"terminal row: got version {version}, expected {VERSION}"
            raise ValueError(message)
        row = cls()
        end = HEADER.size + 8 * count
        row._times = array("q", data[HEADER.size : end])
        row._frauds = list(FRAUD.iter_unpack(data[end:]))
        return row

    def view(self) -> dict[str, object]:
        """Return the row as REST shows it."""
        times, frauds = self._times, self._frauds
        return {
            "payments": len(times),
            "frauds": len(frauds),
            "last_payment_at": moment(times[-1]) if times else None,
            "last_fraud_at": moment(frauds[-1][0]) if frauds else None,
        }


def _time(fraud: tuple[int, bytes]) -> int:
    return fraud[0]


def _hash(transaction_id: str) -> bytes:
    """Return the 8 bytes by which a fraud is remembered."""
    return mmh3.hash_bytes(transaction_id)[:8]

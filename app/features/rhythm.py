"""Rhythm: how a payment fits the hours, the pace and the payees of its customer."""

from array import array

import mmh3

from app.events.payments import Payment
from app.features.clock import DAY, HOUR

FEWEST = 5  # earlier payments that make a habit
KEY_BYTES = 4
HOURS = 24


class Rhythm:
    """The hours and the standing orders of a customer, in the order of the row.

    Keeps a hash of each payment's payee and amount: 4 bytes. How many payments each
    hour of the day has is counted of the slice that was asked for last, and moves
    along with it: it is found anew after a restart, so that none of it is stored.
    """

    __slots__ = ("_end", "_hours", "_start", "keys")
    _hours: "array[int]"

    def __init__(self, keys: bytes = b"") -> None:
        self.keys = bytearray(keys)
        self._restart()

    def _restart(self) -> None:
        self._hours = array("H", bytes(2 * HOURS))
        self._start = self._end = 0

    def profile(
        self, payment: Payment, at: int, times: "array[int]", start: int, end: int
    ) -> tuple[float | None, ...]:
        """Return what the rhythm says of a payment, then learn the payment.

        In the order of the catalogue. The row's times from `start` to `end` are those
        of the 30 days before it.
        """
        self._slide(start, end, times)
        count = end - start
        share = pace = days = ratio = None
        if count >= FEWEST:
            hours, hour = self._hours, at // HOUR % HOURS
            near = hours[hour - 1] + hours[hour] + hours[(hour + 1) % HOURS]
            share = near / count
            if passed := times[end - 1] - times[start]:
                pace = (at - times[end - 1]) * (count - 1) / passed
        key = _key(payment)
        last = self._find(key, start, end)
        if last >= 0:
            since = at - times[last]
            days = since / DAY
            before = self._find(key, start, last)
            if before >= 0 and (usual := times[last] - times[before]):
                ratio = since / usual
        here = end * KEY_BYTES
        self.keys[here:here] = key
        return share, pace, days, ratio

    def _slide(self, start: int, end: int, times: "array[int]") -> None:
        """Count the hours of the payments from `start` to `end`."""
        hours, first, last = self._hours, self._start, self._end
        self._start, self._end = start, end
        if first == last:
            first = last = start
        while last < end:
            hours[times[last] // HOUR % HOURS] += 1
            last += 1
        while first > start:
            first -= 1
            hours[times[first] // HOUR % HOURS] += 1
        while first < start:
            hours[times[first] // HOUR % HOURS] -= 1
            first += 1
        while last > end:
            last -= 1
            hours[times[last] // HOUR % HOURS] -= 1

    def _find(self, key: bytes, start: int, end: int) -> int:
        """Return the place of a key's last payment from `start` to `end`, or -1."""
        keys, first = self.keys, start * KEY_BYTES
        at = keys.rfind(key, first, end * KEY_BYTES)
        while at % KEY_BYTES and at >= 0:
            at = keys.rfind(key, first, at + KEY_BYTES - 1)
        return at // KEY_BYTES

    def forget(self, count: int) -> None:
        """Forget so many of the oldest payments."""
        del self.keys[: count * KEY_BYTES]
        if self._start < count:
            self._restart()
        else:
            self._start -= count
            self._end -= count


def _key(payment: Payment) -> bytes:
    """Return the 4 bytes by which who was paid (or where) and how much is known."""
    payee = payment.beneficiary_id or payment.merchant_id or payment.terminal_id
    return mmh3.hash_bytes(f"{payment.amount} {payee}")[:KEY_BYTES]

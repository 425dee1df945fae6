"""Rhythm: how a payment fits the hours, the pace and the payees of its customer."""

from array import array

import mmh3

from app.events.payments import Payment
from app.features.clock import DAY, HOUR

FEWEST = 5  # earlier payments that make a habit
ALIKE = 10  # amounts are about the same where one in so many is what they differ by
MOST_LOOKED = 8  # payments to the payee whose amounts are looked at
PAYEE_BYTES = 4
WRAP = (1 << 64) - 1
HOURS = 24


class Rhythm:
    """The hours and the payees of a customer's payments, in the row's order.

    Keeps a hash of each payee, 4 bytes a payment. How many payments each hour of the
    day has is counted of the slice that was asked for last, and moves along with the
    slice: it is found anew after a restart, so that none of it is stored.
    """

    __slots__ = ("_end", "_hours", "_start", "payees")
    _hours: "array[int]"

    def __init__(self, payees: bytes = b"") -> None:
        self.payees = bytearray(payees)
        self._restart()

    def _restart(self) -> None:
        self._hours = array("H", bytes(2 * HOURS))
        self._start = self._end = 0

    def profile(
        self,
        payment: Payment,
        at: int,
        earlier: slice,
        *,
        times: "array[int]",
        amounts: "array[int]",
    ) -> list[float | None]:
        """Return what the rhythm says of a payment, as the catalogue has it.

        `earlier` are the row's payments of the 30 days before it; `amounts` are sums
        before each.
        """
        start, end = earlier.start, earlier.stop
        self._slide(start, end, times)
        count = end - start
        share = pace = days = ratio = None
        if count >= FEWEST:
            hours, hour = self._hours, at // HOUR % HOURS
            near = hours[hour - 1] + hours[hour] + hours[(hour + 1) % HOURS]
            share = near / count
            if passed := times[end - 1] - times[start]:
                pace = (at - times[end - 1]) * (count - 1) / passed
        last, before = self._alike(payment, start, end, amounts)
        if last is not None:
            since = at - times[last]
            days = since / DAY
            if before is not None and (usual := times[last] - times[before]):
                ratio = since / usual
        return [share, pace, days, ratio]

    def _slide(self, start: int, end: int, times: "array[int]") -> None:
        """Count the hours of the payments from `start` to `end`."""
        hours = self._hours
        if self._start == self._end:
            self._start = self._end = start
        while self._end < end:
            hours[times[self._end] // HOUR % HOURS] += 1
            self._end += 1
        while self._start > start:
            self._start -= 1
            hours[times[self._start] // HOUR % HOURS] += 1
        while self._start < start:
            hours[times[self._start] // HOUR % HOURS] -= 1
            self._start += 1
        while self._end > end:
            self._end -= 1
            hours[times[self._end] // HOUR % HOURS] -= 1

    def _alike(
        self, payment: Payment, start: int, end: int, amounts: "array[int]"
    ) -> tuple[int | None, int | None]:
        """Return the last two payments of about this amount to the payee.

        Of the last eight to the payee from `start` to `end`, the newest first.
        """
        payees, payee, amount = self.payees, _hash(payment), payment.amount
        first, at = start * PAYEE_BYTES, end * PAYEE_BYTES
        last = None
        for _ in range(MOST_LOOKED):
            at = payees.rfind(payee, first, at)
            while at % PAYEE_BYTES and at >= 0:
                at = payees.rfind(payee, first, at + PAYEE_BYTES - 1)
            if at < 0:
                break
            here = at // PAYEE_BYTES
            other = amounts[here + 1] - amounts[here] & WRAP
            if abs(other - amount) * ALIKE <= max(other, amount):
                if last is not None:
                    return last, here
                last = here
        return last, None

    def learn(self, payment: Payment, here: int) -> None:
        """Remember the payee of the payment that has just been profiled."""
        at = here * PAYEE_BYTES
        self.payees[at:at] = _hash(payment)

    def forget(self, count: int) -> None:
        """Forget so many of the oldest payments."""
        del self.payees[: count * PAYEE_BYTES]
        if self._start < count:
            self._restart()
        else:
            self._start -= count
            self._end -= count


def _hash(payment: Payment) -> bytes:
    """Return the 4 bytes by which the payee is remembered: who was paid, or where."""
    payee = payment.beneficiary_id or payment.merchant_id or payment.terminal_id
    return mmh3.hash_bytes(payee)[:PAYEE_BYTES]

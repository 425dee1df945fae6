"""Merchants: what all terminals of a merchant say of a payment at one of them."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from struct import Struct
from typing import Self

from app.events.merchants import MerchantLabel
from app.features.aggregates import hashed
from app.features.clock import DAY, LABEL_DELAY

DELAY = LABEL_DELAY // DAY + 1  # days back to the last whole one whose labels are due
DAYS = 30 + DELAY + 1  # remembered: a window, what is before it, one for late payments
LARGEST = (1 << 32) - 1
NEVER = -(1 << 31)

HEADER = Struct("<BiHI")  # version, newest day, days not told yet, frauds
OWN = Struct("<iI")  # day, payments
FRAUD = Struct("<qqq")  # time of the payment, hashes of its id and of its terminal
VERSION = 1

Told = tuple[float, float, float, float, Mapping[int, int]]


class MerchantRow:
    """A merchant's payments by UTC day, and the frauds among them, at all terminals.

    What all partitions have told, this one included: so every partition's row comes to
    say the same. What this partition has not told yet counts apart. A label counts at
    its payment's own time; told twice, it counts once; an all-clear takes it back.
    """

    __slots__ = ("_asked", "_counts", "_frauds", "_newest", "_told", "_untold")
    _counts: "array[int]"  # of 39 days, the newest last

    def __init__(self) -> None:
        self._newest = NEVER
        self._counts = array("I", bytes(4 * DAYS))
        self._frauds: list[tuple[int, int, int]] = []
        self._untold: dict[int, int] = {}
        self._asked: int | None = None  # the day that `_told` is of
        self._told: Told = 0.0, 0.0, 0.0, 0.0, {}

    def profile(self, day: int, terminal_id: str) -> list[float | None]:
        """Return the merchant's features for a payment of a day at a terminal.

        In the order of `catalogue.MERCHANT_FEATURES`. Windows are whole days, UTC,
        the last of them 8 days before.
        """
        if day != self._asked:
            self._told, self._asked = self._until(day - DELAY), day
        count, week, month, risk, places = self._told
        here = places.get(hashed(terminal_id), 0) if places else 0
        return [count, week, month, month - here, risk]

    def _until(self, last: int) -> Told:
        """Return what the window says that ends with a day."""
        end = last - self._newest + DAYS
        count = sum(self._counts[max(end - 30, 0) : max(end, 0)])
        frauds = self._frauds
        if not frauds:
            return float(count), 0.0, 0.0, 0.0, {}
        after = bisect_left(frauds, ((last + 1) * DAY,))
        month = frauds[bisect_left(frauds, ((last - 29) * DAY,)) : after]
        week = after - bisect_left(frauds, ((last - 6) * DAY,), 0, after)
        risk = min(1.0, len(month) / count) if count else 0.0
        places = Counter(terminal for *_, terminal in month)
        return float(count), float(week), float(len(month)), risk, places

    def pay(self, day: int) -> None:
        """Count a payment of this partition; it is told when the day is over."""
        self._untold[day] = self._untold.get(day, 0) + 1

    def untold(self, before: int) -> list[tuple[int, int]]:
        """Return the payments, by day, that are to be told when a day begins."""
        return sorted(one for one in self._untold.items() if one[0] < before)

    def tell(self, before: int) -> None:
        """Know payments of the days before one as told."""
        self._untold = {d: n for d, n in self._untold.items() if d >= before}

    def add(self, day: int, payments: int) -> None:
        """Learn what some partition told of a day."""
        counts = self._counts
        if (ahead := day - self._newest) > 0:
            kept = counts[min(ahead, DAYS) :]
            counts = self._counts = kept + array("I", bytes(4 * (DAYS - len(kept))))
            self._newest = day
            del self._frauds[: bisect_left(self._frauds, (self._oldest,))]
        elif ahead <= -DAYS:
            return
        place = day - self._newest - 1
        counts[place] = min(counts[place] + payments, LARGEST)
        self._asked = None

    def label(self, told: MerchantLabel) -> None:
        """Learn that a payment was fraud, or was not."""
        if told.at < self._oldest:
            return
        fraud = told.at, told.payment, told.terminal
        here = bisect_left(self._frauds, fraud)
        known = self._frauds[here : here + 1] == [fraud]
        if told.fraud and not known:
            self._frauds.insert(here, fraud)
        elif known and not told.fraud:
            del self._frauds[here]
        self._asked = None

    def past(self, day: int) -> bool:
        """Say whether nothing of it matters any more on a day."""
        oldest = day - DAYS
        return (
            not self._untold
            and self._newest <= oldest
            and (not self._frauds or self._frauds[-1][0] < (oldest + 1) * DAY)
        )

    @property
    def _oldest(self) -> int:
        """When the first day began that is remembered."""
        return (self._newest - DAYS + 1) * DAY

    def encode(self) -> bytes:
        """Return the row's bytes, the same whatever order it was told in."""
        untold, frauds = sorted(self._untold.items()), self._frauds
        return b"".join(
            (
                HEADER.pack(VERSION, self._newest, len(untold), len(frauds)),
                self._counts.tobytes(),
                *(OWN.pack(*one) for one in untold),
                *(FRAUD.pack(*fraud) for fraud in frauds),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        if data[0] != VERSION:
            message = f"merchant row: got version {data[0]}, expected {VERSION}"
            raise ValueError(message)
        _, newest, untold, _ = HEADER.unpack_from(data)
        row = cls()
        own = HEADER.size + 4 * DAYS
        frauds = own + OWN.size * untold
        row._newest = newest
        row._counts = array("I", data[HEADER.size : own])
        row._untold = dict(OWN.iter_unpack(data[own:frauds]))
        row._frauds = list(FRAUD.iter_unpack(data[frauds:]))
        return row

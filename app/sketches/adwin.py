"""ADWIN: the mean of a stream now, over a window that shrinks when it changes.

Bifet and Gavaldà, Learning from Time-Changing Data with Adaptive Windowing (SDM 2007),
the version ADWIN2: the window is kept as an exponential histogram, so that n values
take O(log n) memory, and is cut where two parts of it differ by more than chance
explains.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

MOST = 5
"""Buckets of one size, at most, as in the paper."""
FEWEST = 5
"""Values that each of two parts must have to be compared."""


class Bucket(NamedTuple):
    """Values that are kept as one; `spread` is the sum of squares from their mean."""

    size: int
    total: float
    spread: float

    def __add__(self, other: object) -> "Bucket":
        """Merge two buckets (Chan et al., 1979)."""
        if not isinstance(other, Bucket):
            return NotImplemented
        size = self.size + other.size
        if not self.size or not other.size:
            return self if self.size else other
        apart = self.total / self.size - other.total / other.size
        between = apart * apart * self.size * other.size / size
        return Bucket(
            size, self.total + other.total, self.spread + other.spread + between
        )


_NOTHING = Bucket(0, 0.0, 0.0)


class Adwin:
    """A window over values of 0 to 1, all of one mean as far as can be told.

    `delta` bounds the chance that a value is dropped though the mean never changed.
    A change is found once the parts before and after it differ by `bound` of the two.
    """

    def __init__(self, *, delta: float = 0.002) -> None:
        self._delta = delta
        self._rows: list[list[Bucket]] = []  # of 1, 2, 4, … adds; the oldest first

    @property
    def width(self) -> int:
        """How many values the window holds."""
        return sum(bucket.size for bucket in self.buckets())

    @property
    def mean(self) -> float:
        """The mean of the window; 0 when it is empty."""
        whole = self._whole()
        return whole.total / whole.size if whole.size else 0.0

    def add(self, value: float) -> bool:
        """Take a value; say whether the window was cut, since the mean has changed.

        >>> window = Adwin()
        >>> [at for at in range(200) if window.add(0.1 if at < 100 else 0.9)][:1]
        [112]
        """
        return self.add_block(Bucket(1, value, 0.0))

    def add_block(self, block: Bucket) -> bool:
        """Take several values as one bucket, which is kept or dropped as a whole.

        Blocks should be of like size. The bounds are those of the single values.
        """
        self._insert(block)
        changed = False
        while self._rows and self._differs():
            self._drop_oldest()
            changed = True
        return changed

    def buckets(self) -> Iterator[Bucket]:
        """Give the buckets, the oldest values first."""
        for row in reversed(self._rows):
            yield from row

    def _insert(self, bucket: Bucket) -> None:
        for place in range(len(self._rows) + 1):
            if place == len(self._rows):
                self._rows.append([])
            row = self._rows[place]
            row.append(bucket)
            if len(row) <= MOST:
                return
            bucket = row[0] + row[1]
            del row[:2]

    def _drop_oldest(self) -> None:
        del self._rows[-1][0]
        while self._rows and not self._rows[-1]:
            self._rows.pop()

    def _whole(self) -> Bucket:
        whole = _NOTHING
        for bucket in self.buckets():
            whole = whole + bucket
        return whole

    def _differs(self) -> bool:
        """Say whether some place parts the window into two of different means."""
        whole = self._whole()
        old = total = 0.0
        for bucket, _ in pairwise(self.buckets()):
            old += bucket.size
            total += bucket.total
            new = whole.size - old
            if min(old, new) < FEWEST:
                continue
            apart = abs(total / old - (whole.total - total) / new)
            if apart > bound(whole, old, new, delta=self._delta):
                return True
        return False


def bound(whole: Bucket, old: float, new: float, *, delta: float) -> float:
    """Return by how much two parts of a window must differ (the paper's section 3.1).

    Bernstein's inequality with the window's variance; `old` and `new` are their counts.
    """
    harmonic = 1 / (1 / old + 1 / new)
    chance = log(2 * log(whole.size) / delta)
    variance = whole.spread / whole.size
    return sqrt(2 / harmonic * variance * chance) + 2 / (3 * harmonic) * chance

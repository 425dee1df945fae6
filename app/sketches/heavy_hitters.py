"""Heavy hitters: the most frequent keys of a stream, in bounded memory.

The summary of Misra and Gries, fed by blocks that are counted exactly, as summaries
are merged in Agarwal et al., "Mergeable Summaries" (PODS 2012): what does not fit
takes as much from each count that is kept, so `most` counts are wrong by a
(`most` + 1)th of the stream at the most, and all of them alike too low.
"""

from collections import Counter
from collections.abc import Iterable
from heapq import nlargest
from typing import NamedTuple

BLOCK = 4_096
"""Distinct keys that are counted exactly before they are merged."""


class Frequent(NamedTuple):
    """A key, how often it came at the least, and how much more it may have been."""

    key: bytes
    times: int
    unsure: int


class HeavyHitters:
    """Counts the most frequent keys of a stream: a function of its order alone.

    >>> seen = HeavyHitters(most=2)
    >>> seen.add([b"a", b"b", b"a", b"c", b"a"])
    >>> seen.top(1)
    [Frequent(key=b'a', times=2, unsure=1)]
    """

    __slots__ = ("_block", "_counts", "most", "total", "unsure")

    def __init__(self, most: int = 256) -> None:
        self.most = most
        self.total = 0
        self.unsure = 0
        self._counts: Counter[bytes] = Counter()
        self._block: Counter[bytes] = Counter()

    def add(self, keys: Iterable[bytes]) -> None:
        """Count keys."""
        block = self._block
        block.update(keys)
        if len(block) >= BLOCK:
            self._merge()

    def top(self, count: int) -> list[Frequent]:
        """Return the most frequent keys, the first one the most; ties by key."""
        self._merge()
        best = nlargest(count, ((n, key) for key, n in self._counts.items()))
        return [Frequent(key, n, self.unsure) for n, key in best]

    def _merge(self) -> None:
        block = self._block
        if not block:
            return
        self.total += block.total()
        counts = self._counts
        counts.update(block)
        if len(counts) > self.most:
            least = nlargest(self.most + 1, counts.values())[-1]
            self.unsure += least
            self._counts = Counter(
                {key: n - least for key, n in counts.items() if n > least}
            )
        self._block = Counter()

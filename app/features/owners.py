"""Owners: of which merchant each payment at a terminal was."""

from array import array
from bisect import bisect_right
from struct import Struct
from typing import Self

COUNT = Struct("<I")


class Owners:
    """The merchants of a terminal's payments, in the payments' order.

    Merchants are hashes, 0 for none. Most terminals are one merchant's: then one
    number stands for all payments.
    """

    __slots__ = ("_each", "_one")

    def __init__(self, one: int = 0, each: "array[int] | None" = None) -> None:
        self._one = one
        self._each = each

    def __bool__(self) -> bool:
        """Whether any payment was of a merchant."""
        return bool(self._one) or self._each is not None

    def add(self, merchant: int, times: "array[int]", at: int) -> None:
        """Remember of whom a payment is, before its time is among the `times`."""
        each = self._each
        if each is None:
            if merchant == self._one:
                return
            if not times:
                self._one = merchant
                return
            each = self._each = array("q", (self._one,)) * len(times)
        here = bisect_right(times, at)
        while here and times[here - 1] == at and each[here - 1] > merchant:
            here -= 1  # of one moment in the merchants' order, whichever came first
        each.insert(here, merchant)

    def among(self, start: int, end: int) -> int:
        """Return of whom some payments are; 0 if of nobody or several."""
        if self._each is None:
            return self._one if start < end else 0
        found = set(self._each[start:end])
        return found.pop() if len(found) == 1 else 0

    def since(self, place: int) -> Self:
        """Return those of the payments from a place on, of which there are some."""
        if self._each is None:
            return type(self)(self._one)
        each = self._each[place:]
        alike = each.count(each[0]) == len(each)
        return type(self)(each[0]) if alike else type(self)(each=each)

    def encode(self) -> bytes:
        """Return the bytes of what `since` returned."""
        each = array("q", (self._one,)) if self._each is None else self._each
        return COUNT.pack(len(each)) + each.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> tuple[Self, int]:
        """Return what `encode` made the bytes from, and how many they are."""
        (count,) = COUNT.unpack_from(data)
        end = COUNT.size + 8 * count
        each = array("q", data[COUNT.size : end])
        return (cls(each[0]) if count == 1 else cls(each=each)), end

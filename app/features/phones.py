"""Phones: where a customer's phones were, and what that says of a payment."""

from typing import NamedTuple, Self

import msgspec

from app.events.payments import Place
from app.events.readings import Fixes
from app.features.clock import CLOCKS, HOUR, SECOND, microseconds, moment
from app.features.places import distance_m

PHONES = 4  # remembered a customer, those heard last
FIXES = 8  # remembered a phone, the newest ones
TOO_OLD = 6 * HOUR  # a fix further from the payment says nothing
RECENT = HOUR  # for which a phone's own doubts count
PLACE_M = 1_000.0  # how exactly the place of a terminal is known
LEAST = SECOND  # between two fixes of one phone
NOTHING: list[float | None] = [None] * 7
"""What no phone says of a payment."""


class Seen(NamedTuple):
    """A fix as a row keeps it.

    `at` and `ahead` in microseconds; `kmh` is the least speed to come from the fix
    before, null for a first one; `doubts` their number.
    """

    at: int
    latitude: float
    longitude: float
    accuracy_m: float
    ahead: int
    kmh: float | None
    doubts: int

    @property
    def place(self) -> Place:
        """The point of the fix."""
        return Place(self.latitude, self.longitude)


Kept = dict[str, list[Seen]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Trail:
    """The last fixes of a customer's phones, each phone's by event time."""

    __slots__ = ("_phones",)

    def __init__(self) -> None:
        self._phones: Kept = {}

    def learn(self, told: Fixes) -> None:
        """Remember fixes; each at its own time, whenever it arrives.

        What still lies in the future when an older one comes was told by a clock that
        went ahead, and is forgotten.
        """
        seen = self._phones.pop(told.device_id, [])
        latest = microseconds(told.received_at) + CLOCKS
        for fix in told.fixes:
            at = microseconds(fix.occurred_at)
            while seen and seen[-1].at > max(at, latest):
                seen.pop()
            here = len(seen)
            while here and seen[here - 1].at > at:
                here -= 1
            if here and seen[here - 1].at == at:
                continue
            new = Seen(
                at,
                fix.latitude,
                fix.longitude,
                round(fix.accuracy_m, 1),
                round(told.ahead_seconds * SECOND),
                None,
                len(fix.doubts),
            )
            if here:
                new = new._replace(kmh=_speed(seen[here - 1], new))
            seen.insert(here, new)
            if here + 1 < len(seen):
                later = seen[here + 1]
                seen[here + 1] = later._replace(kmh=_speed(new, later))
        self._phones[told.device_id] = seen[-FIXES:]
        while len(self._phones) > PHONES:
            del self._phones[next(iter(self._phones))]

    def profile(self, place: Place | None, at: int) -> list[float | None]:
        """Return what the phones say of a payment at a place and a moment.

        In the order of `catalogue.PHONE_FEATURES`. Of each phone the fix nearest in
        time counts, and of several phones the one that explains the payment best.
        """
        near = [
            min(seen, key=lambda one: abs(one.at - at))
            for seen in self._phones.values()
        ]
        near = [one for one in near if abs(one.at - at) <= TOO_OLD]
        if not near:
            return NOTHING
        best = near[0]
        if place is None:
            km = kmh = None
        else:
            ways = [(*_needed(one, place, at), one) for one in near]
            kmh, km, best = min(ways, key=lambda way: way[:2])
        recent = [
            one
            for seen in self._phones.values()
            for one in seen
            if abs(one.at - at) <= RECENT
        ]
        return [
            km,
            (at - best.at) / SECOND,
            best.accuracy_m,
            kmh,
            max((one.kmh for one in recent if one.kmh is not None), default=None),
            float(max((one.doubts for one in recent), default=0)),
            best.ahead / SECOND,
        ]

    def view(self) -> list[dict[str, object]]:
        """Return the last fix of each phone, as REST shows it."""
        return [
            {
                "device_id": name,
                "place": seen[-1].place,
                "accuracy_m": seen[-1].accuracy_m,
                "at": moment(seen[-1].at),
            }
            for name, seen in self._phones.items()
        ]

    def encode(self) -> bytes:
        """Return the trail's bytes."""
        return _encode(self._phones)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the trail that `encode` made the bytes from."""
        trail = cls()
        trail._phones = _decode(data)
        return trail


def _needed(one: Seen, place: Place, at: int) -> tuple[float, float]:
    """Return the speed (km/h) and way (km) between a phone and a payment.

    The speed is the least that explains both: the accuracy of the fix and of the
    terminal's place are taken off the way; what clocks may differ by, and by how
    much the phone's is known to go ahead, is added to the time.
    """
    way = distance_m(one.place, place)
    certain = max(0.0, way - one.accuracy_m - PLACE_M)
    hours = (abs(at - one.at) + CLOCKS + one.ahead) / HOUR
    return certain / 1_000 / hours, way / 1_000


def _speed(before: Seen, after: Seen) -> float:
    """Return the least speed, km/h, by which a phone came from a fix to the next."""
    way = distance_m(before.place, after.place)
    certain = max(0.0, way - before.accuracy_m - after.accuracy_m)
    return round(certain / 1_000 * HOUR / max(after.at - before.at, LEAST), 1)

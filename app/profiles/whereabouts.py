"""Whereabouts: where and with what a customer usually pays."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from app.events.payments import Place
from app.features.places import distance_m
from app.profiles.habits import Share, shares
from app.profiles.past import Paid, Phone, Session

MOST_PLACES = 6
CELL = 2
"""Decimals of a degree by which places are taken together: a kilometre or so."""
PARTS = ("night", "morning", "afternoon", "evening")
"""Parts of a day, six hours each, UTC."""
FEWEST_AT_HOME = 5
KM = 1_000


class UsualPlace(Struct, frozen=True):
    """Where payments were made, taken together by a kilometre or so.

    `mostly` is the part of the day, UTC, in which most of them were.
    """

    place: Place
    payments: int
    last_at: datetime
    mostly: str


class UsedDevice(Struct, frozen=True):
    """A device that payments were made with."""

    device_id: str
    payments: int
    first_at: datetime
    last_at: datetime


class Whereabouts(Struct, frozen=True):
    """Where a customer pays, with which devices, and where the phones were.

    `home` is the country that most payments name, and at least five.
    """

    home: str | None
    countries: list[Share]
    places: list[UsualPlace]
    devices: list[UsedDevice]
    phones: list[Phone]
    sessions: list[Session]


def whereabouts_of(
    paid: Sequence[Paid], *, phones: list[Phone], sessions: list[Session]
) -> Whereabouts:
    """Return where a customer was and is."""
    countries = shares(paid, lambda one: one.country)
    home = None
    if countries and countries[0].payments >= FEWEST_AT_HOME:
        home = countries[0].name
    return Whereabouts(
        home, countries, usual_places(paid), devices_of(paid), phones, sessions
    )


def usual_places(paid: Iterable[Paid]) -> list[UsualPlace]:
    """Return the places paid at most often, the first one the most."""
    cells: dict[tuple[float, float], list[tuple[Place, datetime]]] = {}
    for one in paid:
        if place := one.payment.place:
            cell = round(place.latitude, CELL), round(place.longitude, CELL)
            cells.setdefault(cell, []).append((place, one.at))
    best = sorted(cells.items(), key=lambda one: (-len(one[1]), one[0]))
    return [_usual(seen) for _, seen in best[:MOST_PLACES]]


def _usual(seen: Sequence[tuple[Place, datetime]]) -> UsualPlace:
    count = len(seen)
    middle = Place(
        round(sum(place.latitude for place, _ in seen) / count, 4),
        round(sum(place.longitude for place, _ in seen) / count, 4),
    )
    parts = Counter(PARTS[at.astimezone(UTC).hour // 6] for _, at in seen)
    mostly = min(parts, key=lambda part: (-parts[part], PARTS.index(part)))
    return UsualPlace(middle, count, max(at for _, at in seen), mostly)


def devices_of(paid: Iterable[Paid]) -> list[UsedDevice]:
    """Return the devices paid with, the newest first."""
    used: dict[str, list[datetime]] = {}
    for one in paid:
        if name := one.payment.device_id:
            used.setdefault(name, []).append(one.at)
    found = [UsedDevice(name, len(at), min(at), max(at)) for name, at in used.items()]
    return sorted(found, key=lambda one: (one.last_at, one.device_id), reverse=True)


def km_from_usual(place: Place, places: Iterable[UsualPlace]) -> float | None:
    """Return how far a place is from the nearest usual one, in kilometres."""
    ways = [distance_m(place, usual.place) / KM for usual in places]
    return min(ways, default=None)

"""Fixes: what the location readings of a message say, and what speaks against them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from math import fsum, hypot, sqrt

from app.events.payments import Place
from app.events.readings import Fix, Reading
from app.features.clock import moment
from app.features.places import distance_m
from app.sensors.messages import LOCATION

UNSTATED_M = 100.0  # accuracy of a phone that states none
FASTEST_MPS = 340.0  # no airliner is faster over ground
TOO_EXACT_M = 0.5  # no phone knows its place so well
MOVING_MPS = 5.0
STILL_MPS2 = 0.03  # a phone in a moving car shakes ten times as much
FEWEST_SHAKES = 20  # readings of the accelerometer that tell of stillness
_SHAKING = ("accelerometer", "accelerometeruncalibrated")
_AXES = ("x", "y", "z")


def fixes(readings: Sequence[Reading], *, unfelt: Collection[int] = ()) -> list[Fix]:
    """Return the fixes of a message by time, with the doubts that it raises itself.

    `still`: it says that it moves fast while its accelerometer feels nothing.
    `too-exact`: it claims an accuracy that no phone has. `mocked`: it says itself
    that an app made the place up. `unfelt`: its altitude changed and the air did not,
    or the other way round; the times of those are given.
    """
    still = _feels_nothing(readings)
    found = [
        _fix(reading, still=still, unfelt=reading.time in unfelt)
        for reading in readings
        if reading.sensor == LOCATION
    ]
    return sorted(found, key=lambda fix: fix.occurred_at)


def _fix(reading: Reading, *, still: bool, unfelt: bool) -> Fix:
    def number(name: str) -> float | None:
        value = reading.values.get(name)
        return value if isinstance(value, float) else None

    stated = number("horizontalAccuracy")
    speed = number("speed")
    doubts = []
    if still and speed is not None and speed > MOVING_MPS:
        doubts.append("still")
    if stated is not None and stated < TOO_EXACT_M:
        doubts.append("too-exact")
    if number("mocked") or number("isMocked"):
        doubts.append("mocked")
    if unfelt:
        doubts.append("unfelt")
    return Fix(
        moment(reading.time // 1000),
        number("latitude") or 0.0,
        number("longitude") or 0.0,
        UNSTATED_M if stated is None else stated,
        number("altitude"),
        speed,
        number("bearing"),
        tuple(doubts),
    )


def _feels_nothing(readings: Sequence[Reading]) -> bool:
    """Whether an accelerometer is there, and all but still, which no vehicle is."""
    felt: defaultdict[str, list[float]] = defaultdict(list)
    for one in readings:
        if one.sensor in _SHAKING:
            axes = [one.values.get(axis) for axis in _AXES]
            felt[one.sensor].append(hypot(*[a for a in axes if isinstance(a, float)]))
    return any(
        len(forces) >= FEWEST_SHAKES and _spread(forces) < STILL_MPS2
        for forces in felt.values()
    )


def _spread(forces: Sequence[float]) -> float:
    """Return the standard deviation: numbers about 10, so plain sums are exact enough.

    >>> _spread([9.0, 11.0])
    1.0
    """
    mean = fsum(forces) / len(forces)
    return sqrt(fsum([(one - mean) ** 2 for one in forces]) / len(forces))


def place(fix: Fix) -> Place:
    """Return the point of a fix."""
    return Place(fix.latitude, fix.longitude)


def teleported(before: Fix, fix: Fix) -> bool:
    """Whether coming from one fix to a later one is faster than any airliner.

    The accuracies of both are given to it, and two seconds: phones stamp fixes late.
    """
    seconds = (fix.occurred_at - before.occurred_at).total_seconds()
    way = distance_m(place(before), place(fix)) - before.accuracy_m - fix.accuracy_m
    return way > FASTEST_MPS * (abs(seconds) + 2)

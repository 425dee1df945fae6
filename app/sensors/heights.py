"""Heights: how far a phone climbed, by satellites and by the pressure of the air."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

from msgspec import Struct

from app.events.readings import Reading
from app.sensors.messages import LOCATION

BAROMETER = "barometer"
SECOND_NS = 10**9
TOGETHER_NS = 5 * SECOND_NS  # of a pressure and the altitude that it is held against
WITHIN_NS = 300 * SECOND_NS
"""Heights further apart are not compared: the weather changes pressure too, by less
than 10 m in that time."""
APART_NS = 30 * SECOND_NS  # of two heights that are remembered
ENOUGH = 2  # remembered heights that must contradict: one alone may be the wrong one
GRACE_M = 50.0  # fans, car doors, windows, gusts and tunnels
GRACE_SHARE = 0.15  # of the way: the height of a hectopascal depends on the air's heat
DEVIATIONS = 3.0
UNSTATED_M = 20.0  # vertical accuracy of a phone that states none
CABIN_MPS = 60.0  # aircraft, and the fastest trains, hold the pressure inside
_HPA = (300.0, 1_100.0)  # from above the highest mountain to below the lowest shore
_SEA_LEVEL_HPA = 1_013.25
_SCALE_M, _EXPONENT = 44_330.77, 0.190263


class Height(Struct, array_like=True):
    """A height at a time in nanoseconds: by satellites, how exactly, and by the air."""

    at: int
    told_m: float
    within_m: float
    felt_m: float


class Climb(Struct, array_like=True):
    """The heights of a phone within five minutes of its newest, by time."""

    heights: list[Height] = []


_at = attrgetter("at")


def contradicted(readings: Sequence[Reading], climb: Climb) -> set[int]:
    """Return when a message's altitudes changed otherwise than the air's pressure.

    Times are those of its locations; the climb learns them. An altitude counts that
    has a pressure within five seconds, and is not told at an aircraft's speed.
    """
    found = set()
    for height in _heights(readings):
        kept = climb.heights
        near = [one for one in kept if abs(one.at - height.at) <= WITHIN_NS]
        if sum(_contradict(one, height) for one in near) >= ENOUGH:
            found.add(height.at)
        if all(abs(one.at - height.at) >= APART_NS for one in near):
            near.insert(bisect_left(near, height.at, key=_at), height)
            climb.heights = near
    return found


def _contradict(one: Height, other: Height) -> bool:
    told, felt = other.told_m - one.told_m, other.felt_m - one.felt_m
    allowed = DEVIATIONS * (one.within_m + other.within_m) + GRACE_M
    return abs(told - felt) > allowed + GRACE_SHARE * max(abs(told), abs(felt))


def _heights(readings: Sequence[Reading]) -> Iterator[Height]:
    """Yield the heights of a message by time."""
    felt = sorted(_pressures(readings))
    if not felt:
        return
    located = (one for one in readings if one.sensor == LOCATION)
    for reading in sorted(located, key=attrgetter("time")):
        told = _altitude(reading)
        here = bisect_left(felt, (reading.time,))
        near = felt[max(0, here - 1) : here + 1]
        at, pressure = min(near, key=lambda one: abs(one[0] - reading.time))
        if told and abs(at - reading.time) <= TOGETHER_NS:
            yield Height(reading.time, *told, round(height_m(pressure), 1))


def _pressures(readings: Sequence[Reading]) -> Iterator[tuple[int, float]]:
    low, high = _HPA
    for one in readings:
        if one.sensor == BAROMETER:
            pressure = one.values.get("pressure")
            if isinstance(pressure, float) and low <= pressure <= high:
                yield one.time, pressure


def _altitude(reading: Reading) -> tuple[float, float] | None:
    """Return a location's altitude and how exact it is; None where it tells none.

    Android says 0 for an altitude or an accuracy that it does not know.
    """
    altitude, stated, speed = (
        value if isinstance(value, float) else None
        for value in map(reading.values.get, ("altitude", "verticalAccuracy", "speed"))
    )
    if altitude is None or (speed or 0.0) > CABIN_MPS or not (altitude or stated):
        return None
    return round(altitude, 1), round(stated, 1) if stated else UNSTATED_M


def height_m(pressure: float) -> float:
    """Return the height at which the standard atmosphere has a pressure (hPa).

    ISO 2533. Only differences mean something: the weather moves all of it.

    >>> [round(height_m(hpa)) for hpa in (1013.25, 1000.0, 700.0)]
    [0, 111, 3012]
    """
    return _SCALE_M * (1 - math.pow(pressure / _SEA_LEVEL_HPA, _EXPONENT))


def pressure_hpa(height: float) -> float:
    """Return the pressure that the standard atmosphere has at a height (m).

    >>> round(height_m(pressure_hpa(583.0)), 6)
    583.0
    """
    return _SEA_LEVEL_HPA * math.pow(1 - height / _SCALE_M, 1 / _EXPONENT)

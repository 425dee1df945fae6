"""Reporting by event: a fix goes on when it says what the last one did not."""

from msgspec import Struct

from app.events.readings import Fix
from app.features.places import distance_m
from app.sensors.fixes import place

MOVING_MPS = 1.0


class Reporting(Struct, frozen=True):
    """When a fix says something new: metres, degrees, seconds.

    The defaults are a choice from the table in docs/phones.md: one fix in some ten
    is sent, and a phone is within about a hundred metres of where it was last seen.
    """

    moved_m: float = 100.0
    turned_degrees: float = 45.0
    turned_m: float = 25.0
    silent_s: float = 300.0


DEFAULT = Reporting()


def is_news(last: Fix | None, fix: Fix, how: Reporting = DEFAULT) -> bool:
    """Whether a fix says something new after the last one that was reported.

    It does when the device moved further than both accuracies and `moved_m`
    explain, turned while it moved, stopped or started, raises a doubt, or was
    silent for long. An older fix than the last one is no news.
    """
    if last is None:
        return True
    seconds = (fix.occurred_at - last.occurred_at).total_seconds()
    if seconds <= 0:
        return False
    if seconds >= how.silent_s or set(fix.doubts) - set(last.doubts):
        return True
    way = distance_m(place(last), place(fix))
    certain = way - fix.accuracy_m
    if certain >= how.moved_m:
        return True
    moves, moved = _moves(fix), _moves(last)
    if moves != moved and None not in (moves, moved):
        return True
    return bool(
        moves and certain >= how.turned_m and _turn(last, fix) >= how.turned_degrees
    )


def _moves(fix: Fix) -> bool | None:
    return None if fix.speed_mps is None else fix.speed_mps >= MOVING_MPS


def _turn(one: Fix, other: Fix) -> float:
    """Return the angle between two bearings, in degrees; 0 where one is unknown."""
    if one.bearing_degrees is None or other.bearing_degrees is None:
        return 0.0
    turn = abs(one.bearing_degrees - other.bearing_degrees) % 360
    return min(turn, 360 - turn)

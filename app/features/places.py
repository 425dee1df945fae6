"""Places: how far apart two points on the earth are."""

from math import asin, cos, radians, sin, sqrt

from app.events.payments import Place

RADIUS_M = 6_371_008.8  # the mean radius of the earth, IUGG


def distance_m(a: Place, b: Place) -> float:
    """Great-circle distance in metres (haversine on the mean radius).

    >>> london, paris = Place(51.5074, -0.1278), Place(48.8566, 2.3522)
    >>> round(distance_m(london, paris) / 1000)
    344
    """
    latitude_a, latitude_b = radians(a.latitude), radians(b.latitude)
    half_rise = sin((latitude_b - latitude_a) / 2)
    half_turn = sin(radians(b.longitude - a.longitude) / 2)
    h = half_rise**2 + cos(latitude_a) * cos(latitude_b) * half_turn**2
    return 2 * RADIUS_M * asin(min(1.0, sqrt(h)))

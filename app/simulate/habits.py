"""Habits: what people buy, how often, and at which hour of which day."""

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from math import exp, pi, sin
from random import Random
from typing import NamedTuple

DAY_MINUTES = 1440
_SATURDAY = 5
_AWAKE = 0.02  # share of payments at any minute whatever the habit
_PAYDAY = 25  # day of the month
_FEW = 30  # a Poisson mean above it is drawn as a normal


class Peak(NamedTuple):
    """A time of the local day around which people pay: hour, width in hours, weight."""

    hour: float
    width: float
    weight: float


class Habit(NamedTuple):
    """A way of life: how many live it, when they pay, and for what.

    `week` weighs the days from Monday; `mix` weighs the categories.
    """

    name: str
    share: float
    week: tuple[float, ...]
    workday: tuple[Peak, ...]
    weekend: tuple[Peak, ...]
    mix: dict[str, float]


_WEEKEND = (Peak(11.5, 1.8, 0.5), Peak(18.5, 2.4, 0.5))
_EVERYDAY = {
    "groceries": 26,
    "restaurant": 10,
    "coffee": 12,
    "fuel": 5,
    "pharmacy": 3,
    "clothing": 4,
    "electronics": 1,
    "transit": 7,
    "bar": 3,
    "cinema": 1,
    "hairdresser": 1,
    "cash": 4,
    "mail order": 9,
    "media": 3,
    "games": 2,
    "subscription": 3,
    "travel agency": 0.35,
    "betting": 0.6,
    "crypto": 0.2,
    "transfer": 4,
}

HABITS = (
    Habit(
        "commuter",
        0.45,
        (1.0, 1.0, 1.02, 1.05, 1.2, 1.15, 0.7),
        (Peak(8.1, 0.7, 0.18), Peak(12.5, 0.9, 0.32), Peak(18.1, 1.5, 0.5)),
        _WEEKEND,
        _EVERYDAY | {"coffee": 18, "transit": 12, "restaurant": 13},
    ),
    Habit(
        "at home",
        0.3,
        (1.0, 1.0, 1.0, 1.0, 1.1, 1.1, 0.6),
        (Peak(10.6, 1.5, 0.55), Peak(16.9, 1.8, 0.45)),
        (Peak(11.0, 1.6, 0.55), Peak(16.5, 2.0, 0.45)),
        _EVERYDAY | {"groceries": 36, "pharmacy": 6, "coffee": 6, "bar": 1},
    ),
    Habit(
        "night life",
        0.15,
        (0.8, 0.8, 0.9, 1.1, 1.4, 1.5, 0.8),
        (Peak(13.0, 1.4, 0.4), Peak(19.8, 2.0, 0.5), Peak(23.6, 1.2, 0.1)),
        (Peak(14.0, 1.8, 0.35), Peak(20.5, 2.2, 0.5), Peak(0.6, 1.3, 0.15)),
        _EVERYDAY | {"bar": 10, "games": 6, "coffee": 14, "fuel": 1, "betting": 1.2},
    ),
    Habit(
        "shift worker",
        0.1,
        (1.0, 1.0, 1.0, 1.0, 1.1, 1.0, 0.8),
        (Peak(6.4, 1.0, 0.3), Peak(15.0, 1.6, 0.4), Peak(21.6, 1.4, 0.3)),
        _WEEKEND,
        _EVERYDAY | {"fuel": 9, "coffee": 14, "transit": 4},
    ),
)


def profile(peaks: Sequence[Peak]) -> list[float]:
    """Return the share of a day's payments up to each minute.

    >>> morning = profile([Peak(8, 1, 1)])
    >>> round(morning[-1], 9), morning[6 * 60] < 0.05, morning[10 * 60] > 0.95
    (1.0, True, True)
    """
    weights = []
    for minute in range(DAY_MINUTES):
        weight = 0.0
        for peak in peaks:
            away = abs(minute / 60 - peak.hour)
            away = min(away, 24 - away)
            weight += peak.weight / peak.width * exp(-((away / peak.width) ** 2) / 2)
        weights.append(weight)
    total = sum(weights)
    return list(
        accumulate(
            (1 - _AWAKE) * weight / total + _AWAKE / DAY_MINUTES for weight in weights
        )
    )


def is_weekend(day: date) -> bool:
    """Say whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def appetite(day: date) -> float:
    """Return how much is bought on a day of the month: most just after payday.

    >>> appetite(date(2026, 3, 25)) > appetite(date(2026, 3, 10)) > 0.9
    True
    >>> appetite(date(2026, 3, 23)) < 0.9
    True
    """
    since = (day.day - _PAYDAY) % 31
    return (
        1.25 * exp(-since / 2.5)
        + 1.0
        - 0.15 * sin(pi * since / 62) ** 2
        - 0.25 / (1 + since)
    )


def poisson(rng: Random, mean: float) -> int:
    """Draw how many of something happen where `mean` are expected."""
    if mean > _FEW:
        return max(0, round(rng.gauss(mean, mean**0.5)))
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count

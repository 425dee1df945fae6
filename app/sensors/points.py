"""Points: readings as time series keep them, fast sensors a second at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.events.readings import Reading, Readings, Value
from app.sensors.messages import LOCATION

SECOND_NS = 10**9
FAST = 5
"""Readings a second of one sensor, from more than which only a summary is kept."""


class Point(NamedTuple):
    """What a time series holds of one sensor of one device at one nanosecond."""

    sensor: str
    device_id: str
    kind: str
    synthetic: bool
    time: int
    values: dict[str, Value]


def points(message: Readings) -> list[Point]:
    """Return the points of a message, by time within each sensor.

    Where a sensor is fast and not every reading is asked for, a second of it is one
    point at its first reading's time: the mean of each number, its least and most
    as `..._min` and `..._max`, and how many `readings` it stands for.
    """
    by_sensor: dict[str, list[Reading]] = {}
    for reading in message.readings:
        by_sensor.setdefault(reading.sensor, []).append(reading)
    found = []
    for sensor, readings in by_sensor.items():
        kept = sorted(readings, key=_time)
        if sensor != LOCATION and not message.keep_raw:
            kept = list(_summaries(kept))
        found += [
            Point(
                sensor,
                message.device_id,
                message.kind,
                message.synthetic,
                one.time,
                one.values,
            )
            for one in kept
        ]
    return found


def _time(reading: Reading) -> int:
    return reading.time


def _summaries(readings: Sequence[Reading]) -> Iterator[Reading]:
    seconds: dict[int, list[Reading]] = {}
    for reading in readings:
        seconds.setdefault(reading.time // SECOND_NS, []).append(reading)
    for group in seconds.values():
        if len(group) > FAST:
            yield Reading(group[0].sensor, group[0].time, _summary(group))
        else:
            yield from group


def _summary(group: Sequence[Reading]) -> dict[str, Value]:
    found: dict[str, Value] = {"readings": float(len(group))}
    for name in dict.fromkeys(name for one in group for name in one.values):
        values = [one.values[name] for one in group if name in one.values]
        numbers = [value for value in values if isinstance(value, float)]
        if numbers:
            found[name] = sum(numbers) / len(numbers)
            found[f"{name}_min"], found[f"{name}_max"] = min(numbers), max(numbers)
        else:
            found[name] = values[-1]
    return found

"""Points: every reading, or a second of a fast sensor at a time; as line protocol."""

from typing import Any

from app.events.readings import Reading, Readings, Value
from app.sensors.line_protocol import lines
from app.sensors.points import points
from tests.sensors.builders import NOON, NOON_NS


def measured(*readings: Reading, **fields: Any) -> Readings:
    return Readings("p-1", NOON, list(readings), "c-1", **fields)


def shaken(count: int, *, seconds: float = 1.0) -> list[Reading]:
    step = round(seconds * 1e9 / count)
    return [
        Reading("accelerometer", NOON_NS + n * step, {"x": float(n % 2)})
        for n in range(count)
    ]


def test_a_second_of_a_fast_sensor_is_one_point_that_says_for_how_many():
    first, second = points(measured(*shaken(200, seconds=2)))

    assert (first.time, second.time) == (NOON_NS, NOON_NS + 10**9)
    assert first.values == {"readings": 100.0, "x": 0.5, "x_min": 0.0, "x_max": 1.0}


def test_every_reading_is_a_point_where_that_is_asked_for():
    assert len(points(measured(*shaken(100), keep_raw=True))) == 100


def test_slow_sensors_and_all_places_are_kept_as_they_are():
    slow = shaken(4)
    place: dict[str, Value] = {"latitude": 48.0, "longitude": 16.0}
    fixes = [Reading("location", NOON_NS + n, place) for n in range(10)]

    assert len(points(measured(*slow, *fixes))) == 14


def test_names_and_texts_cannot_break_out_of_their_line():
    found = points(
        measured(
            Reading("a b,c=d", 17, {'x"\n=': 'say "x"\\ \n y', "z": 1e-7}),
            synthetic=True,
        )
    )

    assert lines(found) == (
        rb"a\ b\,c\=d,device=p-1,kind=phone,origin=synthetic "
        rb'x"\ \=="say \"x\"\\   y",z=1e-07 17'
        b"\n"
    )

"""Heights by satellites against heights by air pressure, made up and really driven."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.readings import Fix, PushedReading, Readings
from app.readings import message, news
from app.sensors.heights import WITHIN_NS, pressure_hpa
from app.sensors.messages import readings
from app.sensors.row import DeviceRow
from app.sources.recordings import Recording, messages, read
from tests.recorded import NAMES, recorded
from tests.sensors.builders import NOON, NOON_NS, a_location, a_message

Climbed = Callable[[float], float]
"""Metres by seconds."""


def still(_: float) -> float:
    return 200.0


def climbing(second: float) -> float:
    """Stand for two minutes, then climb 300 m within two more."""
    return 200.0 + 2.5 * min(max(second - 120, 0.0), 120.0)


def jumping(second: float) -> float:
    return 200.0 if second < 120 else 500.0


def felt(second: float, pressure: float, name: str = "pressure") -> PushedReading:
    return PushedReading(
        "barometer", NOON_NS + round(second * 1e9) + 300, {name: pressure}
    )


def doubted(
    told: Climbed, pressed: Climbed, *, seconds: float = 300, **values: Any
) -> list[float]:
    """Return the seconds after noon of fixes that the air speaks against."""
    row, found = DeviceRow(), []
    for second in range(0, round(seconds), 2):
        altitude = {"altitude": told(second), "verticalAccuracy": 4.0, "speed": 10.0}
        located = a_location(second, **(altitude | values))
        air = felt(second, pressure_hpa(pressed(second)))
        found += [fix for fix in judged(row, located, air) if "unfelt" in fix.doubts]
        row = DeviceRow.decode(row.encode())
    return [(fix.occurred_at - NOON).total_seconds() for fix in found]


def judged(row: DeviceRow, *payload: PushedReading) -> list[Fix]:
    found = readings(a_message(*payload), received_at=NOON)
    return news(Readings("p-1", NOON, found, "c-1"), row)[1]


@pytest.mark.parametrize("way", [still, climbing, jumping])
def test_a_climb_that_the_air_feels_too_is_not_doubted(way: Climbed):
    assert doubted(way, way) == []


@pytest.mark.parametrize("way", [climbing, jumping])
def test_a_place_that_climbs_while_the_pressure_stands_still_is_doubted(way: Climbed):
    found = doubted(way, still)

    assert 120 <= found[0] <= 170
    assert found[-1] == 298


@pytest.mark.parametrize("way", [climbing, jumping])
def test_a_place_that_stands_still_while_the_air_thins_is_doubted(way: Climbed):
    found = doubted(still, way)

    assert 120 <= found[0] <= 170
    assert found[-1] == 298


def test_the_same_climb_by_a_phone_that_states_no_accuracy_is_doubted():
    assert doubted(climbing, still, verticalAccuracy=0.0)
    assert doubted(climbing, still, verticalAccuracy=None)


@pytest.mark.parametrize(
    "values",
    [
        {"verticalAccuracy": 60.0},  # such satellites cannot tell
        {"speed": 75.0},  # an aircraft holds the pressure inside
        {"altitude": 0.0, "verticalAccuracy": 0.0},  # Android's way to say: unknown
        {"altitude": None},
        {"verticalAccuracy": -1.0},  # the iPhone's
    ],
)
def test_an_altitude_that_tells_little_is_not_held_against_the_air(
    values: dict[str, Any],
):
    assert doubted(climbing, still, **values) == []
    assert doubted(still, climbing, **values) == []


def test_weather_car_doors_and_cold_air_are_no_doubt():
    def door(second: float) -> float:
        return 200.0 + (25.0 if second % 60 == 0 else 0.0)

    def weather(second: float) -> float:
        return 200.0 + second / 30

    def cold(second: float) -> float:
        return 200.0 + (climbing(second) - 200.0) * 1.3

    assert doubted(still, door) == doubted(still, weather) == []
    assert doubted(climbing, cold) == []


def test_one_wrong_altitude_speaks_against_itself_only():
    def outlier(second: float) -> float:
        return 700.0 if second == 150 else 200.0

    assert doubted(outlier, still) == [150]


def test_heights_far_apart_in_time_say_nothing_of_each_other():
    row = DeviceRow()
    later = WITHIN_NS / 1e9 + 61
    for second in (0, 30, 60):
        judged(
            row, a_location(second, altitude=200.0), felt(second, pressure_hpa(200.0))
        )

    (fix,) = judged(
        row, a_location(later, altitude=900.0), felt(later, pressure_hpa(200.0))
    )

    assert fix.doubts == ()


def test_a_clock_that_once_went_ahead_does_not_end_the_watch():
    row = DeviceRow()

    def told(second: float, altitude: float) -> tuple[str, ...]:
        located = a_location(second, altitude=altitude)
        (fix,) = judged(row, located, felt(second, pressure_hpa(200.0)))
        return fix.doubts

    for second in (0, 30, 60, 80_000, 90, 120, 150):
        assert told(second, 200.0) == ()

    assert told(180, 900.0) == ("unfelt",)


@pytest.mark.parametrize("pressure", [0.0, 1e9, 29.9])
def test_a_pressure_that_is_none_on_earth_is_not_taken(pressure: float):
    row = DeviceRow()

    judged(row, a_location(altitude=200.0), felt(0, pressure))
    judged(row, a_location(60, altitude=200.0), felt(60, 990.0, "relativeAltitude"))
    judged(row, a_location(90, altitude=200.0), felt(80, 990.0))

    assert row.climb.heights == []


@given(st.lists(st.tuples(st.integers(0, 2_000), st.floats(-400, 9_000)), max_size=60))
def test_few_heights_are_kept_by_time_whatever_comes(told: list[tuple[int, float]]):
    row = DeviceRow()
    for second, altitude in told:
        judged(row, a_location(second, altitude=altitude), felt(second, 900.0))
    times = [one.at for one in row.climb.heights]

    assert times == sorted(times)
    assert len(times) <= 21
    assert len(row.encode()) < 900
    assert DeviceRow.decode(row.encode()).encode() == row.encode()


def test_a_phone_without_a_barometer_costs_nothing():
    row = DeviceRow()

    judged(row, a_location(altitude=200.0))

    assert b'"heights"' not in row.encode()
    assert row.climb.heights == []


def driven(recording: Recording) -> tuple[list[Fix], DeviceRow]:
    """Return the fixes of a recording, a message a second, and the phone's row."""
    row, found = DeviceRow(), []
    for _, body in messages(recording):
        parts = readings(message(body, received_at=NOON), received_at=NOON)
        found += news(Readings("p-1", NOON, parts, "c-1"), row)[1]
    return found, row


def frozen(recording: Recording, sensor: str, name: str) -> Recording:
    """Return a recording with one value as it was at first, for ever."""

    def rows() -> Iterator[Any]:
        first = None
        for row in recording.rows:
            if row["sensor"] != sensor:
                yield row
                continue
            first = first or row[name]
            yield {**row, name: first}

    return replace(recording, rows=list(rows()))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_speaks_against_a_real_drive(name: str):
    found, row = driven(read(recorded(name)))

    assert len(found) > 250
    assert [fix for fix in found if fix.doubts] == []
    assert bool(row.climb.heights) == (name == "iphone-drive")


@pytest.mark.parametrize(
    ("sensor", "value"), [("Location", "altitude"), ("Barometer", "pressure")]
)
def test_a_real_drive_of_which_one_half_is_made_up_is_doubted(sensor: str, value: str):
    mocked = frozen(read(recorded("iphone-drive")), sensor, value)

    found, _ = driven(mocked)

    doubts = {doubt for fix in found for doubt in fix.doubts}
    assert doubts == {"unfelt"}
    assert sum(bool(fix.doubts) for fix in found) > 150

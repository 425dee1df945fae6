"""Fixes of a message, and what in it speaks against them."""

from math import sin

import pytest

from app.events.readings import PushedReading
from app.sensors.fixes import fixes, teleported
from app.sensors.messages import readings
from tests.sensors.builders import NOON, NOON_NS, a_fix, a_location, a_message


def _shaken(strength: float) -> list[PushedReading]:
    return [
        PushedReading(
            "accelerometer",
            NOON_NS + number * 10**7,
            {"x": strength * sin(number), "y": 0.0, "z": 9.81},
        )
        for number in range(100)
    ]


@pytest.mark.parametrize(
    ("speed", "strength", "doubts"),
    [(14.0, 0.0, ("still",)), (14.0, 5.0, ()), (0.5, 0.0, ())],
)
def test_speed_that_the_accelerometer_does_not_feel_is_doubted(
    speed: float, strength: float, doubts: tuple[str, ...]
):
    pushed = a_message(a_location(speed=speed), *_shaken(strength))

    (found,) = fixes(readings(pushed, received_at=NOON))

    assert found.doubts == doubts


def test_an_accuracy_that_no_phone_has_is_doubted():
    pushed = a_message(a_location(horizontalAccuracy=0.01))

    (found,) = fixes(readings(pushed, received_at=NOON))

    assert found.doubts == ("too-exact",)


def test_a_place_that_the_phone_says_was_made_up_is_doubted():
    (found,) = fixes(readings(a_message(a_location(mocked=True)), received_at=NOON))

    assert found.doubts == ("mocked",)


def test_fixes_are_in_the_order_of_time():
    pushed = a_message(a_location(5), a_location(-108))

    first, second = fixes(readings(pushed, received_at=NOON))

    assert first.occurred_at < NOON < second.occurred_at


@pytest.mark.parametrize(
    ("before", "after", "seconds", "accuracy_m", "expected"),
    [
        ((48.2082, 16.3738), (48.1966, 16.3380), 300, 8, False),  # across the city
        ((48.2082, 16.3738), (48.1351, 11.5820), 600, 8, True),  # 355 km
        ((48.2082, 16.3738), (48.1351, 11.5820), -600, 8, True),  # it comes late
        ((48.2082, 16.3738), (48.1351, 11.5820), 1_200, 8, False),  # by air
        ((48.2082, 16.3738), (48.1351, 11.5820), 600, 200_000, False),  # of a cell
        ((48.2082, 16.3738), (48.2082, 16.3738), 0, 8, False),
        ((48.2082, 16.3738), (48.2085, 16.3738), 0, 8, False),  # 33 m, no time
        ((48.2082, 16.3738), (48.2282, 16.3738), 0, 8, True),  # 2.2 km, no time
        ((48.2082, 16.3738), (48.2282, 16.3738), 0, 1_000, False),
        ((-17.0, 179.99), (-17.0, -179.99), 10, 8, False),  # over the antimeridian
        ((89.999, 0.0), (89.999, 180.0), 1, 8, False),  # over the pole
        ((0.0, 0.0), (0.0, 180.0), 3_600, 8, True),  # half round, in an hour
    ],
)
def test_faster_than_any_airliner_is_teleported_wherever_on_the_globe(
    before: tuple[float, float],
    after: tuple[float, float],
    seconds: float,
    accuracy_m: float,
    expected: bool,  # noqa: FBT001 - a case's
):
    one, other = (
        a_fix(at, latitude=place[0], longitude=place[1], accuracy_m=float(accuracy_m))
        for at, place in ((0, before), (seconds, after))
    )

    assert teleported(one, other) is expected

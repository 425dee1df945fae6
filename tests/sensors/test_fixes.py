"""Fixes of a message, and what in it speaks against them."""

from math import sin

import pytest

from app.events.readings import PushedReading
from app.sensors.fixes import fixes
from app.sensors.messages import readings
from tests.sensors.builders import NOON, NOON_NS, a_location, a_message


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

"""Made-up phones move as phones do, and say what phones say."""

from itertools import pairwise

import msgspec
import pytest

from app.events.payments import Place
from app.features.places import distance_m
from app.readings import message
from app.sensors.fixes import fixes
from app.sensors.messages import readings
from app.sensors.row import DeviceRow
from app.simulate.journeys import Journey
from tests.sensors.builders import NOON, NOON_NS

DRIVER = Journey(Place(48.2, 16.4), mps=13.0, span_m=3_000.0)
WALKER = Journey(Place(60.1, 24.9), mps=1.4, span_m=500.0)


@pytest.mark.parametrize("journey", [DRIVER, WALKER])
def test_a_phone_is_as_fast_as_it_says_within_a_half(journey: Journey):
    places = [journey.at(second) for second in range(119)]
    ways = [
        distance_m(*(Place(one["latitude"], one["longitude"]) for one in pair))
        for pair in pairwise(places)
    ]

    assert max(ways) <= 1.5 * journey.mps
    assert sum(ways) / len(ways) >= 0.5 * journey.mps
    assert (
        max(
            distance_m(journey.home, Place(p["latitude"], p["longitude"]))
            for p in places
        )
        < journey.span_m
    )


def test_every_third_minute_it_stands_still():
    assert DRIVER.at(125) | {"horizontalAccuracy": 0} == DRIVER.at(170) | {
        "horizontalAccuracy": 0
    }
    assert DRIVER.at(125)["speed"] == 0.0


@pytest.mark.parametrize("journey", [DRIVER, WALKER])
def test_its_messages_are_taken_and_nothing_speaks_against_them(journey: Journey):
    row = DeviceRow()
    news = 0
    for number in range(400):
        now = NOON_NS + number * 10**9
        body = journey.message(number, session="s", now_ns=now)
        text = msgspec.json.encode(body)
        found = readings(message(text, received_at=NOON), received_at=NOON)
        located = row.learn(fixes(found), received_at=NOON)
        fresh = row.news(located, received_at=NOON)
        assert not any(fix.doubts for fix in fresh)
        news += len(fresh)

    assert 2 < news < 120

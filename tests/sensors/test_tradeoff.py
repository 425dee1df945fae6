"""What ways of reporting cost and give, on a made-up way and on real drives."""

from datetime import UTC, datetime

import pytest

from app.sensors.fixes import fixes
from app.sensors.messages import readings
from app.sensors.tradeoff import compare, every, judge, when_moved
from app.sources.recordings import read
from tests.recorded import NAMES, recorded
from tests.sensors.builders import a_fix

NORTH = [a_fix(n, latitude=48 + n / 11_119.5, speed_mps=10.0) for n in range(101)]
"""A hundred seconds to the north at ten metres a second."""


def test_errors_are_measured_from_the_last_fix_that_was_sent():
    tens = judge(NORTH, "tens", every(10))

    assert (tens.sent, tens.of) == (11, 101)
    assert tens.most_m == pytest.approx(90, abs=1)
    assert tens.mean_m == pytest.approx(45, abs=1)


def test_a_phone_that_lies_still_costs_nothing_by_event():
    still = [a_fix(n, speed_mps=0.0) for n in range(200)]

    assert judge(still, "event", when_moved(25)).sent == 1
    assert judge(still, "clock", every(10)).sent == 20


@pytest.mark.parametrize("name", NAMES)
def test_on_a_real_drive_the_shipped_way_sends_a_tenth_and_stays_within_a_street(
    name: str,
):
    rows = [dict(r) for r in read(recorded(name)).rows if r["sensor"] == "Location"]
    found = fixes(readings(rows, received_at=datetime.now(UTC)))

    by_way = {one.how: one for one in compare(found)}

    shipped = by_way["by event, moved 100 m"]
    assert by_way["every fix"].most_m == 0
    assert shipped.sent / shipped.of < 0.2
    assert shipped.p95_m < 150

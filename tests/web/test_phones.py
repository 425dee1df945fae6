"""Where devices are and were, as pulses tell it; drawn from that alone."""

from datetime import timedelta
from typing import Any

import pytest

from app.events.payments import Place
from app.events.readings import Fix, Position
from tests.sensors.builders import NOON, a_fix
from tests.web.pulses import a_decision, a_pulse
from web.console import journeys
from web.phones import MOST_FIXES, SILENCE, Phones, Trail


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def phones(clock: Clock) -> Phones:
    return Phones(clock=clock)


def told(*fixes: Fix, device: str = "p-1", customer: str | None = "c-1") -> Any:
    return a_pulse(positions=[Position(device, fix, customer) for fix in fixes])


def drawn(trail: Trail, *others: Trail) -> dict[str, Any]:
    return journeys.journey([trail, *others], trail, theme="light").to_plotly_json()


def test_fixes_are_kept_by_their_own_time_each_once(phones: Phones):
    phones.add(told(a_fix(2), a_fix(1)))
    phones.add(told(a_fix(2), a_fix(3)))

    (trail,) = phones.trails()

    assert [fix.occurred_at - NOON for fix in trail.fixes] == [
        timedelta(seconds=second) for second in (1, 2, 3)
    ]


def test_of_a_long_journey_the_newest_part_is_kept(phones: Phones):
    phones.add(told(*(a_fix(n) for n in range(MOST_FIXES + 5))))

    (trail,) = phones.trails()

    assert len(trail.fixes) == MOST_FIXES
    assert trail.fixes[0].occurred_at == NOON + timedelta(seconds=5)


def test_payments_of_the_phones_customer_are_on_its_map_and_no_others(phones: Phones):
    phones.add(told(a_fix()))
    place = Place(48.3, 16.4)
    mine = a_decision("mine", payment={"customer_id": "c-1", "place": place})
    other = a_decision("other", payment={"customer_id": "c-2", "place": place})
    nowhere = a_decision("nowhere", payment={"customer_id": "c-1"})
    phones.add(a_pulse(recent=[mine, other, nowhere]))

    (trail,) = phones.trails()

    assert list(trail.payments) == ["mine"]
    assert [t["x"] for t in drawn(trail)["data"]][-1] == [16.4]


def test_a_device_is_silent_after_a_minute(phones: Phones, clock: Clock):
    phones.add(told(a_fix()))
    (trail,) = phones.trails()
    clock.now += SILENCE + 1

    assert phones.silent(trail)


def test_a_path_over_the_antimeridian_is_drawn_in_one_piece(phones: Phones):
    phones.add(
        told(
            a_fix(0, longitude=179.99, latitude=-17.0),
            a_fix(60, longitude=-179.99, latitude=-17.0),
        )
    )
    (trail,) = phones.trails()

    figure = drawn(trail)

    assert figure["data"][0]["x"] == [179.99, 180.01]
    low, high = figure["layout"]["xaxis"]["range"]
    assert 179.9 < low < 179.99
    assert 180.01 < high < 180.1


def test_a_kilometre_is_as_long_to_the_north_as_to_the_east(phones: Phones):
    phones.add(told(a_fix(0, latitude=60.0), a_fix(9, latitude=60.01)))
    (trail,) = phones.trails()

    layout = drawn(trail)["layout"]

    assert layout["yaxis"]["scaleanchor"] == "x"
    assert layout["yaxis"]["scaleratio"] == pytest.approx(2.0, abs=0.01)


def test_thousands_of_fixes_are_drawn_as_few_points_the_last_among_them(
    phones: Phones,
):
    phones.add(told(*(a_fix(n, latitude=48 + n / 1e5) for n in range(1_500))))
    (trail,) = phones.trails()

    xs = drawn(trail)["data"][0]["y"]

    assert len(xs) <= journeys.MOST_POINTS
    assert xs[-1] == trail.fixes[-1].latitude


def test_no_line_is_drawn_over_a_time_of_which_nothing_is_known(phones: Phones):
    phones.add(
        told(a_fix(0, speed_mps=1.0), a_fix(1, speed_mps=2.0), a_fix(90, speed_mps=3.0))
    )
    (trail,) = phones.trails()

    figure = journeys.speed_and_altitude(trail, theme="dark").to_plotly_json()

    assert figure["data"][0]["y"] == [3.6, 7.2, None, 10.8]
    assert figure["data"][1]["yaxis"] == "y2"


def test_a_path_is_broken_where_the_phone_paused_and_a_lone_fix_is_a_dot(
    phones: Phones,
):
    phones.add(told(*(a_fix(n) for n in (0, 1, 2, 110, 111, 300))))
    (trail,) = phones.trails()

    line, here, *_ = drawn(trail)["data"]

    assert [x is None for x in line["x"]] == [n in (3, 6) for n in range(8)]
    assert line["marker"]["size"] == [0] * 7 + [journeys.ALONE]
    assert here["x"] == line["x"][-1:]


def test_a_phone_that_tells_a_fix_every_five_minutes_does_not_pause(phones: Phones):
    phones.add(told(*(a_fix(n) for n in (0, 300, 600, 900, 5_000))))
    (trail,) = phones.trails()

    motion = journeys.speed_and_altitude(trail, theme="light").to_plotly_json()

    assert drawn(trail)["data"][0]["x"].count(None) == 1
    assert motion["data"][1]["x"].index(None) == 4


def test_a_pause_is_told_by_fixes_that_are_not_drawn_too(phones: Phones):
    seconds = [30 * n for n in range(900)]  # more than a minute between those drawn
    phones.add(told(*(a_fix(n) for n in [*seconds, seconds[-1] + 3_600])))
    (trail,) = phones.trails()

    xs = drawn(trail)["data"][0]["x"]

    assert len(xs) <= journeys.MOST_POINTS + 1
    assert [n for n, x in enumerate(xs) if x is None] == [len(xs) - 2]


def test_nothing_is_drawn_where_there_is_nothing():
    assert not journeys.journey([], None, theme="light").data
    assert journeys.speed_and_altitude(None, theme="light").data[0].x == ()

"""Cash machines: what of their readings is an alarm, and what rest is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.readings import Alarm, Reading, Readings
from app.readings import alarmed
from app.sensors.machines import QUIET_NS, WORSE, Rest, alarms
from app.sensors.row import DeviceRow
from tests.sensors.builders import NOON, NOON_NS

CALM = {"tilt": 0.5, "vibration": 0.1, "temperature": 21.0, "door": 0.0}
MINUTE_NS = 60 * 10**9


def felt(minute: float = 0.0, **values: float) -> Reading:
    """Build a reading of a calm machine, but for what is named."""
    return Reading("atm", NOON_NS + round(minute * MINUTE_NS), {**CALM, **values})


def kinds(found: list[Alarm]) -> list[tuple[str, float]]:
    return [(one.kind, one.value) for one in found]


def settled() -> Rest:
    """Return how a machine is that was calm at noon."""
    rest = Rest()
    assert alarms([felt()], rest) == []
    return rest


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"tilt": 5.4}, []),
        ({"tilt": 14.5}, [("tilt", 14.0)]),
        ({"tilt": -13.5}, [("tilt", 14.0)]),
        ({"vibration": 2.9}, []),
        ({"vibration": 7.5}, [("vibration", 7.5)]),
        ({"temperature": 35.0}, []),
        ({"temperature": 71.0}, [("temperature", 50.0)]),
        ({"temperature": -9.0}, [("temperature", 30.0)]),
        ({"door": 1.0}, [("door", 1.0)]),
        ({"door": 1.0, "service": 1.0}, []),
        ({"tilt": 14.5, "door": 1.0}, [("tilt", 14.0), ("door", 1.0)]),
    ],
)
def test_what_a_machine_does_not_feel_at_rest_is_an_alarm(
    values: dict[str, float], expected: list[tuple[str, float]]
):
    assert kinds(alarms([felt(1, **values)], settled())) == expected


def test_a_machine_that_always_leant_is_at_rest_so():
    rest = Rest()

    assert alarms([felt(0, tilt=9.0), felt(1, tilt=9.5)], rest) == []
    assert kinds(alarms([felt(2, tilt=0.0)], rest))[0][0] == "tilt"


def test_an_alarm_is_told_again_after_ten_minutes_or_when_it_gets_worse():
    rest = settled()
    path = [(1, 8.5), (2, 9.0), (3, 30.5), (4, 30.5), (13, 30.5)]

    found = alarms([felt(minute, tilt=tilt) for minute, tilt in path], rest)

    assert [one.occurred_at.minute for one in found] == [1, 3, 13]


def test_a_machine_set_up_anew_comes_to_rest_within_a_day():
    rest = settled()
    found = alarms([felt(minute, tilt=12.0) for minute in range(1, 24 * 60)], rest)

    assert kinds(found)[0][0] == "tilt"
    assert (found[-1].occurred_at - NOON).total_seconds() < 8 * 3600
    assert alarms([felt(24 * 60, tilt=12.0)], rest) == []


def test_a_machine_does_not_come_to_rest_while_nobody_hears_it():
    rest = settled()
    found = alarms([felt(360, tilt=12.5), felt(371, tilt=12.5)], rest)

    assert [round(value, 1) for _, value in kinds(found)] == [12.0, 12.0]


def test_words_other_sensors_and_missing_values_are_no_alarm():
    rest = settled()
    strange = Reading("atm", NOON_NS + 1, {"tilt": "far", "door": "open"})
    other = Reading("motor", NOON_NS + 2, {"temperature": 90.0, "vibration": 50.0})

    assert alarms([strange, other], rest) == []


readings = st.lists(
    st.builds(
        felt,
        st.integers(0, 3_000),
        tilt=st.floats(-90, 90),
        vibration=st.floats(0, 100),
        door=st.sampled_from([0.0, 1.0]),
    ),
    max_size=60,
)


@given(found=readings, cut=st.integers(0, 60))
def test_a_machine_never_floods_and_a_restart_changes_nothing(
    found: list[Reading], cut: int
):
    found.sort(key=lambda one: one.time)
    plain = alarms(found, Rest())
    before, after = DeviceRow(), DeviceRow()
    told = []
    for part, row in ((found[:cut], before), (found[cut:], after)):
        if row is after:
            row = DeviceRow.decode(before.encode())  # noqa: PLW2901
        if news := alarmed(Readings("m", NOON, part, kind="atm", terminal_id="t"), row):
            told += news.alarms

    assert told == plain
    for kind in ("tilt", "vibration", "door"):
        same = [one for one in plain if one.kind == kind]
        for one, following in pairwise(same):
            apart = (following.occurred_at - one.occurred_at).total_seconds()
            assert apart * 1e9 >= QUIET_NS or following.value >= WORSE * one.value


@pytest.mark.parametrize(
    ("kind", "terminal"), [("atm", None), ("phone", None), ("phone", "t-1")]
)
def test_only_a_machine_of_a_terminal_raises_alarms(kind: str, terminal: str | None):
    row = DeviceRow()
    message = Readings("d", NOON, [felt(door=1.0)], kind=kind, terminal_id=terminal)

    assert alarmed(message, row) is None
    assert row.rest is None

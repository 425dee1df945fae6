"""A made-up cash machine raises alarms when it is attacked, and at no other time."""

from datetime import timedelta

import msgspec
import pytest

from app.events.readings import Alarm
from app.readings import message
from app.sensors.machines import Rest, alarms
from app.sensors.messages import readings
from app.simulate.machines import ATTACKED, ROUND, SERVICED, Machine
from tests.sensors.builders import NOON, NOON_NS

DAY = 86_400


def raised(*, first: int, last: int, every: int = 5) -> list[tuple[int, Alarm]]:
    """Return the alarms of a part of a machine's life, by its seconds."""
    machine, rest = Machine(), Rest()
    found = []
    for second in range(first, last, every):
        at = NOON_NS + second * 10**9
        body = machine.message(second, session="s", now_ns=at)
        text = msgspec.json.encode(body)
        late = NOON + timedelta(seconds=last)
        told = readings(message(text, received_at=late), received_at=late)
        found += [(second, one) for one in alarms(told, rest)]
    return found


def test_neither_work_nor_a_technician_is_an_alarm():
    assert SERVICED[1] < ATTACKED[0]
    assert raised(first=0, last=ATTACKED[0], every=1) == []


def test_an_attack_is_felt_in_three_ways_at_once_and_the_tilt_stays():
    found = raised(first=0, last=ROUND)

    attack = {(one.kind, one.value) for at, one in found if at == ATTACKED[0]}
    later = {one.kind for at, one in found if at >= ATTACKED[1]}
    assert {kind for kind, _ in attack} == {"tilt", "vibration", "door"}
    assert dict(attack)["tilt"] == pytest.approx(14, abs=0.1)
    assert later == {"tilt"}


def test_a_summer_s_day_is_no_alarm_and_every_round_is():
    found = raised(first=0, last=DAY)

    assert {one.kind for _, one in found} == {"tilt", "vibration", "door"}
    shaken = [at for at, one in found if one.kind == "vibration"]
    assert shaken == list(range(ATTACKED[0], DAY, ROUND))


def test_it_is_warmest_in_the_afternoon():
    machine = Machine()
    by_hour = [
        machine.at(0, day_second=hour * 3600)["temperature"] for hour in range(24)
    ]

    assert max(range(24), key=by_hour.__getitem__) == 15
    assert min(range(24), key=by_hour.__getitem__) == 3

"""Planted gangs of an unseen bank are found, and the honest are left alone."""

from datetime import timedelta

import pytest

from app.detection.log import Road
from app.detection.moving import GANGS, Moving, Part, Watcher, moving
from app.events.labels import Label
from app.features.clock import microseconds
from app.simulate import fraud
from app.simulate.bank import START, Bank
from app.simulate.payments import midnight
from tests.simulate.conftest import _label

FIRST, DAYS, CUSTOMERS, SEED = 4, 14, 500, 17
RATES = {"mule-ring": 1.0, "bot-farm": 1.0, "money-cycle": 2.0, "fan-in": 1.5}
"""More incidents than a bank has, so that there is something to count."""
FLOORS = {"mule-ring": 0.7, "bot-farm": 0.75, "money-cycle": 0.9, "fan-in": 0.9}


@pytest.fixture(scope="module")
def found() -> Moving:
    """Give what is found among 500 customers in ten days, after four of habits."""
    with pytest.MonkeyPatch.context() as patch:
        for name, rate in RATES.items():
            patch.setitem(fraud.INCIDENTS, name, rate)
        return measured(Bank(seed=SEED, customers=CUSTOMERS), days=DAYS)


def measured(bank: Bank, *, days: int) -> Moving:
    """Let a bank's events take the road, and hold groups against who took part."""
    watcher, parts = Watcher(), []
    road = Road("EUR", watcher=watcher)
    for chunk in bank.chunks(until=midnight(START + timedelta(days=days))):
        road.vectors(chunk)
        parts += [part(_label(one.value)) for one in chunk.labels]
    since = midnight(START + timedelta(days=FIRST))
    return moving(watcher.alerts.values(), parts, since=since)


def part(label: Label) -> Part:
    at = microseconds(label.occurred_at)
    return Part(label.scenario or "", label.customer_id, at)


@pytest.mark.parametrize("name", GANGS)
def test_most_of_who_takes_part_in_a_gang_is_in_its_group(found: Moving, name: str):
    gang = next(one for one in found.gangs if one.scenario == name)

    assert gang.members > 15
    assert gang.recall >= FLOORS[name]


def test_hardly_anybody_else_is_in_a_group(found: Moving):
    assert found.right > 100
    assert found.precision > 0.85
    assert found.mistaken <= 0.1 * found.groups

"""Pulse: what a worker says of itself, and what is new since it last did."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.counters import ALARMS, GROUPS
from app.events.groups import GroupMoved
from app.events.readings import Alarms
from tests.web.site import Site
from tests.web.test_transactions import decision
from web.pulse import Heart

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, owned=(1, 3))


@pytest.fixture
def heart(site: Site) -> Heart:
    context = site.context
    return Heart(context.settings, context.app, context.counters, url="http://one")


def test_a_pulse_says_who_where_and_what(heart: Heart):
    pulse = heart.beat(AT)

    assert (pulse.worker, pulse.role, pulse.url) == ("one", "score", "http://one")
    assert (pulse.at, pulse.state) == (AT, "running")
    assert pulse.owned["terminal-activity"] == [1, 3]
    assert pulse.lag == {"transactions": 7}


def test_a_pulse_counts_from_the_start_but_latency_and_decisions_from_the_last(
    site: Site, heart: Heart
):
    counters = site.context.counters
    counters.decided_batch([decision("T1")], [3])
    first = heart.beat(AT)
    counters.decided_batch([decision("T2")], [3])
    counters.decided_batch([decision("T3")], [60_000])
    second = heart.beat(AT)
    third = heart.beat(AT)

    assert (first.decided, first.latency_ms) == (1, {"5": 1})
    assert (second.decided, second.latency_ms) == (3, {"5": 1, "inf": 1})
    assert second.outcomes == {"approve": 3}
    assert [one.id for one in first.recent] == ["T1"]
    assert (third.latency_ms, third.recent) == ({}, [])


def test_a_pulse_counts_hits_of_live_rules_and_of_those_in_shadow(
    site: Site, heart: Heart
):
    counters = site.context.counters
    counters.hits = {"large-amount": 3, "was-in-shadow": 1}
    counters.shadows = {"was-in-shadow": 2, "watching": 5}

    pulse = heart.beat(AT)

    assert pulse.hits == {"large-amount": 3, "was-in-shadow": 3, "watching": 5}


def test_a_worker_that_recovers_owns_nothing(site: Site, heart: Heart):
    site.engine.sought = False

    pulse = heart.beat(AT)

    assert (pulse.state, pulse.owned, pulse.lag) == ("recovering", {}, {})


def test_a_worker_without_partitions_stands_by(site: Site, heart: Heart):
    site.engine.positions = {}

    assert heart.beat(AT).state == "standby"


def test_a_pulse_says_what_cash_machines_felt_since_the_last_one(
    site: Site, heart: Heart
):
    counters = site.context.counters
    alarms = [Alarms("t", f"m-{number}", []) for number in range(ALARMS + 1)]
    for one in alarms:
        counters.felt(one)

    first, second = heart.beat(AT), heart.beat(AT)

    assert first.alarms == alarms[1:]
    assert second.alarms == []


def test_a_pulse_says_which_groups_moved_since_the_last_one(site: Site, heart: Heart):
    told = [GroupMoved(f"G{number}", AT, 3) for number in range(GROUPS + 1)]
    for one in [told[1], *told, told[1]]:
        site.context.counters.moved(one)

    first, second = heart.beat(AT), heart.beat(AT)

    assert first.groups == [*told[2:], told[1]]
    assert second.groups == []

"""Live: what pulses add up to, by a clock that tests set."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.events.groups import GroupMoved
from tests.scoring.builders import NOON
from tests.web.pulses import a_decision, a_pulse
from web.live import APPROVED, FLAGGED, Live
from web.seconds import SPAN


@dataclass
class Clock:
    """A clock that stands still unless it is moved."""

    now: float = 10_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(clock: Clock) -> Live:
    return Live(clock=clock)


def test_rate_share_and_latency_are_of_what_was_decided_of_late(
    live: Live, clock: Clock
):
    live.add(a_pulse(decided=100, outcomes={"approve": 100}))
    clock.now += 1
    live.add(
        a_pulse(
            decided=140,
            outcomes={"approve": 130, "review": 9, "decline": 1},
            latency_ms={"5": 20, "10": 20},
        )
    )
    clock.now += 1

    now = live.snapshot()

    assert now.per_second == 40 / 5
    assert now.outcomes == {"approve": 30, "review": 9, "decline": 1}
    assert now.flagged_share == 10 / 40
    assert now.p50_ms == 5.0
    assert now.p99_ms == pytest.approx(9.9)
    assert now.totals["decided"] == 140


def test_hits_of_a_rule_are_those_of_late_and_of_all_workers(live: Live, clock: Clock):
    for worker in ("one", "two"):
        live.add(a_pulse(worker, hits={"large-amount": 100}))
    clock.now += 1
    live.add(a_pulse("one", hits={"large-amount": 103, "watching": 2}))
    live.add(a_pulse("two", hits={"large-amount": 4}))  # began again
    clock.now += 1
    found = live.snapshot().hits
    clock.now += 1000

    assert found == {"large-amount": 7, "watching": 2}
    assert live.snapshot().hits == {}


def test_a_worker_that_began_again_loses_nothing_from_the_totals(
    live: Live, clock: Clock
):
    live.add(a_pulse(decided=100, outcomes={"approve": 100}))
    live.add(a_pulse("two", decided=5, delivered=7, role="deliver"))
    live.add(a_pulse(decided=3, outcomes={"approve": 3}))
    clock.now += 1

    now = live.snapshot()

    assert (now.totals["decided"], now.totals["delivered"]) == (108, 7)
    assert now.outcomes == {"approve": 3}


def test_what_is_older_than_a_quarter_of_an_hour_is_forgotten(live: Live, clock: Clock):
    live.add(a_pulse())
    live.add(a_pulse(outcomes={"decline": 1}, latency_ms={"1": 1}))
    clock.now += SPAN
    within = live.snapshot()
    clock.now += 1
    after = live.snapshot()

    assert within.outcomes == {"decline": 1}
    assert after.outcomes == {}
    assert after.flagged_share is None
    assert after.p50_ms is None


def test_a_series_has_a_point_a_step_and_none_before_anybody_was_heard(
    live: Live, clock: Clock
):
    live.add(a_pulse())
    clock.now += 1
    live.add(a_pulse(outcomes={"approve": 15, "review": 5}, latency_ms={"2": 20}))
    clock.now += 5

    series = live.snapshot().series

    assert len(series.at) == 180
    assert series.at[-1].timestamp() == 10_005
    assert series.per_second[-2:] == [None, 4.0]
    assert series.review[-2:] == [None, 0.25]
    assert series.p50_ms[-1] == 1.5


def test_a_silent_worker_is_said_to_be_and_later_left_out(live: Live, clock: Clock):
    live.add(a_pulse("one", lag={"transactions": 5}))
    clock.now += 2
    live.add(a_pulse("two", lag={"transactions": 7}))
    together = live.snapshot()
    clock.now += 2
    apart = live.snapshot()
    clock.now += 117

    assert [w.state for w in together.workers] == ["running", "running"]
    assert together.lag == {"transactions": 12}
    assert [(w.state, w.silent_for) for w in apart.workers] == [
        ("silent", 4.0),
        ("running", 2.0),
    ]
    assert apart.lag == {"transactions": 7}
    assert [w.name for w in live.snapshot().workers] == ["two"]


def test_flagged_decisions_stay_when_many_are_approved(live: Live):
    live.add(a_pulse(recent=[a_decision("flagged")]))
    for number in range(APPROVED + 1):
        approved = a_decision(f"A{number}", outcome="approve")
        live.add(a_pulse(recent=[approved]))

    now = live.snapshot()

    assert len(now.newest) == APPROVED + 1
    assert now.newest[0][1].id == "flagged"
    assert live.decision("flagged") is not None
    assert live.decision("A0") is None
    for number in range(FLAGGED):
        live.add(a_pulse(recent=[a_decision(f"F{number}")]))
    assert live.decision("flagged") is None


def test_a_decision_published_again_is_shown_once(live: Live):
    live.add(a_pulse(recent=[a_decision("T1", score=50.0)]))
    live.add(a_pulse(recent=[a_decision("T1", score=99.0)]))

    assert [(n, d.score) for n, d in live.snapshot().newest] == [(1, 50.0)]


def test_all_who_look_within_a_tick_share_one_snapshot(live: Live, clock: Clock):
    first = live.snapshot()
    clock.now += 0.2
    live.add(a_pulse(decided=1))

    assert live.snapshot() is first
    clock.now += 0.1
    assert live.snapshot().totals["decided"] == 1


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ({"synthetic": True}, "simulation"),
        ({"received_at": NOON + timedelta(hours=2)}, "replay"),
        ({}, ""),
    ],
)
def test_what_is_no_life_says_so(
    live: Live, clock: Clock, payment: dict[str, object], expected: str
):
    live.add(a_pulse())
    decision = a_decision(payment=payment)
    live.add(a_pulse(outcomes={"review": 1}, recent=[decision]))
    clock.now += 1

    assert live.snapshot().source == expected
    clock.now += 60
    assert live.snapshot().source == ""


def moved(identity: str, *, size: int = 3) -> GroupMoved:
    return GroupMoved(identity, NOON, size, 0, "alike")


def test_the_groups_that_moved_last_are_told_each_once_and_none_that_is_over(
    live: Live,
):
    live.add(a_pulse(groups=[moved(f"G{number}") for number in range(5)]))
    live.add(a_pulse(groups=[moved("G3", size=4), moved("G4", size=0)]))

    assert live.snapshot().groups == (moved("G3", size=4), moved("G2"))

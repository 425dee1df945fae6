"""Behaviour: acts that others can share, of one day, whoever does them."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from agents.behaviours import learn
from app.engine.tables import SHARED, Partition
from app.events.app_events import AppEvent
from app.events.groups import Transfer
from app.events.labels import Label
from app.events.payments import Payment
from app.features.clock import microseconds
from app.sketches.behaviour import (
    MOST_ACTS,
    MOST_KNOWN,
    WEIGHTS,
    BehaviourRow,
    Swept,
    weight,
    words,
)
from tests.sketches.doings import DAY, NOON, called, marked, paid, sent, shopped, told


def acts(row: BehaviourRow, kind: str) -> set[str]:
    return {act for act in row.acts if act.startswith(f"{kind} ")}


@pytest.mark.parametrize("apart", [0, 3, 9.9])
def test_two_who_buy_within_ten_minutes_share_an_act_whatever_the_clock(apart: float):
    for minute in range(20):
        one, other = BehaviourRow(), BehaviourRow()
        one.learn(paid("c-1", minute))
        other.learn(paid("c-2", minute + apart))

        assert one.acts.keys() & other.acts.keys()


def test_who_buys_half_an_hour_apart_or_elsewhere_shares_nothing():
    first, late, elsewhere = BehaviourRow(), BehaviourRow(), BehaviourRow()
    first.learn(paid("c-1"))
    late.learn(paid("c-2", 30))
    elsewhere.learn(paid("c-3", terminal_id="T2"))

    assert not first.acts.keys() & (late.acts.keys() | elsewhere.acts.keys())


def test_no_act_names_its_customer():
    row = BehaviourRow()
    row.learn(paid("c-1"))
    row.learn(sent("c-1", "A1"))
    row.learn(shopped("c-1"))
    for action in ("/A", "/B", "/C"):
        row.learn(called("c-1", action))

    assert not [act for act in row.acts if "c-1" in act]
    assert {act.partition(" ")[0] for act in row.acts} == WEIGHTS.keys() - {"passes"}


def test_only_who_is_paid_for_the_first_time_counts():
    row = BehaviourRow()
    first = row.learn(sent("c-1", "A1"))
    for minute in range(0, 3 * DAY, 100):
        row.learn(shopped("c-1", minute))
    again = row.learn(sent("c-1", "A1", 3 * DAY))

    assert first
    assert again
    assert "pays A1" in first.acts
    assert "pays A1" not in again.acts
    assert again.transfer == Transfer("A1", 10_000)


def test_who_is_paid_often_is_known_however_many_others_are_paid():
    row = BehaviourRow()
    row.learn(sent("c-1", "landlord"))
    for day in range(2 * MOST_KNOWN):
        row.learn(sent("c-1", f"A{day}", day * DAY + 10))
        again = row.learn(sent("c-1", "landlord", (day + 1) * DAY))

    assert again
    assert "pays landlord" not in again.acts
    assert f"pays A{day}" in again.acts


def test_a_transfer_that_comes_twice_is_told_once():
    found = told(sent("c-1", "A1"), sent("c-1", "A1"))

    assert len(found) == 1


def test_calls_in_a_row_are_an_act_and_what_the_bank_refused_is_none():
    row = BehaviourRow()
    for place, action in enumerate(("/A", "/B", "/C")):
        row.learn(called("c-1", action, place, outcome="failure"))
    assert not row.acts

    for place, action in enumerate(("/A", "/B", "/C")):
        row.learn(called("c-1", action, 3 + place))

    assert acts(row, "calls") == {"calls /A > /B > /C"}
    assert acts(row, "from") == {"from n1"}


def test_calls_of_two_sessions_are_not_in_a_row():
    row = BehaviourRow()
    for minute, action in ((0, "/A"), (1, "/B"), (40, "/C"), (41, "/D")):
        row.learn(called("c-1", action, minute))

    assert not acts(row, "calls")


@pytest.mark.parametrize("late", [-600, 1.5])
def test_a_call_that_comes_late_is_in_no_row(late: float):
    row = BehaviourRow()
    for minute, action in ((1, "/A"), (2, "/B"), (late, "/OLD"), (3, "/C"), (4, "/D")):
        row.learn(called("c-1", action, minute))

    assert not acts(row, "calls")
    row.learn(called("c-1", "/E", 5))
    assert acts(row, "calls") == {"calls /C > /D > /E"}


def test_what_was_done_a_day_ago_is_forgotten_and_what_comes_too_late_ignored():
    row = BehaviourRow()
    row.learn(paid("c-1"))
    row.learn(shopped("c-1", DAY))

    assert {act.partition(" ")[0] for act in row.acts} == {"at"}
    assert row.learn(sent("c-1", "A1", -1)) is None


def test_little_that_is_new_is_not_worth_telling():
    assert not told(*(shopped("c-1", 60 * hour) for hour in range(3)))
    assert len(told(*(shopped("c-1", 60 * hour) for hour in range(8)))) == 2
    assert len(told(*(paid("c-1", minute=n) for n in range(3)))) == 1


def test_a_fraud_that_becomes_known_is_told_once_and_so_is_that_it_is_none():
    payment = paid("c-1")
    found = told(
        payment,
        marked(payment),
        marked(payment),
        marked(payment, fraud=False),
    )

    assert [one.frauds for one in found] == [0, 1, 0]
    assert not told(marked(payment))  # of somebody who did nothing


def test_acts_are_bounded():
    row = BehaviourRow()
    for number in range(3 * MOST_ACTS):
        row.learn(sent("c-1", f"A{number}", number / 10))

    assert len(row.acts) == MOST_ACTS
    assert f"pays A{3 * MOST_ACTS - 1}" in row.acts
    assert len(row.encode()) < 8_000


def test_a_row_goes_on_as_the_one_that_its_bytes_were_made_from():
    events: list[Payment | AppEvent | Label] = [
        paid("c-1"),
        sent("c-1", "A1", 1),
        called("c-1", "/A", 2),
        called("c-1", "/B", 3),
        marked(paid("c-1")),
        called("c-1", "/C", 4),
        sent("c-1", "A1", 5),
        sent("c-1", "A2", 2 * DAY),
    ]
    row, other = BehaviourRow(), BehaviourRow()
    for event in events:
        other = BehaviourRow.decode(other.encode())

        assert row.learn(event) == other.learn(event)
        assert row.encode() == other.encode()


def learnt(*events: Payment, restarted: bool = False) -> dict[bytes, bytes]:
    """Return a partition's rows after events, each logged at the latest on day 40."""
    rows: Partition[BehaviourRow] = Partition(BehaviourRow, Swept)
    latest = microseconds(NOON) // 1_000 + 40 * DAY * 60_000
    for event in events:
        if restarted:
            kept = dict(rows)
            rows = Partition(BehaviourRow, Swept)
            rows.rows = dict(kept)
        at = min(microseconds(event.occurred_at) // 1_000, latest)
        record: Any = SimpleNamespace(
            partition=0, timestamp=at, value=msgspec.json.encode(event)
        )
        outbox: Any = SimpleNamespace(rejected=0, send=lambda *_: None)
        learn([record], outbox, {0: rows})
    return dict(rows)


def test_who_falls_silent_is_let_go_of_after_31_days():
    events = [sent("c-1", "A1"), sent("c-2", "A1", 20 * DAY), paid("c-3", 31 * DAY)]
    kept = learnt(*events)
    later = learnt(*events, sent("c-1", "A1", 32 * DAY), restarted=True)

    assert kept.keys() - {SHARED} == {b"c-1", b"c-2", b"c-3"}
    assert later == learnt(*events, sent("c-1", "A1", 32 * DAY))
    again = BehaviourRow.decode(later[b"c-1"])
    assert "pays A1" in again.acts
    assert learnt(*events, paid("c-3", 32 * DAY)).keys() == later.keys() - {b"c-1"}


def test_what_is_dated_ahead_lets_go_of_nobody():
    ahead = paid("c-2", 400 * DAY)

    assert b"c-1" in learnt(sent("c-1", "A1", 20 * DAY), ahead)


def test_bytes_of_another_version_are_refused():
    with pytest.raises(ValueError, match="got version 9, expected 1"):
        BehaviourRow.decode(b"\x09")


@pytest.mark.parametrize("kind", WEIGHTS)
def test_every_kind_of_act_has_words(kind: str):
    what = {
        "pays": "A1",
        "passes": "C1",
        "buys": "T1 2945408",
        "calls": "/A > /B > /C",
        "from": "n1",
        "at": "52.52,13.40 490904",
    }[kind]

    said = words(f"{kind} {what}")

    assert weight(f"{kind} {what}") == WEIGHTS[kind]
    assert said.split()[0] in {"pay", "pass", "call", "use"}
    assert kind == "from" or what.split()[0] in said

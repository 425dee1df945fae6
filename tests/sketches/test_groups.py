"""Groups: gangs are found as they move, and honest customers are left alone."""

from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from agents.groups import group
from app.engine.engine import Outbox
from app.engine.partitioner import partition_for
from app.engine.tables import Partition
from app.events.app_events import AppEvent
from app.events.groups import Behaviour, GroupAlert
from app.events.labels import Label
from app.events.payments import Payment
from app.features.clock import SECOND, microseconds, moment
from app.main import counters
from app.sketches import groups as module
from app.sketches.group_rows import GroupRow, SharedGroups, groups_of, store
from app.sketches.groups import COMMON, MOST_MEMBERS, Found, Groups, grouped
from app.topics import GROUP_ALERTS
from tests.sketches.doings import (
    DAY,
    NOON,
    SCRIPT,
    a_story,
    cycle,
    farm,
    marked,
    paid,
    ring,
    sent,
    shopped,
    told,
)

MINUTE = 60 * SECOND


def erasure(customer: str) -> Behaviour:
    """Ask to forget a customer."""
    return Behaviour(customer, moment(0), [], erased=True)


def learnt(*events: Payment | AppEvent | Label) -> tuple[Groups, list[Found]]:
    """Have groups found of events."""
    groups = Groups()
    found = [groups.learn(one) for one in told(*events)]
    return groups, [one for one in found if one]


def test_accounts_that_one_script_runs_are_a_group_and_say_why():
    _, found = learnt(*farm(8))

    alert = found[-1].alert
    assert set(alert.members) == {f"bot-{n}" for n in range(8)}
    assert (alert.size, alert.frauds) == (8, 0)
    assert alert.why[0].reason.startswith("8 of 8 pay at T1 within 20 minutes from")
    assert f"8 of 8 call {', '.join(SCRIPT[:2])} and {SCRIPT[2]} in a row" in [
        one.reason for one in alert.why
    ]


def test_money_that_goes_round_makes_a_group_of_all_it_goes_through():
    _, found = learnt(*cycle(5))

    alert = found[-1].alert
    assert set(alert.members) == {f"k-{n}" for n in range(5)}
    assert "5 of 5 pass on money that came from k-0" in [x.reason for x in alert.why]


def test_many_who_pay_one_new_account_are_a_group():
    _, found = learnt(*(sent(f"c-{n}", "A1", 5 * n) for n in range(6)))

    assert found[-1].alert.size == 6
    assert found[-1].alert.why[0].reason == "6 of 6 pay A1 for the first time"


def test_a_ring_of_mules_is_one_group_with_who_was_tricked_into_paying_them():
    _, found = learnt(*ring())

    alert = found[-1].alert
    assert set(alert.members) == {*(f"p-{n}" for n in range(4)), "m-0", "m-1"}
    assert "2 of 6 pay m-0 for the first time, who is one of them and passes it on" in [
        one.reason for one in alert.why
    ]


def test_a_payee_that_passes_nothing_on_is_counted_among_the_payers_of_nobody():
    payers = [sent(f"c-{n}", "B", n) for n in range(3)]
    _, found = learnt(*payers, sent("B", "A1", 5, 1), sent("c-0", "A1", 6))

    assert "B" in found[-1].moving
    assert "3 of 4 pay B for the first time" in [
        one.reason for one in found[-1].alert.why
    ]


def test_an_act_that_everybody_does_is_no_evidence():
    everybody = [sent(f"c-{n}", "A1", n) for n in range(3 * COMMON)]
    groups, found = learnt(*everybody)

    assert not any(one.news for one in found[COMMON:])
    assert len(groups.known) == 1
    assert max(len(one.members) for one in groups.known.values()) <= COMMON


def test_two_are_no_group_and_one_act_of_little_weight_links_nobody():
    groups, found = learnt(
        sent("c-1", "A1"),
        sent("c-2", "A1", 1),
        *(paid(f"d-{n}", 2) for n in range(5)),
        *(shopped(f"e-{n}", 60 * h) for n in range(5) for h in range(3)),
    )

    assert not found
    assert not groups.known


def test_a_group_is_news_when_it_grows_and_when_a_fraud_is_known_or_is_none():
    payments = [sent(f"c-{n}", "A1", n) for n in range(4)]
    again = sent("c-1", "A2", 10)
    labels = [marked(payments[0]), marked(payments[0], fraud=False)]
    _, found = learnt(*payments, again, *labels)

    assert [one.news for one in found] == [True, True, False, True, True]
    assert [one.alert.size for one in found] == [3, 4, 4, 4, 4]
    assert [one.alert.frauds for one in found] == [0, 0, 0, 1, 0]
    assert len({one.alert.id for one in found}) == 1


def test_who_does_something_else_the_next_day_has_left_and_is_still_remembered():
    payments = [sent(f"c-{n}", "A1", n) for n in range(4)]
    later = [sent(f"c-{n}", f"B{n}", 2 * DAY + n) for n in range(4)]
    groups, found = learnt(*payments, *later)

    assert len(found) == 2
    assert not groups.clusters.groups(least=3)
    assert [one.members for one in groups.known.values()] == [
        ["c-0", "c-1", "c-2", "c-3"]
    ]


def test_a_group_is_forgotten_a_month_after_it_moved():
    payments = [sent(f"c-{n}", "A1", n) for n in range(4)]
    groups, _ = learnt(*payments, sent("c-9", "A9", 31 * DAY))

    assert not groups.known
    assert list(groups.members) == ["c-9"]
    assert list(groups.accounts.known) == ["c-9", "A9"]


def test_two_groups_that_meet_are_one_under_the_older_name():
    first = [sent(f"c-{n}", "A1", n) for n in range(3)]
    second = [sent(f"d-{n}", "A2", 10 + n) for n in range(3)]
    meeting = [sent("e-1", "A1", 20), sent("e-1", "A2", 21)]
    groups, found = learnt(*first, *second, *meeting)

    alert = found[-1].alert
    assert alert.id == found[0].alert.id
    assert alert.size == 7
    assert set(groups.known) == {alert.id}


def test_who_is_erased_is_gone_from_rows_and_groups():
    groups, _ = learnt(*(sent(f"c-{n}", "A1", n) for n in range(4)))

    erased = groups.learn(erasure("c-1"))

    (alert,) = groups.known.values()
    assert erased is None
    assert alert.members == ["c-0", "c-2", "c-3"]
    assert "c-1" not in groups.members.keys() | groups.accounts.known.keys()
    assert "c-1" not in groups.clusters.names


def test_groups_that_named_who_is_erased_are_told_anew_without_it():
    groups, _ = learnt(*ring())
    (name,) = groups.known

    groups.learn(erasure("m-0"))

    alert = groups.known[name]
    assert list(groups.news) == [name]
    assert set(alert.members) == {*(f"p-{n}" for n in range(4)), "m-1"}
    assert alert.size == 5
    assert alert.why
    assert b"m-0" not in msgspec.json.encode(alert)


def test_reasons_that_name_who_is_erased_as_payee_go_and_no_others():
    pays = [
        (f"c-{n}", to, n + m) for n in range(4) for m, to in ((0, "A"), (0.5, "A1"))
    ]
    groups, found = learnt(*(sent(*one) for one in pays))
    before = found[-1].alert

    groups.learn(erasure("A"))

    (alert,) = groups.known.values()
    assert list(groups.news) == [before.id]
    assert alert.size == len(alert.members) == 4
    assert [one.reason for one in before.why] == [
        "4 of 4 pay A for the first time",
        "3 of 4 pay A1 for the first time",
    ]
    assert alert.why == before.why[1:]


def test_a_group_of_which_an_erasure_leaves_two_is_over():
    groups, _ = learnt(*(sent(f"c-{n}", "A1", n) for n in range(3)))
    (name,) = groups.known

    groups.learn(erasure("c-1"))
    news = list(groups.news)
    groups.learn(erasure("c-1"))

    assert not groups.known
    assert news == [name]
    assert not groups.news


def test_nothing_that_is_stored_names_who_is_erased():
    for who in ("k-0", "k-2"):
        rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
        groups = groups_of(rows, learn=True)
        assert groups
        for one in told(*cycle(5)):
            groups.learn(one)
        store(groups, rows)
        before = [pair for pair in rows if who.encode() in b"".join(pair)]

        groups.learn(erasure(who))
        store(groups, rows)

        assert before
        assert not [pair for pair in rows if who.encode() in b"".join(pair)]


def test_the_agent_tells_of_groups_without_who_is_erased_and_of_those_that_are_over():
    counters.take_groups()
    rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    alerts: list[tuple[bytes, bytes | None]] = []

    def send(topic: str, key: bytes, value: bytes | None, _: object) -> None:
        if topic == GROUP_ALERTS.name:
            alerts.append((key, value))

    def work_off(*log: Behaviour) -> None:
        records: list[Any] = [
            SimpleNamespace(
                partition=0,
                timestamp=microseconds(NOON) // 1_000,
                value=msgspec.json.encode(one),
            )
            for one in log
        ]
        out = cast("Outbox", SimpleNamespace(send=send, rejected=0))
        group(records, out, {0: rows})

    work_off(*told(*(sent(f"c-{n}", "A1", n) for n in range(4))))
    (name,) = {key for key, _ in alerts}
    work_off(erasure("c-1"))
    shrunk = msgspec.json.decode(alerts[-1][1] or b"", type=GroupAlert)
    (pulsed,) = counters.take_groups()
    work_off(erasure("c-2"))
    (ended,) = counters.take_groups()

    assert shrunk.members == ["c-0", "c-2", "c-3"]
    assert alerts[-1] == (name, None)
    assert pulsed == shrunk.moved
    assert (ended.id, ended.size) == (shrunk.id, 0)


def test_a_group_that_is_forgotten_is_told_to_be_over():
    groups, _ = learnt(*(sent(f"c-{n}", "A1", n) for n in range(4)))
    (name,) = groups.known

    for one in told(sent("c-9", "A9", 31 * DAY)):
        groups.learn(one)

    assert list(groups.news) == [name]


def test_what_is_remembered_of_a_group_is_bounded():
    groups = Groups()
    for n in range(2 * MOST_MEMBERS):
        bridge = [f"A{n // 20}", f"A{n // 20 + 1}"] if n % 20 == 0 else [f"A{n // 20}"]
        paying = (sent(f"c-{n}", to, (n + i / 2) / 10) for i, to in enumerate(bridge))
        for one in told(*paying):
            found = groups.learn(one)

    assert found
    assert found.alert.size > MOST_MEMBERS
    assert len(found.alert.members) == MOST_MEMBERS


def test_one_payment_dated_ahead_ages_nobody_else():
    before = [sent(f"c-{n}", "A1", n) for n in range(3)]
    ahead = paid("x-1", DAY + 10, terminal_id="T9")
    after = [sent("c-9", "A1", 12), sent("x-1", "A1", 13)]
    log = told(*before, sent("x-1", "B1", 9), ahead, sent("x-1", "B2", DAY + 11))
    groups = Groups()
    now = microseconds(NOON) + 15 * MINUTE
    for one in log:
        groups.learn(one, logged=now)
    found = [groups.learn(one, logged=now + MINUTE) for one in told(*after)]

    assert groups.newest <= now + MINUTE
    assert {one.at for one in groups.members.values()} <= {
        *(microseconds(one.occurred_at) for one in (*before, *after)),
        now,
    }
    assert found[-1]
    assert found[-1].alert.size == 5


def test_the_agent_takes_the_time_of_the_log_for_that_of_its_behaviours():
    rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    ahead = msgspec.json.encode(Behaviour("c-1", NOON + timedelta(days=1), ["pays A1"]))
    record: Any = SimpleNamespace(
        partition=0, timestamp=microseconds(NOON) // 1_000, value=ahead
    )

    group([record], cast("Outbox", SimpleNamespace(rejected=0)), {0: rows})

    groups = groups_of(rows)
    assert groups
    assert groups.newest == groups.members["c-1"].at == microseconds(NOON)


def test_what_happened_long_before_it_was_logged_is_of_its_own_time():
    log = told(*a_story(1))
    plain, replayed = Groups(), Groups()
    month = 31 * DAY * MINUTE

    for one in log:
        later = microseconds(one.at) + month
        assert replayed.learn(one, logged=later) == plain.learn(one)


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> tuple[Groups, list[Behaviour]]:
    """Give groups with one of 25 customers that has room for 20, and what it learnt."""
    monkeypatch.setattr(module, "MOST_MEMBERS", 20)
    groups = Groups()
    log = told(*(sent(f"c-{n:02}", "A1", n) for n in range(25)))
    for one in log:
        groups.learn(one)
    return groups, log


def test_who_finds_no_room_in_a_full_group_is_news_once(
    crowd: tuple[Groups, list[Behaviour]],
):
    groups, log = crowd
    (name,) = groups.known
    before = list(groups.beyond[name])

    again = [groups.learn(one) for one in log[-8:]]
    joined = groups.learn(*told(sent("c-99", "A1", 30)))

    assert before == [f"c-{n}" for n in range(20, 25)]
    assert [one.news for one in again if one] == [False] * 8
    assert joined
    assert joined.news
    assert joined.alert.size == 26
    assert groups.beyond[name] == [*before, "c-99"]


def test_who_finds_no_room_is_remembered_over_a_kill_until_erased(
    crowd: tuple[Groups, list[Behaviour]],
):
    _, log = crowd
    rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    groups = groups_of(rows, learn=True)
    assert groups
    for one in log:
        groups.learn(one)
    store(groups, rows)
    again: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    again.rows = dict(rows)
    restored = groups_of(again)
    assert restored

    assert restored.beyond == groups.beyond
    found = restored.learn(log[-1])
    assert found
    assert not found.news
    restored.learn(erasure("c-24"))
    store(restored, again)
    (row,) = (value for key, value in again if key.startswith(b"g"))
    assert b"c-23" in row
    assert b"c-24" not in row


def test_in_a_full_group_the_oldest_who_no_longer_move_make_room(
    crowd: tuple[Groups, list[Behaviour]],
):
    groups, _ = crowd
    (name,) = groups.known
    for n in (3, 1):
        groups.learn(Behaviour(f"c-{n:02}", NOON + timedelta(minutes=30), []))

    found = groups.learn(*told(sent("c-99", "A1", 31)))

    assert found
    assert found.alert.members == [f"c-{n:02}" for n in range(22) if n not in {1, 3}]
    assert groups.beyond[name] == ["c-22", "c-23", "c-24", "c-99"]


def test_a_groups_name_says_of_no_customer():
    groups, _ = learnt(*farm(8), *cycle(5, 100))

    assert groups.known
    assert not [
        (name, key) for name in groups.known for key in groups.members if key in name
    ]


def test_members_are_told_once_a_partition_under_one_of_their_names():
    _, found = learnt(*farm(8))

    def of(customer: str) -> int:
        return partition_for(customer.encode(), 4)

    records = grouped(found[-1], of)
    homes = [{of(customer) for customer in one.customers} for one in records]
    assert all(len(home) == 1 for home in homes)
    assert len({place for home in homes for place in home}) == len(records)
    assert sorted(c for one in records for c in one.customers) == found[-1].moving


def worked_off(log: list[Behaviour], cuts: set[int]) -> tuple[list[Found], object]:
    """Work a log off; at each cut go on from what was stored, as after a kill."""
    rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    found = []
    for place, one in enumerate(log):
        if place in cuts:
            kept = dict(rows)
            rows = Partition(GroupRow, SharedGroups)
            rows.rows = dict(kept)
        groups = groups_of(rows, learn=True)
        assert groups
        found.append(groups.learn(one))
        store(groups, rows)
    return [one for one in found if one], sorted(rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_groups_are_a_function_of_the_log_whenever_a_worker_is_killed(seed: int):
    log = told(*a_story(seed))
    for place, who in ((-1, "m-0"), (-200, "p-1"), (-300, "k-2")):
        log.insert(place, erasure(who))
    chance = Random(seed)  # noqa: S311 - no secret is made
    plain = worked_off(log, set())

    assert worked_off(log, set(chance.sample(range(len(log)), 25))) == plain
    assert len({one.alert.id for one in plain[0]}) >= 4


def test_only_what_changed_is_stored_again():
    rows: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    assert groups_of(rows) is None
    groups = groups_of(rows, learn=True)
    assert groups
    for one in told(*(sent(f"c-{n}", f"A{n}", n) for n in range(50))):
        groups.learn(one)
    store(groups, rows)
    rows.checkpoint()
    for one in told(sent("d-1", "B1", 60)):
        groups.learn(one)
    store(groups, rows)

    assert rows.dirty == {b"cd-1", b"ad-1", b"aB1"}


def test_counters_of_another_version_are_refused():
    with pytest.raises(ValueError, match="got version 7, expected 2"):
        SharedGroups.decode(b"\x95\x07\x00\x00\x00\x00")

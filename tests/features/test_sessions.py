"""Sessions: what the app says of the payment that follows."""

from itertools import permutations
from math import isclose, log2
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.events.app_events import AppEvent
from app.features.catalogue import PROFILE
from app.features.customers import CustomerRow
from app.features.sessions import MOST_EVENTS, NAMES, UNKNOWN, Sessions
from app.features.steps import FIRST, RARE, Steps, everybody, named, surprises
from tests.features.builders import paid, used

DAY = 24 * 60  # minutes
MINUTE = 1 / DAY  # in days, which payments are told in


def features(row: CustomerRow, minute: float, **payment: Any) -> dict[str, Any]:
    """Return what sessions say of a payment so many minutes after the start."""
    values = row.profile(replace(paid(minute * MINUTE, name="p"), **payment))
    return dict(zip(NAMES, values[-len(NAMES) :], strict=True))


def row_of(*events: AppEvent) -> CustomerRow:
    row = CustomerRow()
    for event in events:
        row.use(event)
    return row


def test_the_names_are_the_last_of_the_catalogue_s_profile():
    assert tuple(one.name for one in PROFILE[-len(NAMES) :]) == NAMES


def test_who_was_never_in_the_app_has_no_session():
    values = CustomerRow().profile(paid(1))

    assert values[-len(NAMES) :] == UNKNOWN


def test_a_session_is_counted_and_paced_up_to_the_payment():
    row = row_of(used(0, "log-in"), used(1), used(3), used(90))

    told = features(row, 4)

    assert told["session_minutes"] == pytest.approx(4)
    assert told["session_actions"] == 3
    assert told["session_seconds_an_action"] == pytest.approx(90)
    assert told["minutes_since_log_in"] == pytest.approx(4)
    assert told["session_failed_log_ins"] == 0


def test_thirty_minutes_without_an_event_end_a_session():
    row = row_of(used(0, "log-in"), used(31), used(61))

    assert features(row, 91)["session_actions"] == 2
    assert features(row, 91.1)["session_actions"] is None
    assert features(row, 30)["session_actions"] == 1


def test_a_payment_sees_nothing_of_what_comes_after_it():
    early, late = row_of(used(0), used(5)), row_of(used(0), used(5), used(6), used(20))

    assert features(early, 5.5) == features(late, 5.5)


def test_failed_log_ins_are_counted_and_make_nothing_known():
    row = row_of(
        used(0, "log-in"),
        *(used(DAY + n, "log-in", outcome="failure", device_id="d2") for n in range(4)),
        used(DAY + 5, "log-in", device_id="d2"),
    )

    told = features(row, DAY + 6)

    assert told["session_failed_log_ins"] == 4
    assert told["session_new_device"] == 1
    assert told["minutes_since_log_in"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("session_new_device", "device_id", "phone-2"),
        ("session_new_country", "country", "FR"),
        ("session_new_network", "asn", 64513),
    ],
)
def test_what_no_session_before_had_is_new(name: str, field: str, value: object):
    row, told = CustomerRow(), []
    new: dict[str, Any] = {field: value}
    for day, fields in ((0, {}), (1, new), (2, new), (9, {})):
        row.use(used(day * DAY, **fields))
        told.append(features(row, day * DAY + 1)[name])

    assert told == [None, 1, 0, 0]


def test_minutes_since_a_beneficiary_was_added_are_of_the_payment_s_own():
    row = row_of(
        used(0, "beneficiary-added", beneficiary_id="b1"),
        used(10, "beneficiary-added", beneficiary_id="b2"),
        used(11, "limit-changed"),
        used(12, "password-reset", outcome="failure"),
    )

    told = features(row, 20, beneficiary_id="b1")

    assert told["minutes_since_beneficiary_added"] == pytest.approx(20)
    assert told["minutes_since_limit_changed"] == pytest.approx(9)
    assert told["minutes_since_password_reset"] is None
    assert features(row, 20)["minutes_since_beneficiary_added"] is None


def test_changes_are_remembered_for_31_days_and_no_longer():
    row = row_of(used(0, "limit-changed"), used(40 * DAY))

    assert features(row, 30.9 * DAY)["minutes_since_limit_changed"] == pytest.approx(
        30.9 * DAY
    )
    assert features(row, 31.1 * DAY)["minutes_since_limit_changed"] is None


def test_a_late_payment_does_not_know_what_came_after_it():
    calls = [used(40 + n / 10) for n in range(MOST_EVENTS + 1)]
    row = row_of(used(30, "limit-changed"), *calls)

    assert features(row, 0)["minutes_since_limit_changed"] is None
    assert features(row, 60)["minutes_since_limit_changed"] == pytest.approx(30)


def test_the_same_event_twice_counts_once():
    row = CustomerRow()

    learnt = [row.use(used(0)), row.use(used(0)), row.use(used(5, id="action-0"))]

    assert learnt == ["new", "repeat", "repeat"]
    assert features(row, 6)["session_actions"] == 1


def test_an_event_more_than_a_day_behind_the_newest_changes_nothing():
    row = row_of(used(2 * DAY))
    before = row.encode()

    assert row.use(used(DAY)) == "late"
    assert row.use(used(DAY + 0.1)) == "new"
    assert row_of(used(2 * DAY)).encode() == before


def test_events_in_any_order_give_the_same_session_and_the_same_row():
    events = [
        used(0, "log-in"),
        used(2, "beneficiary-added", beneficiary_id="b"),
        used(3, device_id="phone-2"),
        used(70),
        used(DAY - 1),
    ]
    rows = [row_of(*order) for order in permutations(events)]

    assert len({row.encode() for row in rows}) == 1
    assert len({str(features(row, 75, beneficiary_id="b")) for row in rows}) == 1


KINDS = ["action", "log-in", "limit-changed", "password-reset", "beneficiary-added"]


@given(
    st.lists(
        st.tuples(st.integers(0, 1_400), st.sampled_from(KINDS), st.integers(0, 3)),
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_arrival_never_matters_within_a_day(
    stated: list[tuple[int, str, int]], chance: Random
):
    events = [
        used(at, kind, id=f"e{n}", device_id=f"d{who}", beneficiary_id=f"b{who}")
        for n, (at, kind, who) in enumerate(stated)
    ]
    shuffled = chance.sample(events, len(events))
    one, other = row_of(*events), row_of(*shuffled)

    assert one.encode() == other.encode()
    assert CustomerRow.decode(one.encode()).encode() == one.encode()
    assert features(one, 1_410) == features(CustomerRow.decode(other.encode()), 1_410)


def test_a_row_stays_small_whatever_happens_in_the_app():
    sessions = Sessions()
    for n in range(5_000):
        sessions.learn(
            used(
                n / 10,
                KINDS[n % 5],
                id=f"e{n}",
                action=f"/A{n % 997}/B",
                device_id=f"d{n}",
                asn=n,
                beneficiary_id=f"b{n}",
            )
        )

    assert sessions.view()["events"] == MOST_EVENTS
    assert len(sessions.encode()) < 6_000


def test_what_a_customer_does_again_and_again_surprises_less_and_less():
    odd = ["log-in", "LOANS", "CAMPAIGN", "LOANS"]

    def surprise(times: int) -> tuple[float, float]:
        row = CustomerRow()
        for day in range(times + 1):
            for n, step in enumerate(odd):
                kind = step if n == 0 else "action"
                row.use(used(day * DAY * 2 + n, kind, action=f"/{step}/X"))
        told = features(row, times * DAY * 2 + 4)
        return told["session_surprise"], told["session_surprise_for_all"]

    once, ten, fifty = surprise(0), surprise(10), surprise(50)

    assert once[0] == once[1] > 4
    assert once[0] > ten[0] > fifty[0]
    assert fifty[0] < 1
    assert once[1] == ten[1] == fifty[1]


def test_a_surprise_is_the_mean_of_what_each_step_says():
    shares = everybody()
    path = [named("log-in"), named("ACCOUNTS"), named("NOWHERE")]
    expected = -(
        log2(shares[FIRST, path[0]]) + log2(shares[path[0], path[1]]) + log2(RARE)
    )

    own, everybodys = surprises(path, Steps(), Steps())

    assert isclose(everybodys, expected / 3)
    assert isclose(own, everybodys)


def test_everybody_s_shares_add_up():
    totals: dict[int, float] = {}
    for (before, _), share in everybody().items():
        totals[before] = totals.get(before, 0) + share

    assert len(totals) > 8
    assert all(isclose(total, 1) for total in totals.values())

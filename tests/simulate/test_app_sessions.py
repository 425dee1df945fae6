"""What the made-up bank's customers and thieves do in the app."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from app.app_events import app_event
from app.events.app_events import StatedAppEvent
from app.features.clock import DAY, SECOND, microseconds
from app.simulate.app_sessions import ANONYMOUS
from app.simulate.bank import Bank
from app.sources.chunks import Chunk, DueAppEvent
from tests.simulate.conftest import payments_of, until

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def parts() -> list[Chunk]:
    """Twelve days of a bank of 2,000 customers."""
    return list(Bank(customers=2_000).chunks(until=until(12)))


def stated(event: DueAppEvent) -> StatedAppEvent:
    return app_event(event.value, received_at=NOW)


def test_every_app_event_passes_capture_and_is_marked_synthetic(parts: list[Chunk]):
    due = [event for chunk in parts for event in chunk.app_events]
    events = [stated(event) for event in due]

    assert 0.5 < len(events) / sum(len(chunk.ids) for chunk in parts) < 3
    assert all(event.synthetic for event in events)
    assert len({event.id for event in events}) == len(events)
    assert [event.id for event in events] == [event.id for event in due]
    assert all(
        0 <= one.due - microseconds(event.occurred_at) < DAY
        for one, event in zip(due, events, strict=True)
    )
    assert {event.kind for event in events} == {
        "log-in",
        "log-out",
        "action",
        "beneficiary-added",
        "limit-changed",
        "password-reset",
        "card-viewed",
    }


def test_app_events_leave_in_the_order_of_the_payments_after_them(parts: list[Chunk]):
    for chunk in parts:
        due = [event.due for event in chunk.app_events]

        assert due == sorted(due)
        assert set(due) <= set(chunk.times)


def test_the_same_seed_gives_the_same_app_events_and_none_the_same_payments():
    one, other = (list(Bank(customers=200).chunks(limit=3_000)) for _ in range(2))
    without = list(Bank(customers=200, app=False).chunks(limit=3_000))

    assert one == other
    assert any(chunk.app_events for chunk in one)
    assert not any(chunk.app_events for chunk in without)
    assert [chunk.values for chunk in one] == [chunk.values for chunk in without]


def before(parts: list[Chunk], scenario: str) -> list[list[StatedAppEvent]]:
    """Return the app events of each fraud of a scenario, of its customer only."""
    found = []
    told = {p.id: label for p, label in payments_of(parts) if label}
    for chunk in parts:
        events = defaultdict(list)
        for event in chunk.app_events:
            events[event.due, event.key].append(stated(event))
        for identity, key, at in zip(chunk.ids, chunk.keys, chunk.times, strict=True):
            if identity in told and told[identity].scenario == scenario:
                found.append(events[at, key])
    return [one for one in found if one]


def test_a_takeover_adds_its_beneficiary_from_a_network_that_hides_it(
    parts: list[Chunk],
):
    thefts = before(parts, "account-takeover")

    assert thefts
    for events in thefts:
        assert {event.asn for event in events} <= set(ANONYMOUS)
        assert "beneficiary-added" in {event.kind for event in events}


def test_stuffing_tries_many_customers_before_one_log_in_succeeds(parts: list[Chunk]):
    assert before(parts, "credential-stuffing")
    failed = Counter(
        event.due
        for chunk in parts
        for event in chunk.app_events
        if (one := stated(event)).device_type == "bot"
        and one.outcome == "failure"
        and one.ip
        and one.ip.startswith("203.0.113.")
    )

    assert max(failed.values()) == 40


def test_a_script_is_faster_than_people_and_always_the_same(parts: list[Chunk]):
    farms = before(parts, "bot-farm")

    assert farms
    assert len({tuple(event.action for event in events) for events in farms}) == 1
    for events in farms:
        times = [microseconds(event.occurred_at) for event in events]
        assert sum(b - a for a, b in pairwise(times)) / (len(times) - 1) < SECOND

"""Quality: what workers counted, added up, told by REST, metrics and the console."""

import pytest

from app.events.quality import Hot, Load, Measured
from tests.web.console.parts import words
from tests.web.pulses import a_pulse
from tests.web.site import Site
from web.auth import Caller
from web.console.application import build
from web.console.client import Client, who
from web.console.pages import quality as page
from web.console.push import Told
from web.quality import merged
from web.server import build as build_server

ONE = Measured(
    taken={"transactions": 90},
    refused={"transactions": 9},
    payments=80,
    repeated_payments=8,
    replayed={"terminal-activity": 5},
    late_by={"60": 3, "inf": 1},
    late_app_events=2,
    loads=[Load(0, 60, [Hot("C1", 40), Hot("C2", 9)])],
)
TWO = Measured(
    taken={"transactions": 10, "labels": 4},
    payments=10,
    app_events=6,
    repeated_app_events=1,
    late_by={"60": 1},
    loads=[Load(0, 10, [Hot("C2", 5, 1)]), Load(1, 30, [Hot("C3", 2)])],
)


@pytest.fixture
def heard(site: Site) -> Site:
    site.context.cluster.add(a_pulse("one", quality=ONE))
    site.context.cluster.add(a_pulse("two", quality=TWO))
    site.context.cluster.add(a_pulse("three", role="deliver", quality=Measured()))
    return site


async def test_the_workers_that_decide_are_added_up(heard: Site):
    async with heard.client("vic") as client:
        told = (await client.get("/v1/quality")).json()

    assert told["workers"] == ["one", "two"]
    assert told["sources"] == [
        {"topic": "labels", "taken": 4, "refused": 0},
        {"topic": "transactions", "taken": 100, "refused": 9},
    ]
    assert told["repeats"] == {
        "payments": 90,
        "payments_dropped": 8,
        "app_events": 6,
        "app_events_dropped": 1,
        "by_origin": {"terminal-activity": 5},
    }
    late = {one["up_to"]: one["payments"] for one in told["order"]["late"]}
    assert (late[60], late[None], sum(late.values())) == (4, 1, 5)
    assert told["order"]["in_order"] == 90 - 8 - 5
    assert told["order"]["too_late"] == 1
    assert told["order"]["app_events_too_late"] == 2


def test_a_partition_that_changed_hands_is_counted_as_one():
    skew = merged({"one": ONE, "two": TWO}, partitions=2).skew

    assert (skew.records, skew.fullest_to_mean) == (100, 1.4)
    first, second = skew.partitions
    assert first == Load(0, 70, [Hot("C1", 40, 1), Hot("C2", 14, 1)])
    assert second == Load(1, 30, [Hot("C3", 2)])


def test_a_partition_that_has_had_nothing_counts_in_the_mean():
    skew = merged({"one": ONE}, partitions=4).skew

    assert skew.fullest_to_mean == 4


def test_nothing_heard_is_nothing_counted():
    told = merged({}, partitions=4)

    assert (told.workers, told.sources) == ([], [])
    assert told.skew.fullest_to_mean is None


async def test_metrics_have_what_this_worker_counted(site: Site):
    quality = site.context.counters.quality
    quality.captured("transactions", taken=10, refused=3)
    quality.late(90_000_000)
    site.engine.repeats["customer-activity"] = 4
    async with site.client() as client:
        told = (await client.get("/metrics")).text

    assert 'smartbank_taken_total{topic="transactions"} 10.0' in told
    assert 'smartbank_refused_total{topic="transactions"} 3.0' in told
    assert 'smartbank_replayed_total{topic="customer-activity"} 4.0' in told
    assert 'smartbank_late_seconds_bucket{le="60"} 0.0' in told
    assert 'smartbank_late_seconds_bucket{le="600"} 1.0' in told
    assert 'smartbank_late_seconds_bucket{le="+Inf"} 1.0' in told


def test_the_page_shows_the_four_of_them_and_what_is_done(heard: Site):
    who.set(Caller("vic", "viewer", "session"))
    client = Client(heard.context)

    told = words(page.layout(client))

    assert "workers that decide: one, two" in told
    assert "Payments, by id 90 8 8.9 %" in told
    assert "By origin, the terminals' log" in told
    assert "too late" in told
    assert "Partition 0" in told
    assert "C1" in told
    assert "The fullest has 2.80 times the mean." in told
    assert "transactions 100 9 9.0 %" in told
    assert "dead letter" in told
    assert "quality-skew" in Told().changes(client, page.PATH)


async def test_before_a_worker_is_heard_the_page_says_what_would_be_here(site: Site):
    site.application = build_server(
        site.context, site.auth, console=build(site.context)
    )
    who.set(Caller("vic", "viewer", "session"))
    async with site.client("vic") as client:
        status = (await client.get(page.PATH)).status_code

    told = words(page.layout(Client(site.context)))

    assert status == 200
    assert "No worker that decides has been heard" in told
    assert "Nothing has been sent yet." in told
    assert "Nothing has come yet." in told

"""Cluster: who is alive, and who owns a key."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.events.pulses import Pulse
from tests.web.site import key_in
from web.cluster import Cluster

AT = datetime(2026, 3, 1, tzinfo=UTC)


def pulse(worker: str = "one", **fields: Any) -> Pulse:
    valid: dict[str, Any] = {
        "role": "score",
        "url": f"http://{worker}",
        "at": AT,
        "state": "running",
        "owned": {"customer-activity": [0, 1]},
    }
    return Pulse(worker=worker, **valid | fields)


def owner(cluster: Cluster, partition: int) -> str | None:
    return cluster.owner("customer-activity", key_in(partition).encode())


def test_the_owner_of_a_key_is_who_owns_its_partition():
    cluster = Cluster(4, clock=lambda: 0.0)
    cluster.add(pulse("one"))
    cluster.add(pulse("two", owned={"customer-activity": [2]}))

    assert [owner(cluster, p) for p in range(4)] == [
        "http://one",
        "http://one",
        "http://two",
        None,
    ]


def test_a_worker_that_recovers_owns_nothing_yet():
    cluster = Cluster(4, clock=lambda: 0.0)
    cluster.add(pulse(state="recovering"))

    assert owner(cluster, 0) is None


def test_of_two_that_claim_a_key_the_newest_pulse_is_right():
    cluster = Cluster(4, clock=lambda: 0.0)
    cluster.add(pulse("two", at=AT + timedelta(seconds=1)))
    cluster.add(pulse("one"))

    assert owner(cluster, 0) == "http://two"


def test_a_worker_is_forgotten_after_three_seconds_of_silence():
    now = 0.0
    cluster = Cluster(4, clock=lambda: now)
    cluster.add(pulse("one"))
    now = 2.0
    cluster.add(pulse("two"))

    now = 3.5

    assert [one.worker for one in cluster.workers()] == ["two"]


def test_one_name_in_two_roles_is_two_workers():
    cluster = Cluster(4, clock=lambda: 0.0)
    cluster.add(pulse(role="score"))
    cluster.add(pulse(role="deliver"))
    cluster.add(pulse(role="score", decided=5))

    assert [(one.role, one.decided) for one in cluster.workers()] == [
        ("deliver", 0),
        ("score", 5),
    ]


def test_a_worker_of_another_role_that_reads_the_same_topic_is_not_the_owner():
    cluster = Cluster(4, clock=lambda: 0.0)
    cluster.add(pulse("one", at=AT))
    cluster.add(pulse("two", role="sketch", at=AT + timedelta(seconds=1)))

    assert owner(cluster, 0) == "http://one"
    assert cluster.owners("customer-activity", role="sketch") == {
        0: "http://two",
        1: "http://two",
    }

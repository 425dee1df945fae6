"""App events by HTTP: who may send them, and what goes to Kafka."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.web.site import Site

EVENT = {
    "id": "E1",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "C1",
    "kind": "log-in",
    "ip": "198.51.100.7",
}


async def test_events_go_to_kafka_as_they_are_under_their_customer(tmp_path: Path):
    site = Site(tmp_path)
    async with site.client("ann") as ann:
        answer = await ann.post("/v1/app-events", json=[EVENT, EVENT | {"id": "E2"}])

    assert (answer.status_code, answer.json()) == (202, {"accepted": ["E1", "E2"]})
    assert [(topic, key) for topic, key, _ in site.outlet.sent] == [
        ("app-events", b"C1")
    ] * 2
    assert [msgspec.json.decode(value) for *_, value in site.outlet.sent] == [
        EVENT,
        EVENT | {"id": "E2"},
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ip": "1.2.3"}, "ip"),
        ({"kind": "dance"}, "kind"),
        ({"kind": "beneficiary-added"}, "beneficiary_id"),
        ({"more": 1}, "more"),
    ],
)
async def test_one_that_does_not_fit_keeps_all_of_the_request_out(
    wrong: dict[str, Any], field: str, tmp_path: Path
):
    site = Site(tmp_path)
    async with site.client("ann") as ann:
        answer = await ann.post("/v1/app-events", json=[EVENT, EVENT | wrong])

    (error,) = answer.json()["errors"]
    assert answer.status_code == 422
    assert (error["index"], error["field"]) == (1, field)
    assert site.outlet.sent == []


async def test_a_viewer_may_not(tmp_path: Path):
    async with Site(tmp_path).client("vic") as vic:
        answer = await vic.post("/v1/app-events", json=EVENT)

    assert answer.status_code == 403

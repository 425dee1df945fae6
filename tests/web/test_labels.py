"""Labels by HTTP: who may say what a payment was, and what is said to Kafka."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.events.labels import TransactionLabel
from tests.web.site import Site

VERDICT = {"transaction_id": "T1", "fraud": True, "scenario": "card stolen"}


async def test_a_verdict_goes_to_kafka_with_its_author(tmp_path: Path):
    site = Site(tmp_path)
    async with site.client("ann") as ann:
        answer = await ann.post("/v1/labels", json=VERDICT)

    ((topic, key, value),) = site.outlet.sent
    label = msgspec.json.decode(value, type=TransactionLabel)
    assert (answer.status_code, answer.json()) == (202, {"accepted": ["T1"]})
    assert (topic, key) == ("labels-by-transaction", b"T1")
    assert (label.fraud, label.kind, label.author) == (True, "verdict", "ann")
    assert label.scenario == "card stolen"


async def test_a_number_in_a_scenario_is_masked(tmp_path: Path):
    site = Site(tmp_path)
    stated = VERDICT | {"scenario": "4539 5787 6362 1486 of e@bank.example"}
    async with site.client("ann") as ann:
        await ann.post("/v1/labels", json=stated)

    ((_, _, value),) = site.outlet.sent
    assert msgspec.json.decode(value)["scenario"] == "…1486 of …"


async def test_many_are_taken_whole_or_not_at_all(tmp_path: Path):
    site = Site(tmp_path)
    async with site.client("ann") as ann:
        good = await ann.post("/v1/labels", json=[VERDICT, VERDICT])
        bad = await ann.post("/v1/labels", json=[VERDICT, VERDICT | {"fraud": "yes"}])

    assert good.status_code == 202
    assert bad.status_code == 422
    assert bad.json()["errors"] == [
        {"index": 1, "field": "fraud", "got": "'yes'", "expected": "bool"}
    ]
    assert len(site.outlet.sent) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fraud": True}, "transaction_id"),
        ({"transaction_id": "T1"}, "fraud"),
        (VERDICT | {"kind": "all-clear"}, "fraud"),
        (VERDICT | {"kind": "guess"}, "kind"),
        (VERDICT | {"author": "somebody else"}, "author"),
        (VERDICT | {"transaction_id": ""}, "transaction_id"),
    ],
)
async def test_what_does_not_fit_is_told_by_its_field(
    body: dict[str, Any], field: str, tmp_path: Path
):
    async with Site(tmp_path).client("ann") as ann:
        answer = await ann.post("/v1/labels", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_viewer_may_not(tmp_path: Path):
    async with Site(tmp_path).client("vic") as vic:
        answer = await vic.post("/v1/labels", json=VERDICT)

    assert answer.status_code == 403

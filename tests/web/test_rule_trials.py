"""Rules tried on the archive by HTTP, and what that opens the way for."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.parquet import files
from app.parquet.frames import decisions_frame
from tests.scoring.builders import NOON
from tests.sinks.decided import a_decided
from tests.web.site import PASSWORD, Site
from tests.web.test_rules import RULE, put, tag


@pytest.fixture
def archive(tmp_path: Path) -> None:
    """Give forty days with a payment each, one of 6,000 among them."""
    batch = [
        a_decided(f"tx-{n}", occurred_at=NOON + timedelta(days=n), at=(0, n))
        for n in range(40)
    ]
    batch[35].decision.features["amount"] = 6000.0
    files.write(tmp_path / "archive" / "decisions", decisions_frame(batch))


async def trial(site: Site, rule: Any = RULE, name: str = "ann", **params: Any) -> Any:
    async with site.client(name, PASSWORD) as client:
        return await client.post("/v1/rules/backtest", json=rule, params=params)


async def test_a_rule_is_tried_as_if_it_were_live_and_recorded(
    site: Site, archive: None
):
    told = await trial(site)
    recorded = list(site.rules.book.backtests.values())

    assert told.status_code == 200, told.text
    assert told.json()["recorded"] == [RULE["name"]]
    report = told.json()["report"]
    assert report["payments"] == 31
    tried = next(one for one in report["rules"] if one["name"] == RULE["name"])
    assert (tried["state"], tried["figures"]["after"]["hits"]) == ("live", 1)
    assert [one["id"] for one in report["examples"]] == ["tx-35"]
    assert [(one.name, one.hits, one.payments) for one in recorded] == [
        (RULE["name"], 1, 31)
    ]
    assert recorded[0].author == "ann"


async def test_what_was_tried_may_go_live_and_what_differs_may_not(
    site: Site, archive: None
):
    await trial(site)
    async with site.client("mia") as client:
        other = await put(client, RULE | {"state": "live", "score": 61})
        same = await put(client, RULE | {"state": "live", "reason": "too much"})
        listed = (await client.get("/v1/rules/backtests")).json()["backtests"]

    assert (other.status_code, same.status_code) == (409, 200)
    assert [one["name"] for one in listed] == [RULE["name"]]
    assert listed[0]["at"] == "2026-03-01T12:00:00Z"


async def test_a_trial_on_nothing_proves_nothing(site: Site, archive: None):
    told = await trial(site, since="2031-01-01T00:00:00Z")
    async with site.client("mia") as client:
        saved = await put(client, RULE | {"state": "live"})

    assert (told.json()["recorded"], told.json()["report"]["payments"]) == ([], 0)
    assert saved.status_code == 409


@pytest.mark.parametrize(
    ("params", "payments"),
    [
        ({"since": "2026-05-04"}, 40),
        ({"since": "2026-05-04T12:00:00", "until": "2026-05-06T12:00:00Z"}, 2),
        ({"until": "2026-05-10T14:00:00+02:00"}, 6),
    ],
)
async def test_a_period_may_be_given(
    site: Site, archive: None, params: dict[str, str], payments: int
):
    told = await trial(site, **params)

    assert told.json()["report"]["payments"] == payments


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01"]
)
async def test_a_period_that_no_payment_can_be_of_is_refused(site: Site, since: str):
    assert (await trial(site, since=since)).status_code == 422


async def test_a_whole_ruleset_is_tried_and_its_bands_with_it(
    site: Site, archive: None
):
    async with site.client("mia") as client:
        present = (await client.get("/v1/rules")).json()
        wanted = present | {"bands": {"review_from": 30, "decline_from": 70}}
        told = await client.post("/v1/rules/backtest", json=wanted)
        taken = await client.post(
            "/v1/rules/import", json=wanted, params={"comment": "why"}, headers=tag()
        )

    assert told.json()["recorded"] == ["the bands"]
    assert taken.status_code == 200, taken.text


async def test_a_rule_that_does_not_fit_is_not_tried(site: Site, archive: None):
    told = await trial(site, RULE | {"expression": "amuont > 1"})

    assert told.status_code == 422
    assert told.json()["faults"][0]["nearest"] == "amount"


@pytest.fixture
def broken_archive(archive: None, tmp_path: Path) -> None:
    """Give the same with a file that is none."""
    next(tmp_path.rglob("*.parquet")).write_bytes(b"no parquet")


async def test_an_archive_that_cannot_be_read_is_told(site: Site, broken_archive: None):
    told = await trial(site, since="2026-05-01")

    assert (told.status_code, site.outlet.sent) == (503, [])


async def test_viewers_try_nothing(site: Site):
    assert (await trial(site, name="vic")).status_code == 403


@pytest.mark.parametrize(
    ("condition", "told"), [("amount > 0", 7.0), ("outcome = 'review'", 6.0)]
)
async def test_a_rule_on_an_aggregate_is_tried_though_no_decision_carries_it(
    site: Site, archive: None, condition: str, told: float
):
    week = {
        "name": "customer_week",
        "entity": "customer",
        "aggregate": "count",
        "window": "7d",
        "condition": condition,
    }
    rule = RULE | {
        "expression": f"customer_week = {told}",
        "reason": "{customer_week:.0f} payments in a week",
    }
    async with site.client("mia") as client:
        version = (await client.get("/v1/rules")).headers["etag"]
        declared = await client.put(
            "/v1/aggregates/customer_week",
            json=week,
            headers={"if-match": version},
            params={"comment": "to try it"},
        )

    report = (await trial(site, rule)).json()["report"]

    assert declared.status_code == 200, declared.text
    tried = next(one for one in report["rules"] if one["name"] == RULE["name"])
    assert (report["payments"], tried["figures"]["after"]["hits"]) == (31, 31)
    assert report["examples"][0]["reasons_after"] == [f"{told:.0f} payments in a week"]

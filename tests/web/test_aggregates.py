"""Aggregates by HTTP: declared, refused with the place, told how far they are."""

from typing import Any

import httpx
import msgspec
import pytest

from app.features.catalogue import READABLE
from app.parquet.frames import DECISIONS
from app.rules.aggregates import TAKEN
from app.rules.rulebook import Backfilled
from app.rules.ruleset import default_ruleset
from app.scoring.backtest import AFTER, BEFORE
from tests.web.site import Site, a_record
from tests.web.test_rules import RULE, put, tag

DECLINED = {
    "name": "card_declined_1h",
    "entity": "card",
    "aggregate": "count",
    "window": "1h",
    "condition": "channel = 'online' AND outcome = 'decline'",
}


async def declare(
    client: httpx.AsyncClient, aggregate: dict[str, Any] = DECLINED, **options: Any
) -> httpx.Response:
    """Declare an aggregate on the present version."""
    version = (await client.get("/v1/aggregates")).headers["etag"]
    options.setdefault("headers", {"if-match": version})
    options.setdefault("params", {"comment": "cards are tested online"})
    name = aggregate.get("name", "unnamed")
    return await client.put(f"/v1/aggregates/{name}", json=aggregate, **options)


def backfilled(site: Site, revision: int) -> None:
    """Tell of a backfill as Kafka would bring it."""
    one = Backfilled(name=DECLINED["name"], revision=revision, payments=3, since=None)
    site.rules.hear([a_record("rules", one.key, msgspec.json.encode(one))])


async def state(client: httpx.AsyncClient) -> str:
    found = (await client.get("/v1/aggregates")).json()["aggregates"]
    return str(found[0]["state"]) if found else "none"


async def test_what_is_declared_is_the_last_feature_and_rules_may_read_it(site: Site):
    rule = RULE | {"expression": "card_declined_1h > 3", "reason": "{value:.0f} of it"}
    async with site.client("mia") as client:
        declared = await declare(client)
        ruled = await put(client, rule)
        found = (await client.get("/v1/aggregates")).json()["aggregates"]

    assert declared.status_code == 200, declared.text
    assert declared.json()["changes"] == [
        {"name": "aggregate card_declined_1h", "kind": "added", "fields": {}}
    ]
    assert ruled.status_code == 200, ruled.text
    assert found[0]["aggregate"] == {**DECLINED, "author": "mia"}
    assert (found[0]["state"], found[0]["rules"]) == ("backfilling", [RULE["name"]])
    assert site.rules.present.rules.features == (*READABLE, "card_declined_1h")


async def test_one_that_a_rule_reads_can_neither_go_nor_change(site: Site):
    rule = RULE | {"expression": "amount > 5 * card_declined_1h", "reason": "so"}
    options: Any = {"params": {"comment": "no longer"}}
    path = "/v1/aggregates/card_declined_1h"
    async with site.client("mia") as client:
        await declare(client)
        version = (await put(client, rule)).json()["version"]
        changed = await declare(client, DECLINED | {"window": "2h"})
        gone = await client.delete(path, headers=tag(version), **options)
        free = await client.delete(
            f"/v1/rules/{RULE['name']}", headers=tag(version), **options
        )
        version = free.json()["version"]
        deleted = await client.delete(path, headers=tag(version), **options)

    assert (changed.status_code, gone.status_code) == (409, 409)
    assert RULE["name"] in gone.json()["detail"]
    assert deleted.status_code == 200, deleted.text
    assert site.rules.present.rules.features == tuple(READABLE)
    assert deleted.json()["version"] == default_ruleset().version


async def test_it_is_live_once_the_backfill_of_its_very_revision_is_done(site: Site):
    async with site.client("mia") as client:
        await declare(client)
        before = await state(client)
        backfilled(site, 1)
        whole = await state(client)
        await put(client)
        still = await state(client)
        await declare(client, DECLINED | {"window": "2h"})
        changed = await state(client)
        backfilled(site, 3)
        again = await state(client)

    assert (before, whole, still) == ("backfilling", "live", "live")
    assert (changed, again) == ("backfilling", "live")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"entity": "planet"}, "entity: got"),
        ({"window": "60"}, "window: got"),
        ({"window": "32d"}, "window: got 32d, expected 31d at most"),
        ({"field": "amount"}, "field: got 'amount', expected none"),
        ({"aggregate": "sum"}, "field: got None, expected 'amount' for a sum"),
        (
            {"aggregate": "distinct", "field": "contry"},
            "field: got 'contry', expected 'country' or another name of the facts",
        ),
        ({"name": "amount"}, "name: got 'amount', which is taken"),
        ({"name": "Declined"}, "name: got"),
        ({"colour": "red"}, "colour"),
        (
            {"condition": "channel = 'online' AND\n outcom = 'decline'"},
            "condition: line 2, column 2: got field 'outcom', expected 'outcome'",
        ),
        ({"condition": "amount"}, "condition: line 1, column 1: got a number"),
        ({"condition": "customer_count_1d > 3"}, "condition: line 1, column 1"),
        ({"condition": "(SELECT 1) = amount"}, "condition: line 1"),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_place(
    site: Site, fault: dict[str, Any], told: str
):
    async with site.client("mia") as client:
        declared = await declare(client, DECLINED | fault)
        checked = await client.post("/v1/aggregates/validate", json=DECLINED | fault)

    assert (declared.status_code, checked.status_code) == (422, 422), checked.text
    assert told in declared.json()["detail"]
    assert site.outlet.sent == []


async def test_who_may_not_change_rules_may_declare_nothing(site: Site):
    async with site.client("ann") as client:
        refused = await declare(client)
        checked = await client.post("/v1/aggregates/validate", json=DECLINED)

    assert (refused.status_code, checked.status_code) == (403, 200)


async def test_of_two_declarations_on_one_version_the_second_is_told(site: Site):
    async with site.client("mia") as client:
        await declare(client)
        late = await declare(client, DECLINED | {"name": "b"}, headers=tag())
        unsaid = await declare(client, DECLINED | {"name": "b"}, headers={})

    assert (late.status_code, unsaid.status_code) == (412, 428)


async def test_a_ruleset_s_file_carries_its_aggregates(site: Site):
    async with site.client("mia") as client:
        await declare(client)
        text = (await client.get("/v1/rules/export")).text
        version = (await client.get("/v1/rules")).headers["etag"]
        taken = await client.post(
            "/v1/rules/import",
            content=text,
            headers={"if-match": version, "content-type": "application/toml"},
            params={"comment": "the very same"},
        )

    assert taken.status_code == 200, taken.text
    assert f'"{taken.json()["version"]}"' == version


def test_no_aggregate_can_take_the_name_of_a_column_of_the_archive():
    assert DECISIONS.keys() | {BEFORE, AFTER} <= TAKEN

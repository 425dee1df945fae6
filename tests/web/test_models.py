"""Models by HTTP: brought in, made live, put in shadow, let go."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.drift import BLOCK, Drift
from app.scoring.model import Model
from app.scoring.reference import DRIFTED, WATCH
from tests.scoring.builders import a_model
from tests.test_drift import drawn, feed, remembering
from tests.web.pulses import a_pulse
from tests.web.site import Site, user
from tests.web.test_aggregates import DECLINED, declare

VERSION = a_model().version
OTHER = a_model(rounds=30).version
WHY = {"comment": "as a test"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, users=(user("mia", "manager"), user("ann", "analyst")))


def a_file(rounds: int = 20, **fields: Any) -> dict[str, Any]:
    """Build what an upload's body says."""
    return file_of(a_model(rounds=rounds), **fields)


def file_of(model: Model, **fields: Any) -> dict[str, Any]:
    facts = msgspec.to_builtins(model.facts)
    return {"version": model.version, "facts": facts, "trees": model.trees, **fields}


async def put(
    client: httpx.AsyncClient, role: str, version: str | None, match: str | None = None
) -> httpx.Response:
    seen = match or (await client.get("/v1/models")).headers["etag"]
    if version is None:
        return await client.delete(
            f"/v1/models/{role}", params=WHY, headers={"if-match": seen}
        )
    return await client.put(
        f"/v1/models/{role}",
        params={"version": version, **WHY},
        headers={"if-match": seen},
    )


async def test_a_model_is_brought_in_made_live_put_in_shadow_and_let_go(site: Site):
    async with site.client("mia") as client:
        card = {"payments": 12}
        brought = await client.post("/v1/models", params=WHY, json=a_file(card=card))
        idle = site.models.present
        await client.post("/v1/models", params=WHY, json=a_file(30))
        live = await put(client, "live", VERSION)
        shadow = await put(client, "shadow", OTHER)
        told = (await client.get("/v1/models")).json()
        one = (await client.get(f"/v1/models/{VERSION}")).json()
        cleared = await put(client, "live", None)

    assert brought.status_code == 201, brought.text
    assert brought.json()["roles"] == []
    assert idle.live is None
    assert live.json()["live"] == VERSION
    assert shadow.json() | {"at": None} == {
        "revision": 2,
        "live": VERSION,
        "shadow": OTHER,
        "author": "mia",
        "comment": "as a test",
        "at": None,
    }
    assert [m["roles"] for m in told["models"]] == [["shadow"], ["live"]]
    assert [a["revision"] for a in told["appointments"]] == [2, 1, 0]
    assert one["card"] == card
    assert one["facts"]["features"] == list(a_model().facts.features)
    assert cleared.json()["live"] is None
    assert site.models.present.live is None
    assert site.models.present.shadow is not None


async def test_a_model_that_reads_what_is_not_aggregated_may_watch_and_not_decide(
    site: Site,
):
    model = a_model(aggregate=DECLINED["name"])
    path = f"/v1/aggregates/{DECLINED['name']}"
    async with site.client("mia") as client:
        await client.post("/v1/models", params=WHY, json=file_of(model))
        live = await put(client, "live", model.version)
        shadow = await put(client, "shadow", model.version)
        watched = await declare(client)
        decides = await put(client, "live", model.version)
        version = (await client.get("/v1/aggregates")).headers["etag"]
        seen: Any = {"params": WHY, "headers": {"if-match": version}}
        changed = await declare(client, DECLINED | {"window": "2h"})
        gone = await client.delete(path, **seen)
        await put(client, "live", None)
        free = await client.delete(path, **seen)

    assert live.status_code == 422
    assert live.json()["type"] == "/docs#invalid-model"
    assert "reads card_declined_1h, expected aggregates that" in live.json()["detail"]
    assert shadow.status_code == 200, shadow.text
    assert watched.status_code == 200, watched.text
    assert decides.json()["live"] == model.version, decides.text
    assert (changed.status_code, gone.status_code) == (409, 409)
    assert f"read by the live model {model.version}" in gone.json()["detail"]
    assert free.status_code == 200, free.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"version": "0" * 12}, "it was changed after it was written"),
        ({"trees": "tree\n"}, "it was changed"),
        ({"mood": 1}, "mood"),
        ({"facts": {"features": ["amount"]}}, "learnt_until"),
    ],
)
async def test_a_model_that_cannot_be_used_is_refused_and_nothing_is_sent(
    site: Site, fields: dict[str, Any], told: str
):
    async with site.client("mia") as client:
        refused = await client.post("/v1/models", params=WHY, json=a_file(**fields))

    assert refused.status_code == 422
    assert refused.json()["type"] == "/docs#invalid-model"
    assert told in refused.json()["detail"]
    assert site.outlet.sent == []


async def test_who_has_not_seen_the_newest_appointment_is_told_so(site: Site):
    async with site.client("mia") as client:
        await client.post("/v1/models", params=WHY, json=a_file())
        unseen = await client.put("/v1/models/live", params={"version": VERSION, **WHY})
        first = await put(client, "live", VERSION, '"0"')
        late = await put(client, "live", None, '"0"')
        same = await put(client, "live", VERSION, '"1"')
        unknown = await put(client, "live", OTHER)

    assert (unseen.status_code, first.status_code) == (428, 200)
    assert late.status_code == 412
    assert late.json()["revision"] == 1
    assert same.json()["revision"] == 1
    assert unknown.status_code == 404


async def test_analysts_look_and_managers_change(site: Site):
    async with site.client("ann") as client:
        answers = [
            await client.post("/v1/models", params=WHY, json=a_file()),
            await put(client, "live", VERSION, '"0"'),
            await put(client, "shadow", None, '"0"'),
        ]
        seen = await client.get("/v1/models")

    assert [one.status_code for one in answers] == [403] * 3
    assert seen.json()["models"] == []


async def test_drift_over_all_workers_is_told_and_is_on_metrics(site: Site):
    model = remembering()
    table = drawn(1, 3 * BLOCK, amounts=2.0)
    for worker, rows in (("one", table[:BLOCK]), ("two", table[BLOCK:])):
        drift = Drift()
        feed(drift, model, rows)
        site.context.cluster.add(a_pulse(worker, drift=drift.read()))
    feed(site.context.counters.drift, model, table)
    async with site.client("mia") as client:
        none = await client.get("/v1/drift")
        facts = msgspec.to_builtins(model.facts)
        file = {"version": model.version, "facts": facts, "trees": model.trees}
        await client.post("/v1/models", params=WHY, json=file)
        await put(client, "live", model.version)
        told = (await client.get("/v1/drift")).json()
        lines = (await client.get("/metrics")).text.splitlines()

    assert none.status_code == 404
    assert (told["model"], told["payments"]) == (model.version, 3 * BLOCK)
    index = {one["feature"]: one["index"] for one in told["features"]}
    assert index.keys() == {*model.facts.features, "model_probability"}
    assert index["amount"] > DRIFTED > WATCH > index["terminal_days_of_run"]
    assert sum(told["features"][0]["now"]) == pytest.approx(1)
    assert told["score"]["payments"] == 3 * BLOCK
    (line,) = (one for one in lines if 'index{feature="amount"}' in one)
    assert float(line.split()[1]) > DRIFTED
    assert f'smartbank_model{{role="live",version="{model.version}"}} 1.0' in lines

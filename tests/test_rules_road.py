"""Rules that change while real workers decide: at once, everywhere, for good."""

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.local.server import Server
from app.rules.ruleset import default_ruleset
from tests.road import Road, decisions
from tests.two_workers import deciding, ready, soon, start
from tests.web.site import PAYMENT, key_in, user, users_file

log = logging.getLogger(__name__)
RULE = {
    "name": "any-payment",
    "expression": "amount > 0",
    "score": 1,
    "reason": "{amount:.2f} is more than {threshold:.0f}",
    "state": "shadow",
}


@pytest.fixture
async def site(own_kafka: Server, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Two workers that decide, and a client of each."""
    users = users_file(tmp_path / "users.jsonl", user("mia", "manager"))
    environment = {"SMARTBANK_USERS_FILE": users}
    road = Road(own_kafka.address, tmp_path / "road", environment=environment)
    async with deciding(road) as found:
        yield found


async def put(client: httpx.AsyncClient, rule: dict[str, Any]) -> httpx.Response:
    seen = (await client.get("/v1/rules")).headers["etag"]
    return await client.put(
        f"/v1/rules/{rule['name']}",
        json=rule,
        params={"comment": "as a test"},
        headers={"if-match": seen},
    )


async def decide(
    client: httpx.AsyncClient, name: str, **fields: Any
) -> list[dict[str, Any]]:
    """Send a payment to each partition; return the decisions."""
    found = await client.post(
        "/v1/transactions?wait=decision",
        json=[
            {
                **PAYMENT,
                "id": f"{name}-{p}",
                "customer_id": key_in(p),
                "terminal_id": t,
                **fields,
            }
            for p, t in ((p, key_in(p, prefix="P")) for p in range(4))
        ],
    )
    assert found.status_code == 200, found.text
    return list(found.json()["decisions"])


@pytest.mark.slow
async def test_a_change_reaches_every_worker_at_once_and_outlives_kills(
    site: dict[str, Any], own_kafka: Server
) -> None:
    before = await decide(site["one"], "before")
    taken = []
    for number in range(10):
        saved = await put(site["one"], RULE | {"score": number + 1})
        assert saved.status_code == 200, saved.text
        version = saved.json()["version"]
        taken.append(await soon(partial(decides_by, site["two"], version)))
    after = await decide(site["two"], "after")
    for name in ("one", "two"):
        site["road"].kill(name)
        await site[name].aclose()
        start(site, name)
    await ready(site)
    again = await decide(site["two"], "again")
    history = (await site["two"].get("/v1/rules/history")).json()["revisions"]
    published = await decisions(own_kafka.address)

    log.info("a change is everywhere after %s ms", [round(t * 1000) for t in taken])
    shipped = default_ruleset().version
    assert {d["versions"]["ruleset"] for d in before} == {shipped}
    assert {d["versions"]["ruleset"] for d in after + again} == {version}
    assert [one["number"] for one in history] == list(range(10, -1, -1))
    assert len(published) == 12
    told = {one["id"]: one for one in before + after + again}
    for identity, repeats in published.items():
        assert msgspec.json.decode(repeats[0]) == told[identity]  # the first stands


async def decides_by(client: httpx.AsyncClient, version: str) -> bool:
    return bool((await client.get("/v1/rules")).json()["version"] == version)


async def lists(client: httpx.AsyncClient) -> bool:
    return bool((await client.get("/v1/lists")).json()["entries"])


@pytest.mark.slow
async def test_of_many_who_change_at_once_through_two_workers_one_wins_each_time(
    site: dict[str, Any],
) -> None:
    answers = await asyncio.gather(
        *(
            put(site[name], RULE | {"name": f"rule-{name}-{number}"})
            for name in ("one", "two")
            for number in range(10)
        )
    )
    won = [one for one in answers if one.status_code == 200]
    lost = [one for one in answers if one.status_code == 412]
    histories = [
        (await site[name].get("/v1/rules/history")).json()["revisions"]
        for name in ("one", "two")
    ]

    assert len(won) + len(lost) == 20
    assert len(won) >= 1
    assert len(lost) >= 1
    assert histories[0] == histories[1]
    assert [one["number"] for one in histories[0]] == list(range(len(won), -1, -1))
    added = {change["name"] for one in histories[0] for change in one["changes"]}
    assert added == {msgspec.json.decode(one.request.content)["name"] for one in won}


@pytest.mark.slow
async def test_who_is_listed_through_one_worker_is_blocked_by_the_other_at_once(
    site: dict[str, Any],
) -> None:
    listing = {
        "kind": "country",
        "value": "KP",
        "verdict": "block",
        "reason": "sanctions",
        "until": "2026-03-02T00:00:00Z",
    }
    told = await site["one"].post("/v1/lists", json=listing)
    assert told.status_code == 200, told.text
    await soon(partial(lists, site["two"]))
    blocked = await decide(site["two"], "blocked", country="KP")
    late = {"country": "KP", "occurred_at": "2026-03-02T00:00:00Z"}
    ended = await decide(site["two"], "ended", **late)
    elsewhere = await decide(site["two"], "elsewhere", country="DE")
    site["road"].kill("one")
    site["road"].kill("two")
    for name in ("one", "two"):
        await site[name].aclose()
        start(site, name)
    await ready(site)
    again = await decide(site["one"], "again", country="KP")

    reason = "country KP blocked until 2026-03-02 00:00 UTC by mia: sanctions"
    for decision in blocked + again:
        assert decision["outcome"] == "decline"
        assert decision["hits"][0]["reason"] == reason
    assert {one["outcome"] for one in ended + elsewhere} == {"approve"}

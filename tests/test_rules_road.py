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

from app.local.ports import free_port
from app.local.server import Server
from app.rules.ruleset import default_ruleset
from tests.road import Road, decisions
from tests.two_workers import PATIENCE, deciding, ready, soon, start
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


@pytest.fixture
async def archiving(
    own_kafka: Server, mongo: Server, tmp_path: Path
) -> AsyncIterator[dict[str, Any]]:
    """Two workers that decide and one that archives, and a client of the former."""
    environment = {
        "SMARTBANK_MONGO": mongo.address,
        "SMARTBANK_ELASTIC": f"http://127.0.0.1:{free_port()}",  # decisions can wait
        "SMARTBANK_DATABASE": "rules-road",
        "SMARTBANK_USERS_FILE": users_file(
            tmp_path / "users.jsonl", user("mia", "manager")
        ),
    }
    folder, kafka = tmp_path / "road", own_kafka.address
    delivering = Road(kafka, folder, role="deliver", environment=environment)
    scoring = Road(kafka, folder, environment=environment.copy())
    async with deciding(scoring) as found:
        with delivering.running("deliver"):
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
    """Send a payment to each partition; return the decisions.

    Where they are not told in time, as on a busy machine without an archive, others
    are sent.
    """
    for attempt in range(5):
        found = await client.post(
            "/v1/transactions?wait=decision",
            json=[
                {
                    **PAYMENT,
                    "id": f"{name}-{p}" + attempt * "+",
                    "customer_id": key_in(p),
                    "terminal_id": t,
                    **fields,
                }
                for p, t in ((p, key_in(p, prefix="P")) for p in range(4))
            ],
        )
        if found.status_code != 504:
            break
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
    told = {one["id"]: one for one in before + after + again}
    assert len(told) == 12
    for identity, one in told.items():
        assert msgspec.json.decode(published[identity][0]) == one  # the first stands


async def decides_by(client: httpx.AsyncClient, version: str) -> bool:
    return bool((await client.get("/v1/rules")).json()["version"] == version)


async def audits(site: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Ask both workers for the history of the rules."""
    answers = [await site[name].get("/v1/rules/history") for name in ("one", "two")]
    return [answer.json()["revisions"] for answer in answers]


async def agree(site: dict[str, Any]) -> bool:
    one, two = await audits(site)
    return one == two


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
    await soon(partial(agree, site))
    histories = await audits(site)

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


async def heard(site: dict[str, Any], changed: httpx.Response) -> str:
    """Wait until both workers decide by a change; return its version."""
    assert changed.status_code == 200, changed.text
    version: str = changed.json()["version"]
    for name in ("one", "two"):
        await soon(partial(decides_by, site[name], version))
    return version


async def archived(client: httpx.AsyncClient) -> int:
    """Ask how many payments of `decide` the archive has."""
    answer = await client.get("/v1/policy", params={"until": "2026-03-02T00:00:00Z"})
    return int(answer.json()["payments"]) if answer.is_success else 0


async def proved(client: httpx.AsyncClient) -> bool:
    return bool((await client.get("/v1/rules/backtests")).json()["backtests"])


@pytest.mark.slow
async def test_a_rule_lives_from_its_first_typing_error_to_its_end_by_rest(  # noqa: PLR0915 - one life
    archiving: dict[str, Any],
) -> None:
    one, two = archiving["one"], archiving["two"]
    rule = RULE | {"expression": "amount > 10", "score": 50}
    path, state = "/v1/rules/any-payment", "/v1/rules/any-payment/state"
    shipped = (await one.get("/v1/rules")).json()["version"]
    past = await decide(one, "past")

    wrong = rule | {"expression": "amount > 10 AND custmer_count_1d > 0"}
    refused = await two.post("/v1/rules/validate", json=wrong)
    valid = await two.post("/v1/rules/validate", json=rule | {"state": "live"})
    shadow = await heard(archiving, await put(one, rule))
    watched = await decide(two, "watched")

    live = {"to": "live", "comment": "tried"}
    early = await two.post(state, params=live, headers={"if-match": shadow})
    async with asyncio.timeout(PATIENCE):
        while await archived(one) < 8:  # noqa: ASYNC110 - told by HTTP
            await asyncio.sleep(0.5)
    # Not before: what is tried on a part of them is on record from then on.
    tried = await one.post("/v1/rules/backtest", json=rule)
    await soon(partial(proved, two))
    promoted = await two.post(state, params=live, headers={"if-match": shadow})
    alive = await heard(archiving, promoted)
    stopped = await decide(one, "stopped")
    exported = (await two.get("/v1/rules/export")).text
    versions = {"before": shipped, "after": alive}
    differing = (await one.get("/v1/rules/diff", params=versions)).json()["changes"]
    async with asyncio.timeout(PATIENCE):
        while (  # noqa: ASYNC110 - told by HTTP
            stood := await two.post("/v1/decisions/past-0/reevaluate")
        ).status_code != 200:
            await asyncio.sleep(0.5)
    now = await one.post("/v1/decisions/past-0/reevaluate", params={"ruleset": alive})

    back = await one.post(
        "/v1/rules/rollback",
        params={"version": shipped, "comment": "too many"},
        headers={"if-match": alive},
    )
    assert await heard(archiving, back) == shipped
    rolled_back = await decide(two, "rolled-back")
    imported = await two.post(
        "/v1/rules/import",
        params={"comment": "from a file"},
        headers={"if-match": shipped, "content-type": "application/toml"},
        content=exported,
    )
    again = await heard(archiving, imported)
    as_imported = await decide(one, "imported")
    deleted = await one.delete(
        path, params={"comment": "of no use"}, headers={"if-match": again}
    )
    gone = await heard(archiving, deleted)
    without = await decide(two, "without")
    audit = [(await client.get("/v1/rules/history")).json() for client in (one, two)]

    (fault,) = refused.json()["faults"]
    assert refused.status_code == 422
    assert (fault["line"], fault["column"]) == (1, 17)
    assert fault["nearest"] == "customer_count_1d"
    assert valid.json()["unproven"] == ["any-payment"]
    assert (early.status_code, early.json()["unproven"]) == (409, ["any-payment"])
    assert tried.json()["recorded"] == ["any-payment"]
    figures = {each["name"]: each for each in tried.json()["report"]["rules"]}
    assert figures["any-payment"]["figures"]["after"]["hits"] == 8
    assert [(each["kind"], each["name"]) for each in differing] == [
        ("added", "any-payment")
    ]
    assert stood.json()["ruleset"] == shipped
    assert [each.json()["evaluation"]["outcome"] for each in (stood, now)] == [
        "approve",
        "review",
    ]
    assert {each["outcome"] for each in past + watched + rolled_back + without} == {
        "approve"
    }
    assert {each["outcome"] for each in stopped + as_imported} == {"review"}
    assert all(each["shadows"] for each in watched)
    assert {each["versions"]["ruleset"] for each in without} == {gone}
    assert audit[0] == audit[1]
    told = [(each["author"], each["comment"]) for each in audit[0]["revisions"]]
    assert told == [
        ("mia", "of no use"),
        ("mia", "from a file"),
        ("mia", "too many"),
        ("mia", "tried"),
        ("mia", "as a test"),
        ("smartbank", "as it ships"),
    ]

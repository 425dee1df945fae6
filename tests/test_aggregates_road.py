"""An aggregate declared while two real workers decide: whole at once, over kills."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from app.detection.archived import read_archive
from app.detection.log import Log
from app.errors import ModelError
from app.local.server import Server
from app.topics import ensure_topics
from tests.road import Road, decisions
from tests.scoring.builders import a_model
from tests.test_models_road import has, push
from tests.test_rules_road import lists
from tests.two_workers import NAMES, deciding, ready, soon, start
from tests.web.site import key_in, user, users_file

log = logging.getLogger(__name__)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE = 240.0
CARD = "4539578763621486"
CARDS = [f"C{n}" for n in range(8)]
ONLINE = {
    "name": "card_online_1h",
    "entity": "card",
    "aggregate": "count",
    "window": "1h",
    "condition": "channel = 'online'",
}
DECLINED = {
    "name": "card_declined_1h",
    "entity": "card",
    "aggregate": "count",
    "window": "1h",
    "condition": "channel = 'online' AND outcome = 'decline'",
}
AT_TERMINAL = {
    "name": "terminal_customers_1d",
    "entity": "terminal",
    "aggregate": "distinct",
    "field": "customer_id",
    "window": "1d",
}
SPENT = {
    "name": "customer_spent_7d",
    "entity": "customer",
    "aggregate": "sum",
    "field": "amount",
    "window": "7d",
}
RULE = {
    "name": "many-declines-in-an-hour",
    "expression": "card_declined_1h >= 3",
    "score": 50,
    "reason": "{card_declined_1h:.0f} declines in an hour, from {threshold:.0f} on",
    "action": "review",
    "state": "shadow",
}


@pytest.fixture
async def site(
    own_kafka: Server, mongo: Server, elastic: Server, tmp_path: Path
) -> AsyncIterator[dict[str, Any]]:
    """Two workers that decide, one that delivers, and clients of the first two."""
    users = users_file(tmp_path / "users.jsonl", user("mia", "manager"))
    everywhere = {
        "SMARTBANK_USERS_FILE": users,
        "SMARTBANK_MONGO": mongo.address,
        "SMARTBANK_ELASTIC": elastic.address,
        "SMARTBANK_DATABASE": "aggregates-road",
    }
    folder = tmp_path / "road"
    road = Road(own_kafka.address, folder, environment=everywhere)
    deliver = Road(own_kafka.address, folder, "deliver", environment=dict(everywhere))
    await ensure_topics(road.settings)
    with deliver.running("store"):
        async with deciding(road, patience=PATIENCE) as found:
            found |= {"deliver": deliver, "folder": folder}
            yield found


class Bank:
    """Sends payments, a minute apart, and keeps what was decided of each."""

    def __init__(self, site: dict[str, Any]) -> None:
        self.site = site
        self.sent = 0
        self.decided: list[dict[str, Any]] = []

    async def pay(self, *customers: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a payment of each customer; return the decisions.

        Who is not told in time asks again, as the answer says: it changes nothing.
        """
        made = []
        for customer in customers:
            self.sent += 1
            at = START + timedelta(minutes=self.sent)
            made.append(
                {
                    "id": f"tx-{self.sent}",
                    "occurred_at": at.isoformat(),
                    "customer_id": customer,
                    "terminal_id": key_in(self.sent % 4, prefix="P"),
                    "amount": 1_250,
                    "currency": "EUR",
                    "channel": "online",
                    "card_number": CARD,
                    **fields,
                }
            )
        path = "/v1/transactions?wait=decision"
        async with asyncio.timeout(PATIENCE):
            while (found := await self.site["one"].post(path, json=made)).is_error:
                assert found.status_code in {503, 504}, found.text
                await asyncio.sleep(0.1)
        self.decided += found.json()["decisions"]
        return list(found.json()["decisions"])


async def change(
    site: dict[str, Any], name: str, path: str, body: dict[str, Any]
) -> float:
    """Declare an aggregate or save a rule through a worker; wait until both have it.

    Return after how many seconds the last of them had.
    """
    client = site[name]
    seen = (await client.get("/v1/rules")).headers["etag"]
    found = await client.put(
        f"{path}/{body['name']}",
        json=body,
        params={"comment": "as a test"},
        headers={"if-match": seen},
    )
    assert found.status_code == 200, found.text
    version = found.json()["version"]
    return max([await soon(partial(declared, site[one], version)) for one in NAMES])


async def declared(client: httpx.AsyncClient, version: str) -> bool:
    return (await client.get("/v1/aggregates")).headers["etag"] == f'"{version}"'


async def live(client: httpx.AsyncClient, *names: str) -> None:
    """Wait until aggregates are whole."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = (await client.get("/v1/aggregates")).json()["aggregates"]
            if {
                one["aggregate"]["name"] for one in found if one["state"] == "live"
            } >= set(names):
                return
            await asyncio.sleep(0.1)


async def blocked(site: dict[str, Any], customer: str) -> None:
    """Have whatever a customer pays declined, by both workers."""
    entry = {
        "kind": "customer",
        "value": customer,
        "verdict": "block",
        "reason": "test",
    }
    found = await site["one"].post("/v1/lists", json=entry)
    assert found.status_code == 200, found.text
    await soon(partial(lists, site["two"]))


async def a_model_that_reads_it_scores_as_in_evaluation(
    site: dict[str, Any], bank: Bank
) -> None:
    """Have payments of new customers scored live, and from the archive, by a model."""
    model = a_model(aggregate=SPENT["name"])
    features = model.facts.features
    await push(site["one"], model.save(site["folder"] / "models"), "--live")
    await soon(partial(has, site["two"], model.version, "live"))
    new = "N1", "N2", "N3", "N4"
    made = [one for many in (4, 2, 1) for one in await bank.pay(*new[:many])]
    verdict = {"transaction_id": bank.decided[0]["id"], "fraud": True}
    taken = await site["two"].post("/v1/labels", json=verdict)
    log = await archived(
        site["folder"] / "archive", (*features, "model_probability"), count=bank.sent
    )

    spent = [one["features"][SPENT["name"]] for one in made]
    live = [one["features"]["model_probability"] for one in made]
    rows = np.arange(len(log.days))[-len(made) :]
    assert taken.status_code < 300, taken.text
    assert {one["versions"]["model"] for one in made} == {model.version}
    assert spent == [12.5] * 4 + [25.0, 25.0, 37.5]
    assert live == log.vectors[rows, -1].tolist()
    assert live == model.score_table(log.table(rows, features)).tolist()
    assert len(set(live)) > 1


async def archived(root: Path, names: tuple[str, ...], *, count: int) -> Log:
    """Wait for so many payments and a fraud in the archive."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(ModelError):  # nothing is there, or no fraud among it
                log = read_archive(root, names=names)
                if len(log.days) == count:
                    return log
            await asyncio.sleep(0.25)


async def kill(site: dict[str, Any]) -> None:
    """Kill every worker, and start their successors."""
    for name in ("one", "two"):
        site["road"].kill(name)
        await site[name].aclose()
        start(site, name)
    site["deliver"].kill("store")
    site["deliver"].start("store")


@pytest.mark.slow
async def test_an_aggregate_is_whole_over_two_workers_and_kills_change_nothing(
    site: dict[str, Any], own_kafka: Server
) -> None:
    bank = Bank(site)
    customers = [key_in(partition) for partition in range(4)]
    first = customers[0]
    await blocked(site, first)
    await bank.pay(*customers, *customers, first)
    await change(site, "one", "/v1/aggregates", ONLINE)
    await change(site, "two", "/v1/aggregates", DECLINED)
    await change(site, "one", "/v1/aggregates", AT_TERMINAL)
    meanwhile = await bank.pay(*customers)
    await kill(site)  # at whatever the declaration and the backfill are
    await ready(site, patience=PATIENCE)
    await live(site["two"], *(one["name"] for one in (ONLINE, DECLINED, AT_TERMINAL)))
    await change(site, "one", "/v1/rules", RULE)
    whole = await bank.pay(*customers)
    await kill(site)
    await ready(site, patience=PATIENCE)
    again = await bank.pay(*customers)
    pos = await bank.pay(first, channel="pos")
    began = time.monotonic()
    known = await change(site, "one", "/v1/aggregates", SPENT)
    await live(site["two"], SPENT["name"])
    log.info(
        "an aggregate is known everywhere after %.0f ms, whole after %.1f s",
        known * 1000,
        time.monotonic() - began,
    )
    last = await bank.pay(*customers)
    await a_model_that_reads_it_scores_as_in_evaluation(site, bank)
    published = await decisions(own_kafka.address)

    def told(made: list[dict[str, Any]], name: str) -> list[float | None]:
        return [decision["features"].get(name) for decision in made]

    assert {
        one["outcome"] for one in bank.decided if one["payment"]["customer_id"] == first
    } == {"decline"}
    assert set(told(meanwhile, ONLINE["name"])) <= {None, 3.0, 4.0}
    assert told(whole, ONLINE["name"]) == [5.0, 4.0, 4.0, 4.0]
    assert told(whole, DECLINED["name"]) == [4.0, 0.0, 0.0, 0.0]
    assert told(again, ONLINE["name"]) == [6.0, 5.0, 5.0, 5.0]
    assert told(again, DECLINED["name"]) == [5.0, 0.0, 0.0, 0.0]
    assert told(pos, ONLINE["name"]) == [6.0]
    assert told(pos, DECLINED["name"]) == [6.0]
    assert told(last, SPENT["name"]) == [100.0, 75.0, 75.0, 75.0]
    assert [one["shadows"] for one in whole] == [[RULE["name"]], [], [], []]
    assert len(published) == len(bank.decided) == bank.sent
    seen: dict[str, set[str]] = {}
    for decision in bank.decided:
        payment = decision["payment"]
        here = seen.setdefault(payment["terminal_id"], set())
        here.add(payment["customer_id"])
        value = decision["features"].get(AT_TERMINAL["name"])
        assert value in (None, len(here))
    assert None not in told(whole + again, AT_TERMINAL["name"])

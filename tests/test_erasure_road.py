"""A customer erased, and the key of tokens changed, on a road with real stores."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import polars as pl
import pytest
from click.testing import CliRunner, Result
from elasticsearch import ApiError, Elasticsearch
from pymongo import MongoClient

from app.cli import main
from app.local.ports import free_port
from app.local.server import Server
from app.topics import DECISIONS, GROUP_ALERTS, ensure_topics
from tests.road import Road, records
from tests.web.site import PASSWORD, user, users_file

CARDS = ["4539578763621486", "5555555555554444", "4111111111111111"]
K1, K2 = "k1:" + "11" * 32, "k2:" + "22" * 32
START = datetime.now(UTC) - timedelta(days=1)
DATABASE = "erasure-road"
GROUPS = (GROUP_ALERTS.name, f"{DATABASE}-sketch-groups-changelog")
PATIENCE = 240.0


async def until(told: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, at most four minutes."""
    async with asyncio.timeout(PATIENCE):
        while not await told():  # noqa: ASYNC110 - told by other processes
            await asyncio.sleep(0.25)


class Bank:
    """Payments of a worker's customers, and what the stores hold of them."""

    def __init__(self, road: Road, mongo: Server, elastic: Server) -> None:
        self.road = road
        self.sent = 0
        self.mongo: MongoClient[dict[str, Any]] = MongoClient(mongo.address)
        self.elastic = Elasticsearch(elastic.address, request_timeout=60)
        self.client = httpx.AsyncClient()

    def start(self, keys: str) -> None:
        """Start the worker that decides, with keys of tokens."""
        port = free_port()
        self.road.environment["SMARTBANK_WEB_PORT"] = str(port)
        self.road.environment["SMARTBANK_TOKEN_KEYS"] = keys
        self.road.start("one")
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            auth=("mia", PASSWORD),
            timeout=60,
            trust_env=False,
        )

    async def stop(self) -> None:
        """Stop the worker that decides."""
        await self.client.aclose()
        self.road.stop("one")

    async def ready(self) -> None:
        """Wait until the worker decides."""

        async def told() -> bool:
            try:
                return (await self.client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await until(told)

    async def pay(self, *numbers: str) -> list[dict[str, Any]]:
        """Pay with each card, `c-0` with the first; wait until stores have all."""
        made = []
        for number in numbers:
            self.sent += 1
            customer = f"c-{CARDS.index(number)}"
            made.append(
                {
                    "id": f"tx-{self.sent}",
                    "occurred_at": (START + timedelta(minutes=self.sent)).isoformat(),
                    "customer_id": customer,
                    "terminal_id": "t-1",
                    "amount": 1_250,
                    "currency": "EUR",
                    "card_number": number,
                    "beneficiary_id": "a-1",
                    "device_id": f"phone-of-{customer}",
                    "place": {"latitude": 52.52437, "longitude": 13.41053},
                }
            )
        path = "/v1/transactions?wait=decision"
        async with asyncio.timeout(PATIENCE):  # who is not told in time asks again
            while (found := await self.client.post(path, json=made)).is_error:
                assert found.status_code in {503, 504}, found.text
                await asyncio.sleep(0.1)

        async def stored() -> bool:
            index = f"{DATABASE}-decisions-*"
            try:
                self.elastic.indices.refresh(index=index)
                indexed = self.elastic.count(index=index)["count"]
            except ApiError:  # an index that is being made answers 503
                return False
            kept = self.mongo[DATABASE]["decisions"].count_documents({})
            return {kept, indexed, len(self.archive())} == {self.sent}

        await until(stored)
        return list(found.json()["decisions"])

    def rekey(self, *options: str) -> Result:
        """Run the command, as an operator does beside the workers."""
        environment = self.road._environment("rekey")  # noqa: SLF001
        return CliRunner().invoke(main, ["rekey", *options], env=environment)

    def archive(self) -> pl.DataFrame:
        """Return what the Parquet archive holds."""
        paths = sorted((self.road.folder / "archive").glob("decisions/*/*.parquet"))
        frames = [pl.read_parquet(path) for path in paths]
        return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()

    def raw(self) -> str:
        """Return all that the stores hold of decisions, as text."""
        found = [*self.mongo[DATABASE]["decisions"].find()]
        index = f"{DATABASE}-decisions-*"
        hits = self.elastic.search(index=index, size=100)["hits"]["hits"]
        return f"{found} {hits} {self.archive().rows(named=True)}"

    def close(self) -> None:
        """Close the connections."""
        self.mongo.close()
        self.elastic.close()


async def told_of(kafka: Server, *, everywhere: bool) -> None:
    """Wait until `c-0` is in the newest alerts and rows of groups, or in none."""

    async def so() -> bool:
        found = [
            any(b"c-0" in key + value for key, value in rows.items() if value)
            for rows in [await newest(kafka, topic) for topic in GROUPS]
        ]
        return all(found) if everywhere else not any(found)

    await until(so)


async def newest(kafka: Server, topic: str) -> dict[bytes, bytes | None]:
    """Return the newest record of each key."""
    return {one.key: one.value async for one in records(kafka.address, topic)}


@contextmanager
def banking(
    kafka: Server, mongo: Server, elastic: Server, folder: Path
) -> Iterator[Bank]:
    """Have workers beside the road, and a bank whose own is still to be started."""
    everywhere = {
        "SMARTBANK_USERS_FILE": users_file(
            folder / "users.jsonl", user("mia", "manager")
        ),
        "SMARTBANK_MONGO": mongo.address,
        "SMARTBANK_ELASTIC": elastic.address,
        "SMARTBANK_DATABASE": DATABASE,
        "SMARTBANK_CUSTOMER_KEYS": "33" * 32,
    }
    score = Road(kafka.address, folder / "road", environment=everywhere)
    deliver = Road(
        kafka.address, folder / "road", "deliver", environment=dict(everywhere)
    )
    sketch = Road(
        kafka.address, folder / "road", "sketch", environment=dict(everywhere)
    )
    bank = Bank(score, mongo, elastic)
    try:
        with deliver.running("store"), sketch.running("groups"), score.running():
            yield bank
    finally:
        bank.close()


@pytest.mark.slow
async def test_tokens_get_a_new_key_and_an_erased_customer_is_gone(
    own_kafka: Server,
    mongo: Server,
    elastic: Server,
    tmp_path: Path,
) -> None:
    with banking(own_kafka, mongo, elastic, tmp_path) as bank:
        await ensure_topics(bank.road.settings)
        bank.start(K1)
        await bank.ready()
        await bank.pay(*CARDS)
        await told_of(own_kafka, everywhere=True)
        blocked = {"kind": "card", "value": CARDS[0], "verdict": "block"}
        await bank.client.post("/v1/lists", json={**blocked, "reason": "was stolen"})
        await bank.stop()

        bank.start(f"{K1},{K2}")
        await bank.ready()
        first, second = await bank.pay(*CARDS[:2])
        early = await asyncio.to_thread(bank.rekey)
        await bank.pay(CARDS[2])
        late = await asyncio.to_thread(bank.rekey, "--forget")
        again = await asyncio.to_thread(bank.rekey, "--report")
        listed = (await bank.client.get("/v1/lists?kind=card")).json()["entries"]
        await bank.stop()

        bank.start(K2)
        await bank.ready()
        (third,) = await bank.pay(CARDS[0])
        held = await bank.client.get("/v1/decisions/tx-1")
        raw = bank.raw()
        why = {"reason": "asked in writing"}
        erased = await bank.client.post("/v1/customers/c-0/erasure", json=why)

        async def dropped() -> bool:
            told = await bank.client.get("/v1/customers/c-0")
            return told.status_code == 404

        await until(dropped)
        await told_of(own_kafka, everywhere=False)
        after = [await bank.client.get(f"/v1/decisions/tx-{n}") for n in (1, 2)]
        kept = await bank.client.get("/v1/customers/c-1")
        await bank.stop()

    tokens = [
        msgspec.json.decode(record.value)["payment"]["card"]
        async for record in records(own_kafka.address, DECISIONS.name)
    ]
    rows = await newest(own_kafka, f"{DATABASE}-score-customers-changelog")

    assert sorted(one["token"][:2] for one in tokens) == ["k1"] * 3 + ["k2"] * 4
    assert [one["outcome"] for one in (first, second, third)] == [
        "decline",
        second["outcome"],
        "decline",
    ]
    assert second["outcome"] != "decline"
    assert (early.exit_code, late.exit_code, again.exit_code) == (1, 0, 0), early.output
    assert "k1 to k2: Mongo 2, Elasticsearch 2, archive 2, lists 1" in early.output
    assert "k1 to k2: Mongo 1, Elasticsearch 1, archive 1, lists 0" in late.output
    assert "3 old tokens forgotten" in late.output
    assert [one["value"][:3] for one in listed] == ["k2_"]
    assert not [one for one in ("k1_", "phone-of", "52.52437") if one in raw]
    assert held.json()["payment"]["device_id"] == "phone-of-c-0"
    assert held.json()["payment"]["place"]["latitude"] == 52.52437
    assert (erased.status_code, kept.status_code) == (200, 200)
    assert after[0].json()["erased"] is True
    assert "device_id" not in after[0].json()["payment"]
    assert after[1].json()["payment"]["device_id"] == "phone-of-c-1"
    assert rows[b"c-0"] is None

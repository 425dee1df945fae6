"""Decisions from Kafka into both stores by real workers, while stores come and go."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from elasticsearch import ApiError, AsyncElasticsearch, TransportError
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from app.events.labels import Label, TransactionLabel
from app.local.elastic import elastic_server
from app.local.kafka import kafka_server
from app.local.mongo import mongo_server
from app.local.server import Server
from app.topics import (
    APP_EVENTS_APPLIED,
    DECISIONS,
    LABELS,
    LABELS_BY_TRANSACTION,
    ensure_topics,
)
from tests.road import Road, records
from tests.sinks.decided import DECIDED_AT, a_decided
from tests.sinks.test_documents import an_app_event

MANY = 5_000
AWAY = 30.0  # seconds


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Server]]:
    """Give servers of this test alone: it stops them."""
    makers: dict[str, Callable[[Path], Server]] = {
        "elastic": elastic_server,
        "mongo": mongo_server,
        "kafka": kafka_server,
    }
    servers = {name: make(tmp_path / name) for name, make in makers.items()}
    if gone := [one.stand_in for one in servers.values() if "missing" in one.stand_in]:
        pytest.skip(gone[0])
    try:
        for server in servers.values():
            server.start()
        for server in servers.values():
            server.wait_until_ready()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


@asynccontextmanager
async def clients(
    servers: dict[str, Server],
) -> AsyncIterator[tuple[AIOKafkaProducer, Any, AsyncElasticsearch]]:
    producer = AIOKafkaProducer(bootstrap_servers=servers["kafka"].address)
    mongo = AsyncIOMotorClient(servers["mongo"].address)
    elastic = AsyncElasticsearch(servers["elastic"].address, request_timeout=60)
    await producer.start()
    try:
        yield producer, mongo["smartbank"]["decisions"], elastic
    finally:
        await producer.stop()
        mongo.close()
        await elastic.close()


async def labels(kafka: str, *, expected: int) -> list[Label]:
    """Wait until so many labels are on the raw topic, at most three minutes."""
    found: list[Label] = []
    for _ in range(360):
        found = [
            msgspec.json.decode(record.value, type=Label)
            async for record in records(kafka, LABELS.name)
        ]
        if len(found) >= expected:
            break
        await asyncio.sleep(0.5)
    return found


async def app_events(elastic: AsyncElasticsearch, *, expected: int) -> list[str]:
    """Wait until so many app events can be found, at most three minutes."""
    found: list[str] = []
    for _ in range(360):
        index = "smartbank-app-events-*"
        with suppress(ApiError):  # an index that is being made answers 503
            await elastic.indices.refresh(index=index)
            reply = await elastic.search(index=index)
            found = sorted(hit["_source"]["id"] for hit in reply["hits"]["hits"])
        if len(found) >= expected:
            break
        await asyncio.sleep(0.5)
    return found


async def missed(log: Path) -> None:
    """Wait until a worker has told that both stores are away."""

    def told() -> bool:
        text = log.read_text()
        return "Mongo is away" in text and "Elasticsearch is away" in text

    async with asyncio.timeout(180):
        while not told():  # noqa: ASYNC110 - told by another process
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_stores_that_are_away_for_half_a_minute_get_every_decision_once(  # noqa: PLR0915 - one road
    servers: dict[str, Server], tmp_path: Path
) -> None:
    road = Road(
        servers["kafka"].address,
        tmp_path / "road",
        role="deliver",
        environment={
            "SMARTBANK_MONGO": servers["mongo"].address,
            "SMARTBANK_ELASTIC": servers["elastic"].address,
        },
    )
    await ensure_topics(road.settings)
    async with clients(servers) as (producer, collection, elastic):

        async def send(first: int, last: int) -> None:
            for number in range(first, last):
                one = a_decided(f"tx-{number}")
                await producer.send(DECISIONS.name, one.wire, b"c-1")
            await producer.flush()

        async def delivered(expected: int) -> tuple[int, int]:
            """Wait until both stores have so many, at most three minutes."""
            counts = (0, 0)
            for _ in range(720):
                # An index that is being made answers 503; who just came, not at once.
                with suppress(ApiError, TransportError, PyMongoError):
                    await elastic.indices.refresh(index="smartbank-decisions-*")
                    found = await elastic.count(index="smartbank-decisions-*")
                    counts = await collection.count_documents({}), found["count"]
                if counts == (expected, expected):
                    break
                await asyncio.sleep(0.25)
            return counts

        with road.running("one") as road:
            await send(0, MANY)
            await producer.send(DECISIONS.name, b"{not a decision", b"c-1")
            unfit = a_decided("tx-unfit", amount=2**70)
            await producer.send(DECISIONS.name, unfit.wire, b"c-1")
            assert await delivered(MANY) == (MANY, MANY)

            servers["mongo"].stop()
            servers["elastic"].stop()
            await send(MANY, 2 * MANY)
            await missed(road.log("one"))
            await asyncio.sleep(AWAY / 2)
            road.kill("one")
            road.start("one")
            await asyncio.sleep(AWAY / 2)
            servers["elastic"].start()
            servers["mongo"].start()
            servers["mongo"].wait_until_ready()
            servers["elastic"].wait_until_ready()
            assert await delivered(2 * MANY) == (2 * MANY, 2 * MANY)
            for identity in ("tx-7", "tx-later"):
                label = TransactionLabel(identity, DECIDED_AT, fraud=True)
                value = msgspec.json.encode(label)
                await producer.send(LABELS_BY_TRANSACTION.name, value, b"t")
            await producer.send(DECISIONS.name, a_decided("tx-later").wire, b"c-1")
            for identity in ("E1", "E2", "E1"):
                event = msgspec.json.encode(an_app_event(identity))
                await producer.send(APP_EVENTS_APPLIED.name, event, b"c-1")
            labelled = await labels(servers["kafka"].address, expected=2)
            used = await app_events(elastic, expected=2)
            assert road.stop("one") == 0

        found = await collection.find_one({"_id": f"tx-{2 * MANY - 1}"})

    letters = [one async for one in records(servers["kafka"].address, "dead-letters")]

    assert found["features"] == msgspec.json.decode(a_decided("x").wire)["features"]
    assert {letter.value for letter in letters} == {b"{not a decision", unfit.wire}
    assert sorted(one.transaction_id for one in labelled) == ["tx-7", "tx-later"]
    assert {one.customer_id for one in labelled} == {
        a_decided("x").decision.payment.customer_id
    }
    assert used == ["E1", "E2"]

"""Real workers in the engine's rare cases: logs made anew, one name in use twice."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from app.engine.errors import REPLACED
from app.engine.partitioner import partition_for
from app.local.server import Server
from app.topics import CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY, TRANSACTIONS, ensure_topics
from tests.corpus import PAYMENT
from tests.road import Road, decisions, table_digest

pytestmark = pytest.mark.slow
CUSTOMERS = 20


async def pay(road: Road, name: str) -> set[str]:
    """Send one payment a customer; return their ids."""
    ids = set()
    async with AIOKafkaProducer(bootstrap_servers=road.kafka) as producer:
        for number in range(CUSTOMERS):
            fields = {"id": f"{name}-{number}", "customer_id": f"C{number}"}
            value = msgspec.json.encode(PAYMENT | fields)
            key = fields["customer_id"].encode()
            await producer.send_and_wait(TRANSACTIONS.name, value, key)
            ids.add(fields["id"])
    return ids


async def decided(road: Road, ids: set[str], *, patience: float = 240.0) -> bool:
    """Wait until payments have their decisions."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if ids <= (await decisions(road.kafka)).keys():
            return True
        await asyncio.sleep(0.5)
    return False


async def administer(road: Road, act: Callable[[Any], Any]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka)
    await admin.start()
    try:
        await act(admin)
    finally:
        await admin.close()


async def gone(road: Road, topic: str) -> None:
    """Delete a topic, and wait until the broker knows of it no longer."""
    await administer(road, lambda admin: admin.delete_topics([topic]))

    async def known(admin: Any) -> None:
        while topic in await admin.list_topics():  # noqa: ASYNC110 - told by Kafka
            await asyncio.sleep(0.1)

    async with asyncio.timeout(60):
        await administer(road, known)


async def made_anew(road: Road, topic: str) -> None:
    """Delete a topic and create it again."""
    await gone(road, topic)
    async with asyncio.timeout(60):
        while topic not in await ensure_topics(road.settings):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "topic",
    [TRANSACTIONS.name, CUSTOMER_ACTIVITY.name, TERMINAL_ACTIVITY.name],
)
async def test_what_is_sent_after_a_log_began_anew_is_decided(
    own_kafka: Server, tmp_path: Path, topic: str
) -> None:
    road = Road(own_kafka.address, tmp_path / "road")
    await ensure_topics(road.settings)
    with road.running("one"):
        for number in range(3):
            assert await decided(road, await pay(road, f"before-{number}"))
        assert road.stop("one") == 0
        await made_anew(road, topic)
        after = await pay(road, "after")
        road.start("one")
        assert await decided(road, after)
        assert road.stop("one") == 0
    log = road.log("one").read_text()

    assert "Traceback" not in log
    assert (topic == TRANSACTIONS.name) or f"{topic}, partition" in log


async def test_records_that_expired_unread_are_told_and_the_rest_is_decided(
    own_kafka: Server, tmp_path: Path
) -> None:
    road = Road(own_kafka.address, tmp_path / "road")
    await ensure_topics(road.settings)
    with road.running("one"):
        assert await decided(road, await pay(road, "before"))
        assert road.stop("one") == 0
        await pay(road, "expired")
        everything = {
            TopicPartition(TRANSACTIONS.name, number): RecordsToDelete(-1)
            for number in range(4)
        }
        await administer(road, lambda admin: admin.delete_records(everything))
        after = await pay(road, "after")
        road.start("one")
        assert await decided(road, after)
        assert road.stop("one") == 0

    assert "records expired before they were read" in road.log("one").read_text()


async def test_of_two_workers_of_one_name_the_older_ends_and_the_younger_decides(
    own_kafka: Server, tmp_path: Path
) -> None:
    older = Road(own_kafka.address, tmp_path / "older", kept=True)
    younger = Road(own_kafka.address, tmp_path / "younger", kept=True)
    await ensure_topics(older.settings)
    with older.running("one"), younger.running():
        assert await decided(older, await pay(older, "before"))
        younger.start("one")
        status = await asyncio.to_thread(older.workers["one"].wait, timeout=240)
        assert await decided(younger, await pay(younger, "after"))
        assert younger.stop("one") == 0

    assert status == REPLACED
    assert "a worker named one was started after this one" in (
        older.log("one").read_text()
    )


async def test_a_worker_stops_in_half_a_minute_though_kafka_is_away(
    own_kafka: Server, tmp_path: Path
) -> None:
    road = Road(own_kafka.address, tmp_path / "road")
    await ensure_topics(road.settings)
    with road.running("one"):
        assert await decided(road, await pay(road, "before"))
        own_kafka.kill()
        await asyncio.sleep(2)
        started = time.monotonic()
        await asyncio.to_thread(road.stop, "one")
        taken = time.monotonic() - started
        own_kafka.start()
        own_kafka.wait_until_ready(timeout=240)
        after = await pay(road, "after")
        road.start("one")
        assert await decided(road, after)

    assert taken < 60  # twice what is promised: a machine may stall
    found = await decisions(own_kafka.address)
    assert all(len(set(repeats)) == 1 for repeats in found.values())


CHANGELOG = "smartbank-score-customers-changelog"


async def test_a_stage_that_raises_ends_the_worker(
    own_kafka: Server, tmp_path: Path
) -> None:
    road = Road(own_kafka.address, tmp_path / "road")
    await ensure_topics(road.settings)
    with road.running("one"):
        assert await decided(road, await pay(road, "before"))
        assert road.stop("one") == 0
        async with AIOKafkaProducer(bootstrap_servers=road.kafka) as producer:
            partition = partition_for(b"C7", 4)
            await producer.send_and_wait(CHANGELOG, b"damaged", b"C7", partition)
        road.start("one")
        await pay(road, "after")
        status = await asyncio.to_thread(road.workers["one"].wait, timeout=240)

    assert status == 1
    assert "Crashed reason=" in road.log("one").read_text()


async def test_a_changelog_that_was_deleted_is_told_and_made_anew(
    own_kafka: Server, tmp_path: Path
) -> None:
    road = Road(own_kafka.address, tmp_path / "road")
    await ensure_topics(road.settings)
    with road.running("one"):
        before = await pay(road, "before")
        assert await decided(road, before)
        assert road.stop("one") == 0
        rows = await table_digest(road.kafka, CHANGELOG)
        await gone(road, CHANGELOG)
        road.start("one")
        assert await decided(road, await pay(road, "after"))
        assert road.stop("one") == 0
        again = await table_digest(road.kafka, CHANGELOG)
    found = await decisions(road.kafka)

    assert "the changelog is empty, though" in road.log("one").read_text()
    assert rows[0] == again[0] == CUSTOMERS
    assert all(len(found[identity]) == 1 for identity in before)

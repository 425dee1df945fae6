"""Groups on a real road: the same, under the same ids, whatever is killed."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from app.engine.batches import Origin, Reached, fresh
from app.engine.partitioner import partition_for
from app.engine.tables import Partition
from app.events.groups import Behaviour, GroupAlert, Grouped
from app.local.server import Server
from app.sketches.group_rows import GroupRow, SharedGroups, groups_of, store
from app.topics import BEHAVIOURS, CUSTOMER_ACTIVITY, GROUP_ALERTS, ensure_topics
from tests.road import Road, at_the_end, ends_of, records
from tests.sketches.doings import a_story

GROUP = "smartbank-sketch"
CHANGELOG = "smartbank-sketch-groups-changelog"
LOGS = [
    *(TopicPartition(CUSTOMER_ACTIVITY.name, number) for number in range(4)),
    TopicPartition(BEHAVIOURS.name, 0),
]
PATIENCE = 240.0


@pytest.mark.slow
async def test_a_killed_worker_changes_neither_the_groups_nor_their_ids(
    own_kafka: Server, tmp_path: Path
) -> None:
    """The log that the workers wrote, worked off without them, gives the same rows."""
    kafka = own_kafka.address
    story = a_story(1)
    road = Road(kafka, tmp_path, role="sketch")
    await ensure_topics(road.settings)
    with road.running("one"):
        third = len(story) // 3
        for part in (story[:third], story[third : 2 * third], story[2 * third :]):
            before = await end(kafka)
            await send(kafka, part)
            async with asyncio.timeout(PATIENCE):
                while await end(kafka) < before + third // 10:  # noqa: ASYNC110 - told by Kafka
                    await asyncio.sleep(0.05)
            road.kill("one")
            road.start("one")
        async with asyncio.timeout(PATIENCE):
            while not await at_the_end(kafka, GROUP, LOGS):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert road.stop("one") == 0
    told = [record async for record in records(kafka, BEHAVIOURS.name)]
    alerts = [record async for record in records(kafka, GROUP_ALERTS.name)]
    kept = await rows(kafka)

    expected = worked_off(told)
    assert kept == expected
    assert any(key.startswith(b"g") for key in kept)
    assert {record.key for record in alerts} >= {
        key[1:] for key in kept if key.startswith(b"g")
    }
    origins = {(one.key, one.headers[-1]) for one in alerts}  # one may tell of several
    told_once = {(one.key, one.headers[-1], one.value) for one in alerts}
    assert len(told_once) == len(origins)
    await joined(kafka, alerts)


async def joined(kafka: str, alerts: list[Any]) -> None:
    """Check that the log of each member was told of its group."""
    found: dict[str, set[str]] = {}
    async for record in records(kafka, CUSTOMER_ACTIVITY.name):
        if b'"grouped"' in record.value:
            told = msgspec.json.decode(record.value, type=Grouped)
            found.setdefault(told.group, set()).update(told.customers)
            for customer in told.customers:
                assert partition_for(customer.encode(), 4) == record.partition
    for record in alerts:
        if record.value is None:  # a group that is over
            continue
        alert = msgspec.json.decode(record.value, type=GroupAlert)
        assert set(alert.members) <= found[alert.id]


def worked_off(told: list[Any]) -> dict[bytes, bytes]:
    """Return the rows that a log makes without any worker."""
    partition: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    groups = groups_of(partition, learn=True)
    assert groups
    seen: dict[Origin, Reached] = {}
    for record in fresh(told, seen):
        behaviour = msgspec.json.decode(record.value or b"", type=Behaviour)
        groups.learn(behaviour, logged=1_000 * record.timestamp)
    store(groups, partition)
    return dict(partition)


async def rows(kafka: str) -> dict[bytes, bytes]:
    """Return the final rows of the table."""
    found: dict[bytes, bytes | None] = {}
    async for record in records(kafka, CHANGELOG):
        if not record.key.startswith(b"\x00"):
            found[record.key] = record.value
    return {key: value for key, value in found.items() if value is not None}


async def send(kafka: str, events: list[Any]) -> None:
    """Put events on the log of their customers, as capture does."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for event in events:
            key = event.customer_id.encode()
            await producer.send(
                CUSTOMER_ACTIVITY.name,
                msgspec.json.encode(event),
                key=key,
                partition=partition_for(key, 4),
            )
    finally:
        await producer.stop()


async def end(kafka: str) -> int:
    """Return how many behaviours were told."""
    told = TopicPartition(BEHAVIOURS.name, 0)
    return (await ends_of(kafka, [told]))[told]

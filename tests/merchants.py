"""Merchants on a real road: what workers left of them, against the bare log."""

import asyncio
from typing import Any, cast

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from agents.terminals import decide
from app.engine.batches import fresh
from app.engine.changelog import Reading
from app.engine.engine import Outbox
from app.engine.publisher import Publisher
from app.engine.tables import Partition
from app.events.merchants import MerchantsPaid
from app.features.merchants import MerchantRow
from app.features.telling import MERCHANT, TURNED
from app.topics import CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY
from tables.terminals import terminals as table
from tests.road import at_the_end, records

GROUP = "smartbank-score"
CHANGELOG = "smartbank-score-terminals-changelog"
PARTITIONS = range(4)
LOGS = [
    TopicPartition(topic.name, number)
    for topic in (CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY)
    for number in PARTITIONS
]
PATIENCE = 240.0
BATCH = 500


class Nowhere:
    """A publisher that sends nothing."""

    def send(self, *_: Any) -> None:
        """Drop a record."""

    def broadcast(self, *_: Any) -> None:
        """Drop a record."""


async def all_is_told(kafka: str, day: int) -> None:
    """Begin a new day in every partition, and wait until all logs are worked off."""
    word = msgspec.json.encode(MerchantsPaid(day, []))
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for partition in PARTITIONS:
            await producer.send_and_wait(
                TERMINAL_ACTIVITY.name, word, partition=partition
            )
    finally:
        await producer.stop()
    async with asyncio.timeout(PATIENCE):
        while not await at_the_end(kafka, GROUP, LOGS):  # noqa: ASYNC110 - told by Kafka
            await asyncio.sleep(0.2)


async def every_partition_knows_merchants(kafka: str) -> None:
    """Check rows: all partitions', and against those that a log makes by itself."""
    left = {number: Reading() for number in PARTITIONS}
    async for record in records(kafka, CHANGELOG):
        left[record.partition].read(record.offset, record.key, record.value)
    logs: dict[int, list[Any]] = {number: [] for number in PARTITIONS}
    async for record in records(kafka, TERMINAL_ACTIVITY.name):
        logs[record.partition].append(record)
    told = []
    for number, reading in left.items():
        reading.finish()
        assert reading.marker
        assert reading.marker.offset == len(logs[number])
        assert reading.rows == _worked_off(number, logs[number])
        told.append(
            {
                key: row
                for key, row in reading.rows.items()
                if key.startswith((MERCHANT, TURNED))
            }
        )
    assert len(told[0]) > 100
    assert all(one == told[0] for one in told)
    assert max(map(len, told[0].values())) > len(MerchantRow().encode())  # of frauds


def _worked_off(number: int, log: list[Any]) -> dict[bytes, bytes]:
    """Return the rows that a log makes without any worker."""
    rows: Partition[Any] = Partition(table.row, table.shared, table.others)
    outbox = Outbox(cast("Publisher", Nowhere()))
    for start in range(0, len(log), BATCH):
        batch = fresh(log[start : start + BATCH], rows.origins)
        decide(batch, outbox, {number: rows})
    return dict(rows)

"""Batching: records to Kafka as whole batches, one a partition, in order."""

from asyncio import Future
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

from app.engine.partitioner import partition_for


async def produce(
    producer: AIOKafkaProducer,
    topic: str,
    records: Iterable[tuple[bytes, bytes]],
    *,
    partitions: int,
) -> "list[Future[Any]]":
    """Send keys with values; return what resolves when Kafka has them."""
    batches: dict[int, Any] = {}
    sent = []
    for key, value in records:
        partition = partition_for(key, partitions)
        batch = batches.get(partition)
        if batch is None:
            batch = batches[partition] = producer.create_batch()
        if batch.append(timestamp=None, key=key, value=value) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = batches[partition] = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)
    for partition, batch in batches.items():
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    return sent

"""Checkpoints: a partition's changed rows, stored with the offset that they reflect."""

import time
from typing import Any

from aiokafka import TopicPartition
from faust.types import TP

from app.engine.changelog import Claim, batches
from app.engine.errors import Superseded
from app.engine.publisher import Parcel, Publisher
from app.engine.restore import intrusion, make_way
from app.engine.tables import Partition, enough


async def store(
    rows: Partition[Any],
    changelog: TP,
    *,
    publisher: Publisher,
    brokers: str,
    claim: Claim,
) -> int:
    """Store a checkpoint, after every output that was made so far is in Kafka.

    What is stored is what `rows` holds when this is called. Returns the source offset
    that it reflects. Where another worker has written in between, its rows are made
    dirty, for the next checkpoint to store ours over them.

    Raises:
        Superseded: another worker has claimed the partition; what was stored is void.
        Exception: what kept it, or an output, out of Kafka.
    """
    parcels, reached = _taken(rows, changelog, publisher)
    await publisher.sent()
    for parcel, count in parcels:
        delivery = await publisher.producer.send_batch(
            parcel.builder, changelog.topic, partition=changelog.partition
        )
        offset = (await delivery).offset
        if 0 <= rows.changelog_end < offset:
            others = await intrusion(
                brokers,
                TopicPartition(changelog.topic, changelog.partition),
                start=rows.changelog_end,
                end=offset,
            )
            if others.owner is not None:
                make_way(others.owner, claim)
                raise Superseded(_told(changelog, others.owner, claim))
            rows.dirty |= others.keys
        rows.changelog_end = offset + count if offset >= 0 else -1
    rows.checkpointed = reached
    return reached


def _taken(
    rows: Partition[Any], changelog: TP, publisher: Publisher
) -> tuple[list[tuple[Parcel, int]], int]:
    """Take a checkpoint as record batches, each with its number of records."""
    found, marker = rows.checkpoint()
    now = time.time_ns() // 1_000_000
    parcels = []
    size = 0
    for records in batches(found, marker):
        parcel = publisher.parcel()
        for key, value in records:
            if parcel.builder.append(timestamp=now, key=key, value=value) is None:
                length = len(value or b"")
                message = f"{changelog.topic}: a row of {length} bytes is too large"
                raise OverflowError(message)
        size += parcel.builder.size()
        parcels.append((parcel, len(records)))
    rows.enough = enough(len(found), size)
    return parcels, marker.offset


def _told(changelog: TP, owner: Claim, me: Claim) -> str:
    return (
        f"worker {owner.worker} has claimed {changelog.topic}, partition "
        f"{changelog.partition}, which this one, {me.worker}, took for its own: it was "
        "frozen, or cut off from Kafka, for too long"
    )

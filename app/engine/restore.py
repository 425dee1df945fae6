"""Restore: read the changelogs of assigned partitions into rows, and claim them."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from faust.types import TP

from app.engine.changelog import CLAIM, Claim, Intrusion, Reading
from app.engine.clients import running
from app.engine.errors import Replaced, Superseded, UnknownRows
from app.engine.tables import CheckpointedTable, Partition


class Reader(Protocol):
    """Reads the records of a changelog in order."""

    def read(self, offset: int, key: bytes, value: bytes | None) -> None:
        """Read one record."""
        ...


async def restore(
    brokers: str,
    tables: Iterable[CheckpointedTable[Any]],
    assignment: set[TP],
    *,
    producer: AIOKafkaProducer,
    claim: Claim,
) -> int:
    """Make every table own the partitions of an assignment, under a claim.

    Partitions that nobody has written to since this worker's last checkpoint stay as
    they are. Returns the number of changelog records read.

    Raises:
        Replaced: a worker of the same name that was started later owns one.
        Superseded: another worker claims one at the same time.
        UnknownRows: this version of the product cannot read them.
    """
    wanted: dict[TopicPartition, tuple[CheckpointedTable[Any], int]] = {}
    for table in tables:
        mine = {tp.partition for tp in assignment if tp.topic == table.source}
        table.owned = {p: rows for p, rows in table.owned.items() if p in mine}
        for partition in mine:
            tp = table.changelog_tp(partition)
            wanted[TopicPartition(tp.topic, tp.partition)] = table, partition
    if not wanted:
        return 0
    async with running(_consumer(brokers)) as consumer:
        consumer.assign(list(wanted))
        ends = await consumer.end_offsets(list(wanted))
        readings: dict[TopicPartition, Reading] = {}
        for tp, (table, partition) in wanted.items():
            kept = table.owned.get(partition)
            if kept is None or kept.changelog_end != ends[tp]:
                readings[tp] = Reading()
        for tp in wanted.keys() - readings.keys():
            consumer.pause(tp)
        count = await _read(consumer, readings, ends)
        for tp, reading in readings.items():
            make_way(reading.owner, claim)
            await _claim(producer, tp, claim)
        ends = await consumer.end_offsets(list(readings)) if readings else {}
        count += await _read(consumer, readings, ends)
    for tp, reading in readings.items():
        table, partition = wanted[tp]
        table.owned[partition] = _made(table, reading, claim=claim, end=ends[tp])
    return count


async def intrusion(
    brokers: str, tp: TopicPartition, *, start: int, end: int
) -> Intrusion:
    """Read what others wrote to a changelog between two offsets."""
    found = Intrusion()
    async with running(_consumer(brokers)) as consumer:
        consumer.assign([tp])
        consumer.seek(tp, start)
        await _read(consumer, {tp: found}, {tp: end})
    return found


def _consumer(brokers: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=brokers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )


async def _read(
    consumer: AIOKafkaConsumer,
    readings: Mapping[TopicPartition, Reader],
    ends: Mapping[TopicPartition, int],
) -> int:
    """Read every record up to the ends; return how many there were."""
    count = 0
    pending = {tp for tp in readings if ends[tp] > 0}
    for tp in readings:
        (consumer.resume if tp in pending else consumer.pause)(tp)
    while pending:
        fetched = await consumer.getmany(timeout_ms=500)
        for tp, records in fetched.items():
            read = readings[tp].read
            for record in records:
                read(record.offset, record.key, record.value)
            count += len(records)
        for tp in list(pending):
            if await consumer.position(tp) >= ends[tp]:
                pending.discard(tp)
                consumer.pause(tp)
    return count


def make_way(owner: Claim | None, me: Claim) -> None:
    """Make room for a worker of the same name that was started later.

    Raises:
        Replaced: the owner is one.
    """
    if owner and owner.worker == me.worker and owner.started_at > me.started_at:
        message = (
            f"a worker named {me.worker} was started after this one and has taken its "
            "place; two that should work side by side need two names"
        )
        raise Replaced(message)


async def _claim(producer: AIOKafkaProducer, tp: TopicPartition, claim: Claim) -> None:
    batch = producer.create_batch()
    batch.append(timestamp=None, key=CLAIM, value=msgspec.json.encode(claim))
    await (await producer.send_batch(batch, tp.topic, partition=tp.partition))


def _made(
    table: CheckpointedTable[Any], reading: Reading, *, claim: Claim, end: int
) -> Partition[Any]:
    """Return the rows of a changelog that was read to its end."""
    reading.finish()
    if reading.owner != claim:
        message = f"{reading.owner} has claimed the same partition of {table.name}"
        raise Superseded(message)
    rows = Partition(table.row, table.shared, table.others)
    rows.restore(reading)
    rows.changelog_end = end
    try:
        rows.check()
    except Exception as error:
        # Better no start than a stop in the middle: nothing is read or written.
        message = (
            f"the rows of {table.name} are of another version of the product: {error}; "
            "run that version, or delete the table's changelog and replay its source"
        )
        raise UnknownRows(message) from error
    return rows

"""Restore: read the changelogs of assigned partitions back into rows."""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP

from app.engine.tables import CheckpointedTable, Partition


async def restore(
    brokers: str, tables: Iterable[CheckpointedTable[Any]], assignment: set[TP]
) -> int:
    """Make every table own the partitions of an assignment.

    Returns the number of changelog records read.
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
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    await consumer.start()
    try:
        consumer.assign(list(wanted))
        ends = await consumer.end_offsets(list(wanted))
        loading: dict[TopicPartition, Partition[Any]] = {}
        for tp, (table, partition) in wanted.items():
            kept = table.owned.get(partition)
            if kept is None or kept.changelog_end != ends[tp]:
                loading[tp] = Partition(table.row)
                loading[tp].changelog_end = ends[tp]
        count = await _read(consumer, loading, ends)
    finally:
        await consumer.stop()
    for tp, rows in loading.items():
        table, partition = wanted[tp]
        table.owned[partition] = rows
    return count


async def _read(
    consumer: AIOKafkaConsumer,
    loading: dict[TopicPartition, Partition[Any]],
    ends: dict[TopicPartition, int],
) -> int:
    """Apply every changelog record up to the ends; return how many there were."""
    count = 0
    pending = {tp for tp in loading if ends[tp] > 0}
    for tp in ends:
        if tp not in pending:
            consumer.pause(tp)
    while pending:
        fetched = await consumer.getmany(timeout_ms=500)
        for tp, records in fetched.items():
            rows = loading[tp]
            for record in records:
                rows.restore(record.key, record.value)
            count += len(records)
        for tp in list(pending):
            if await consumer.position(tp) >= ends[tp]:
                pending.discard(tp)
                consumer.pause(tp)
    return count

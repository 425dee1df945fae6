"""Groups: which customers move together, told to their logs and to who watches."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.reading import readable
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.partitioner import partition_for
from app.engine.tables import Partition
from app.events.groups import Behaviour, GroupMoved
from app.main import app, counters, settings
from app.sketches.group_rows import GroupRow, groups_of, store
from app.sketches.groups import grouped
from app.topics import BEHAVIOURS, CUSTOMER_ACTIVITY, GROUP_ALERTS
from tables.groups import groups as table

decode = msgspec.json.Decoder(Behaviour).decode
encode = msgspec.json.Encoder().encode


def partition_of(customer: str) -> int:
    """Return the partition of a customer's log."""
    return partition_for(customer.encode(), settings.partitions)


@app.agent(app.batches(BEHAVIOURS.name))
async def groups(batches: Any) -> None:
    """Find groups of customers that move together; tell when one grows."""
    async for batch in batches:
        await app.engine.run_on(batch, table, group)


def group(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[GroupRow]]
) -> None:
    """Learn behaviours; tell of groups that changed, and who joined of whom."""
    told = readable(records, out, decode)
    for record, behaviour in told:
        known = groups_of(rows[record.partition], learn=True)
        if known is None:
            continue
        logged = 1_000 * record.timestamp  # microseconds
        found = known.learn(behaviour, logged=logged)
        for name in known.news:
            alert = known.known.get(name)
            value = encode(alert) if alert else None
            over = GroupMoved(name, behaviour.at)
            counters.moved(alert.moved if alert else over)
            out.send(GROUP_ALERTS.name, name.encode(), value, record)
        if found and found.news:
            for joined in grouped(found, partition_of):
                key = joined.customers[0].encode()
                out.send(CUSTOMER_ACTIVITY.name, key, encode(joined), record)
    for partition in {record.partition for record, _ in told}:
        if known := groups_of(rows[partition]):
            store(known, rows[partition])
    counters.dead_letters += out.rejected

"""Behaviours: what each customer has done of late, told when there is news of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.reading import readable
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.events.activities import CustomerActivity
from app.events.app_events import AppEvent
from app.events.erasures import Erased
from app.events.groups import Behaviour
from app.events.labels import Label
from app.events.payments import Payment
from app.features.clock import DAY, microseconds
from app.main import app, counters
from app.sketches.behaviour import KNOWN_LASTS, BehaviourRow
from app.topics import BEHAVIOURS, CUSTOMER_ACTIVITY
from tables.behaviours import behaviours as table

decode = msgspec.json.Decoder(CustomerActivity).decode
encode = msgspec.json.Encoder().encode


@app.agent(app.batches(CUSTOMER_ACTIVITY.name))
async def behaviours(batches: Any) -> None:
    """Remember a day of what each customer does, and tell what is new of it."""
    async for batch in batches:
        await app.engine.run_on(batch, table, learn)


def learn(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[BehaviourRow]]
) -> None:
    """Learn payments, app events and labels; the log has more, which is no behaviour.

    What cannot be read is a dead letter of the customers' already.
    """
    for record, event in readable(records, out, decode):
        if isinstance(event, Erased):
            key = event.customer_id.encode()
            rows[record.partition].drop(key)
            gone = Behaviour(event.customer_id, event.erased_at, [], erased=True)
            out.send(BEHAVIOURS.name, key, encode(gone), record)
        elif isinstance(event, Payment | AppEvent | Label):
            partition, key = rows[record.partition], event.customer_id.encode()
            logged = 1_000 * record.timestamp  # microseconds; nothing is of later
            sweep(partition, min(microseconds(event.occurred_at), logged))
            if isinstance(event, Label) and not partition.hold(key):
                continue  # of somebody who did nothing, or was erased
            if told := partition.touch(key).learn(event):
                out.send(BEHAVIOURS.name, key, encode(told), record)
    counters.dead_letters += out.rejected


def sweep(rows: Partition[BehaviourRow], at: int) -> None:
    """Let go of customers of whom nothing was heard in 31 days, once a day.

    `at` is when an event of the partition happened, microseconds: the first of a day
    sweeps, so that the rows stay a function of the partition's log.
    """
    swept, day = rows.shared(), at // DAY
    if swept and day <= swept.day:
        return
    rows.shared(learn=True).day = day
    past = day * DAY - KNOWN_LASTS
    for key in rows.known_keys():
        if (row := rows.read(key)) and row.newest <= past:
            rows.drop(key)

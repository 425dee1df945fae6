"""Customers: what a customer's past says of each payment."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.decoding import UNREADABLE
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.errors import BadRecord
from app.events.currencies import MINOR_PER_MAJOR
from app.events.labels import Label
from app.events.payments import Payment, ProfiledPayment
from app.events.readings import Fixes
from app.features.customers import CustomerRow
from app.main import app, counters
from app.topics import CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY
from tables.customers import customers as table

decode = msgspec.json.Decoder(Payment | Label | Fixes).decode
encode = msgspec.json.Encoder().encode


@app.agent(app.batches(CUSTOMER_ACTIVITY.name))
async def customers(batches: Any) -> None:
    """Drop duplicates, and add what the customer's past says to each payment."""
    async for batch in batches:
        await app.engine.run_on(batch, table, profile)


def profile(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[CustomerRow]]
) -> None:
    """Profile payments by their customer's row; pass labels on when learnt."""
    for record in records:
        try:
            event = decode(record.value or b"")
        except UNREADABLE as error:
            out.reject(record, error)
            continue
        if isinstance(event, Fixes):
            rows[record.partition].touch(event.customer_id.encode()).fixes(event)
            continue
        terminal = event.terminal_id.encode()
        if isinstance(event, Label):
            rows[record.partition].touch(event.customer_id.encode()).label(event)
            out.send(TERMINAL_ACTIVITY.name, terminal, encode(event), record)
            continue
        if event.currency not in MINOR_PER_MAJOR:
            wrong = BadRecord("currency", repr(event.currency), "a code of ISO 4217")
            out.reject(record, wrong)
            continue
        row = rows[record.partition].touch(event.customer_id.encode())
        if row.seen(event.id):
            counters.duplicates += 1
            continue
        profiled = ProfiledPayment(event, row.profile(event))
        out.send(TERMINAL_ACTIVITY.name, terminal, encode(profiled), record)
    counters.dead_letters += out.rejected

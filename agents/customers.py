"""Customers: what a customer's past says of each payment."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.aggregating import Told, Watch
from agents.reading import decode_all
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.errors import BadRecord
from app.events.activities import CustomerActivity
from app.events.aggregates import Declared, Ready, Remembered
from app.events.app_events import AppEvent
from app.events.currencies import MINOR_PER_MAJOR
from app.events.erasures import Erased
from app.events.groups import Grouped
from app.events.labels import Label
from app.events.payments import Payment, ProfiledPayment
from app.events.readings import Fixes
from app.features.customers import CustomerRow
from app.main import app, counters
from app.topics import APP_EVENTS_APPLIED, CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY
from tables.customers import customers as table

NONE: Told = {}

decode = msgspec.json.Decoder(CustomerActivity).decode
encode = msgspec.json.Encoder().encode


@app.agent(app.batches(CUSTOMER_ACTIVITY.name))
async def customers(batches: Any) -> None:
    """Drop duplicates, and add what the customer's past says to each payment."""
    async for batch in batches:
        await app.engine.run_on(batch, table, profile)


def profile(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[CustomerRow]]
) -> None:
    """Profile payments by their customer's row; pass labels and app events on."""
    quality = counters.quality
    quality.came(records)
    events = decode_all(records, decode)
    watch = Watch(rows, "customer", lambda: list(map(payment_of, events)))
    for place, (record, event) in enumerate(zip(records, events, strict=True)):
        if not isinstance(event, Payment):
            learn(event, record, out, rows[record.partition], watch)
            continue
        if event.currency not in MINOR_PER_MAJOR:
            wrong = BadRecord("currency", repr(event.currency), "a code of ISO 4217")
            out.reject(record, wrong)
            continue
        row = rows[record.partition].touch(event.customer_id.encode())
        quality.payments += 1
        if row.seen(event.id):
            quality.repeated_payments += 1
            counters.duplicates += 1
            continue
        told = watch.profile(place, record.partition, row, event) if watch else NONE
        profiled = ProfiledPayment(event, row.profile(event), told)
        if row.late:
            quality.late(row.late)
        terminal = event.terminal_id.encode()
        out.send(TERMINAL_ACTIVITY.name, terminal, encode(profiled), record)
    counters.dead_letters += out.rejected


def learn(
    event: CustomerActivity | Exception,
    record: Record,
    out: Outbox,
    rows: Partition[CustomerRow],
    watch: Watch,
) -> None:
    """Learn what is no payment; pass labels and app events on."""
    if isinstance(event, Exception):
        out.reject(record, event)
    elif isinstance(event, Declared | Remembered | Ready):
        watch.learn(event, record.partition)
    elif isinstance(event, Grouped):
        join(event, rows)
    elif isinstance(event, Erased):
        rows.drop(event.customer_id.encode())
    elif isinstance(event, Fixes):
        rows.touch(event.customer_id.encode()).fixes(event)
    elif isinstance(event, Label):
        key, terminal = event.customer_id.encode(), event.terminal_id.encode()
        row = rows.hold(key)
        counters.unplaced_labels += not (row and row.seen(event.transaction_id))
        if row:
            rows.touch(key).label(event)
        out.send(TERMINAL_ACTIVITY.name, terminal, encode(event), record)
    elif isinstance(event, AppEvent):
        use(event, rows.touch(event.customer_id.encode()), record, out)


def join(told: Grouped, rows: Partition[CustomerRow]) -> None:
    """Tell those who move together so, where something of them is remembered."""
    for customer in told.customers:
        key = customer.encode()
        if rows.hold(key):
            rows.touch(key).join(told)


def use(event: AppEvent, row: CustomerRow, record: Record, out: Outbox) -> None:
    """Learn what was done in the app; pass it on unless it was there before."""
    counters.quality.app_events += 1
    if (learnt := row.use(event)) == "repeat":
        counters.quality.repeated_app_events += 1
        counters.duplicates += 1
    else:
        counters.late_app_events += learnt == "late"
        key = event.customer_id.encode()
        out.send(APP_EVENTS_APPLIED.name, key, encode(event), record)


def payment_of(event: CustomerActivity | Exception) -> Payment | None:
    """Return a payment that can be counted."""
    if isinstance(event, Payment) and event.currency in MINOR_PER_MAJOR:
        return event
    return None

"""Devices: what phones and cash machines send, checked, and what is news of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.errors import BadRecord
from app.events.erasures import Erased
from app.events.readings import Position, Readings
from app.main import app, counters
from app.readings import alarmed, checked, news
from app.sensors.row import DeviceRow
from app.topics import CUSTOMER_ACTIVITY, READINGS, SENSOR_READINGS, TERMINAL_ACTIVITY
from tables.devices import devices as table

encode = msgspec.json.Encoder().encode


@app.agent(app.batches(SENSOR_READINGS.name))
async def devices(batches: Any) -> None:
    """Check readings, drop repeats, and tell the logs of customers and terminals."""
    async for batch in batches:
        await app.engine.run_on(batch, table, take)


def take(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[DeviceRow]]
) -> None:
    """Pass on the readings of each message, and what of fixes and alarms is news."""
    for record in records:
        received_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            known, found = checked(record.value or b"", received_at=received_at)
        except BadRecord as error:
            out.reject(record, error)
            continue
        device = found.device_id.encode()
        if found.erased_at:
            rows[record.partition].drop(device)
            end(found, found.erased_at, record, out)
            continue
        row = rows[record.partition].touch(device)
        if row.repeated(*known):
            counters.repeats += 1
            continue
        counters.readings += len(found.readings)
        row.readings += len(found.readings)
        told, fixes = news(found, row)
        if found.readings:
            out.send(READINGS.name, device, encode(found), record)
        if told is not None:
            key = told.customer_id.encode()
            out.send(CUSTOMER_ACTIVITY.name, key, encode(told), record)
        if alarms := alarmed(found, row):
            key = alarms.terminal_id.encode()
            out.send(TERMINAL_ACTIVITY.name, key, encode(alarms), record)
            counters.felt(alarms)
        for fix in fixes:
            position = Position(
                found.device_id, fix, found.customer_id, synthetic=found.synthetic
            )
            counters.saw(position)
    counters.dead_letters += out.rejected


def end(found: Readings, erased_at: datetime, record: Record, out: Outbox) -> None:
    """Tell both logs that what this one told of an erased customer's phone ends here.

    What was pushed before the erasure may be worked off after it: the customer's row
    is dropped behind the last of it, and readings are deleted behind the last.
    """
    out.send(READINGS.name, found.device_id.encode(), encode(found), record)
    if customer := found.customer_id:
        erased = Erased(customer, erased_at)
        out.send(CUSTOMER_ACTIVITY.name, customer.encode(), encode(erased), record)

"""Readings: a record of `sensor-readings` becomes readings, fixes, news and alarms."""

from datetime import datetime

import msgspec

from app.decoding import decoded_once
from app.errors import BadRecord
from app.events.readings import Alarms, Fix, Fixes, Push, Readings
from app.features.clock import EPOCH
from app.sensors.fixes import fixes
from app.sensors.heights import contradicted
from app.sensors.machines import Rest, alarms
from app.sensors.messages import Message, identity, readings
from app.sensors.row import DeviceRow

MOST_BYTES = 8 * 1024 * 1024
"""Of a message, by whatever way it comes."""
MOST_PUSHED = MOST_BYTES + 4 * 1024
"""Of its record: whose it is stands beside it."""

_push = msgspec.json.Decoder(Push).decode
_message = msgspec.json.Decoder(Message).decode


def message(value: bytes, *, received_at: datetime) -> Message:
    """Check what a device sends, before Kafka takes it.

    Raises:
        BadRecord: it does not fit.
    """
    found: Message = decoded_once(value, _message, most=MOST_BYTES)
    readings(found, received_at=received_at)
    return found


def checked(
    value: bytes, *, received_at: datetime
) -> tuple[tuple[bytes, int], Readings]:
    """Return what a message is known by, and its readings.

    Raises:
        BadRecord: it does not fit.
    """
    push: Push = decoded_once(value, _push, most=MOST_PUSHED)
    found = readings(push.message, received_at=received_at)
    if push.kind == "phone" and push.customer_id is None:
        field, got, expected = "customer_id", "nothing", "whose phone it is"
        raise BadRecord(field, got, expected)
    return identity(push.message), Readings(
        push.device_id,
        received_at,
        found,
        push.customer_id,
        push.kind,
        push.keep_raw,
        push.synthetic,
        push.terminal_id,
        push.erased_at,
    )


def news(found: Readings, row: DeviceRow) -> tuple[Fixes | None, list[Fix]]:
    """Return what a customer's log should know of a message, and all of its fixes.

    The row learns them. A cash machine's place is no news.
    """
    unfelt = contradicted(found.readings, row.climb)
    told_at = found.received_at
    located = row.learn(fixes(found.readings, unfelt=unfelt), received_at=told_at)
    fresh = row.news(located, received_at=told_at)
    if not fresh or found.customer_id is None or found.kind != "phone":
        return None, located
    newest = max(one.time for one in found.readings) / 1e9
    ahead = newest - (found.received_at - EPOCH).total_seconds()
    told = Fixes(
        found.customer_id,
        found.device_id,
        found.received_at,
        fresh,
        max(0.0, round(ahead, 3)),
        found.synthetic,
    )
    return told, located


def alarmed(found: Readings, row: DeviceRow) -> Alarms | None:
    """Return what a terminal's log should know of its cash machine; the row learns.

    Nothing where no reading is news, of phones, and of a machine without a terminal.
    """
    if found.kind != "atm" or found.terminal_id is None:
        return None
    if row.rest is None:
        row.rest = Rest()
    news = alarms(found.readings, row.rest)
    if not news:
        return None
    return Alarms(found.terminal_id, found.device_id, news, found.synthetic)

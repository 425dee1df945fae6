"""Merchants: what terminals tell of them to all partitions, as a batch goes by."""

from typing import Any

import msgspec

from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.events.labels import Label
from app.events.payments import Payment
from app.features import telling
from app.features.clock import DAY, microseconds
from app.features.merchants import MerchantRow
from app.topics import TERMINAL_ACTIVITY

encode = msgspec.json.Encoder().encode


def profile(
    payment: Payment, record: Record, rows: Partition[Any], out: Outbox
) -> list[float | None]:
    """Return a merchant's features for a payment that names one, then count it."""
    logged = 1_000 * record.timestamp  # microseconds; nothing is of later
    day = min(microseconds(payment.occurred_at), logged) // DAY
    turn(rows, day, record, out)
    row: MerchantRow = rows.touch(telling.key_of(payment.merchant_id or ""))
    row.pay(day)
    return row.profile(day, payment.terminal_id)


def turn(rows: Partition[Any], day: int, record: Record, out: Outbox) -> None:
    """Begin a day, the first time, and tell all partitions what was before it."""
    if told := telling.turn(rows, day):
        out.broadcast(TERMINAL_ACTIVITY.name, encode(told), record)


def tell(label: Label, merchant: int, record: Record, out: Outbox) -> None:
    """Tell all partitions of a merchant's label, if it is known whose it is."""
    if merchant:
        told = telling.label_of(merchant, label)
        out.broadcast(TERMINAL_ACTIVITY.name, encode(told), record)

"""Capture: raw records in, validated and tokenised records out; no state."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from app.app_events import captured_app_event
from app.capture import captured, label
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.errors import BadRecord
from app.events.app_events import AppEvent
from app.events.labels import Label
from app.events.payments import Payment
from app.main import app, counters, settings
from app.token_keys import tokens_of
from app.topics import APP_EVENTS, CUSTOMER_ACTIVITY, LABELS, TRANSACTIONS

tokens = tokens_of(settings)
encode = msgspec.json.Encoder().encode


@app.agent(app.batches(TRANSACTIONS.name))
async def capture_transactions(batches: Any) -> None:
    """Validate payments and put a token in the place of each card number."""
    async for batch in batches:
        await app.engine.run(batch, capture_payments)


@app.agent(app.batches(LABELS.name))
async def capture_labels(batches: Any) -> None:
    """Validate labels and send them down the log of their customer."""
    async for batch in batches:
        await app.engine.run(batch, pass_labels)


@app.agent(app.batches(APP_EVENTS.name))
async def capture_app_events(batches: Any) -> None:
    """Validate app events and put tokens in the place of internet addresses."""
    async for batch in batches:
        await app.engine.run(batch, capture_events)


def capture_payments(records: Sequence[Record], out: Outbox) -> None:
    """Turn raw payments into captured ones."""
    read = partial(
        captured,
        captured_at=datetime.now(UTC),
        tokens=tokens,
        currency=settings.currency,
    )
    _pass_on(records, out, read)
    counters.captured += len(records) - out.rejected


def pass_labels(records: Sequence[Record], out: Outbox) -> None:
    """Pass on labels that fit."""
    _pass_on(records, out, label)


def capture_events(records: Sequence[Record], out: Outbox) -> None:
    """Turn raw app events into captured ones."""
    read = partial(captured_app_event, captured_at=datetime.now(UTC), tokens=tokens)
    _pass_on(records, out, read)
    counters.app_events += len(records) - out.rejected


def _pass_on(
    records: Sequence[Record],
    out: Outbox,
    read: Callable[..., Payment | Label | AppEvent],
) -> None:
    """Send what records hold down their customers' logs; else it is a dead letter."""
    for record in records:
        received_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            event = read(record.value or b"", received_at=received_at)
        except BadRecord as error:
            out.reject(record, error)
        else:
            key = event.customer_id.encode()
            out.send(CUSTOMER_ACTIVITY.name, key, encode(event), record)
    counters.dead_letters += out.rejected
    if records:
        topic, taken = records[0].topic, len(records)
        counters.quality.captured(topic, taken=taken, refused=out.rejected)

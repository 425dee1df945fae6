"""Capture: raw records in, validated and tokenised records out; no state."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.app_events import captured_app_event
from app.capture import captured, label
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.errors import BadRecord
from app.main import app, counters, settings
from app.privacy.tokens import Tokens
from app.settings import secret
from app.topics import APP_EVENTS, CUSTOMER_ACTIVITY, LABELS, TRANSACTIONS

tokens = Tokens(secret(settings.token_key, "token_key"), key_id=settings.token_key_id)
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
    """Turn raw payments into captured ones; what does not fit is a dead letter."""
    now = datetime.now(UTC)
    for record in records:
        try:
            payment = captured(
                record.value or b"",
                received_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
                captured_at=now,
                tokens=tokens,
                currency=settings.currency,
            )
        except BadRecord as error:
            out.reject(record, error)
        else:
            key = payment.customer_id.encode()
            out.send(CUSTOMER_ACTIVITY.name, key, encode(payment), record)
    counters.captured += len(records) - out.rejected
    counters.dead_letters += out.rejected


def pass_labels(records: Sequence[Record], out: Outbox) -> None:
    """Pass on labels that fit; what does not is a dead letter."""
    for record in records:
        try:
            found = label(
                record.value or b"",
                received_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            )
        except BadRecord as error:
            out.reject(record, error)
        else:
            key = found.customer_id.encode()
            out.send(CUSTOMER_ACTIVITY.name, key, encode(found), record)
    counters.dead_letters += out.rejected


def capture_events(records: Sequence[Record], out: Outbox) -> None:
    """Turn raw app events into captured ones; what does not fit is a dead letter."""
    now = datetime.now(UTC)
    for record in records:
        try:
            event = captured_app_event(
                record.value or b"",
                received_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
                captured_at=now,
                tokens=tokens,
            )
        except BadRecord as error:
            out.reject(record, error)
        else:
            key = event.customer_id.encode()
            out.send(CUSTOMER_ACTIVITY.name, key, encode(event), record)
    counters.app_events += len(records) - out.rejected
    counters.dead_letters += out.rejected

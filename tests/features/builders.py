"""Builders with valid defaults: payments and labels of a customer at a terminal."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.events.app_events import AppEvent
from app.events.labels import Label
from app.events.payments import Payment

START = datetime(2026, 3, 2, tzinfo=UTC)


def paid(day: float, amount: int = 1_000, *, name: str = "") -> Payment:
    """Build a payment so many days after the start, amount in cents."""
    at = START + timedelta(days=day)
    return Payment(
        id=name or f"tx-{day}",
        occurred_at=at,
        customer_id="c-1",
        terminal_id="t-1",
        amount=amount,
        currency="EUR",
        received_at=at,
        captured_at=at,
    )


def labelled(payment: Payment, *, fraud: bool = True) -> Label:
    """Build the label of a payment."""
    return Label(
        transaction_id=payment.id,
        customer_id=payment.customer_id,
        terminal_id=payment.terminal_id,
        occurred_at=payment.occurred_at,
        labelled_at=payment.occurred_at + timedelta(days=7),
        fraud=fraud,
    )


def used(minute: float, kind: str = "action", **fields: Any) -> AppEvent:
    """Build an app event so many minutes after the start, on the usual phone."""
    at = START + timedelta(minutes=minute)
    usual: dict[str, Any] = {
        "id": f"{kind}-{minute}",
        "occurred_at": at,
        "customer_id": "c-1",
        "received_at": at,
        "captured_at": at,
        "kind": kind,
        "action": "/ACCOUNTS/STATEMENTS" if kind == "action" else None,
        "device_id": "phone-1",
        "country": "DE",
        "asn": 64512,
    }
    return AppEvent(**(usual | fields))

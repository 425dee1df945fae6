"""Builders of what several customers do together."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.events.app_events import Address, AppEvent
from app.events.groups import Behaviour
from app.events.labels import Label
from app.events.payments import Payment, Place
from app.sketches.behaviour import BehaviourRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def paid(customer: str, minute: float = 0, **fields: Any) -> Payment:
    """Build a payment online, so many minutes after noon."""
    at = NOON + timedelta(minutes=minute)
    usual: dict[str, Any] = {
        "id": f"{customer}-{minute}",
        "occurred_at": at,
        "customer_id": customer,
        "terminal_id": "T1",
        "amount": 10_000,
        "currency": "EUR",
        "received_at": at,
        "captured_at": at,
        "channel": "online",
    }
    return Payment(**(usual | fields))


def sent(customer: str, to: str, minute: float = 0, amount: int = 10_000) -> Payment:
    """Build a transfer."""
    return paid(
        customer, minute, beneficiary_id=to, amount=amount, channel="transfer"
    )


def shopped(customer: str, minute: float = 0) -> Payment:
    """Build a payment in person."""
    return paid(customer, minute, channel="pos", place=Place(52.52, 13.405))


def called(customer: str, action: str, minute: float = 0, **fields: Any) -> AppEvent:
    """Build a call of the app."""
    at = NOON + timedelta(minutes=minute)
    usual: dict[str, Any] = {
        "id": f"{customer}-{action}-{minute}",
        "occurred_at": at,
        "customer_id": customer,
        "received_at": at,
        "captured_at": at,
        "action": action,
        "address": Address("a1", "n1"),
    }
    return AppEvent(**(usual | fields))


def marked(payment: Payment, *, fraud: bool = True) -> Label:
    """Build the label of a payment, as known at once."""
    return Label(
        transaction_id=payment.id,
        customer_id=payment.customer_id,
        terminal_id=payment.terminal_id,
        occurred_at=payment.occurred_at,
        labelled_at=payment.occurred_at,
        fraud=fraud,
    )


def told(*events: Payment | AppEvent | Label) -> list[Behaviour]:
    """Return what customers' rows tell of events."""
    rows: dict[str, BehaviourRow] = {}
    found = [rows.setdefault(e.customer_id, BehaviourRow()).learn(e) for e in events]
    return [one for one in found if one]

"""Builders with valid defaults: payments of a customer as decided."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.events.decisions import Hit, Outcome
from app.events.payments import Payment
from app.profiles.past import Paid

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


def paid(
    day: float, amount: int = 1_000, *, outcome: Outcome = "approve", **fields: Any
) -> Paid:
    """Build a payment so many days after a Monday, 10 o'clock, amount in cents."""
    at = MONDAY + timedelta(days=day)
    usual: dict[str, Any] = {
        "id": f"tx-{day}",
        "occurred_at": at,
        "customer_id": "c-1",
        "terminal_id": "t-1",
        "amount": amount,
        "currency": "EUR",
        "received_at": at,
        "captured_at": at,
    }
    payment = Payment(**(usual | fields))
    hits = []
    if outcome != "approve":
        hits = [Hit("large-amount", 9.0, 1.0, "9, the limit is 1", 50.0, "score")]
    score = {"approve": 3.0, "review": 50.0, "decline": 90.0}[outcome]
    return Paid(payment.id, outcome, score, payment, hits)


def newest_first(*payments: Paid) -> list[Paid]:
    """Sort payments as they are looked at."""
    return sorted(payments, key=lambda one: one.at, reverse=True)

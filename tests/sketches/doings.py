"""Builders of what several customers do together."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from app.events.app_events import Address, AppEvent
from app.events.groups import Behaviour
from app.events.labels import Label
from app.events.payments import Payment, Place
from app.sketches.behaviour import BehaviourRow

DAY = 24 * 60  # minutes
SCRIPT = ("/CARDS/CREATE", "/CARDS/LOAD", "/CARDS/VALIDATE")
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
    return paid(customer, minute, beneficiary_id=to, amount=amount, channel="transfer")


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


def farm(bots: int, minute: float = 0) -> list[Payment | AppEvent]:
    """Build what a farm does: a script, and twice the same small payment."""
    events: list[Payment | AppEvent] = []
    for bot in range(bots):
        at = minute + bot / 10
        calls = [called(f"bot-{bot}", action, at) for action in SCRIPT]
        events += [*calls, paid(f"bot-{bot}", at + 0.5), paid(f"bot-{bot}", at + 60)]
    return sorted(events, key=lambda one: one.occurred_at)


def cycle(members: int, minute: float = 0) -> list[Payment]:
    """Build money that goes round."""
    return [
        sent(f"k-{n}", f"k-{(n + 1) % members}", minute + 30 * n, 100_000 - 2_000 * n)
        for n in range(members)
    ]


def ring(minute: float = 0) -> list[Payment]:
    """Build two mules that are paid by two each, and pay the same account."""
    return [
        *(sent(f"p-{n}", f"m-{n // 2}", minute + n, 50_000) for n in range(4)),
        *(sent(f"m-{n}", "A1", minute + 60 + n, 95_000) for n in range(2)),
    ]


def honest(chance: Random, minutes: Iterable[int]) -> list[Payment | AppEvent]:
    """Build what customers do who have nothing to do with each other."""
    events: list[Payment | AppEvent] = []
    for minute in minutes:
        customer = f"h-{chance.randrange(60)}"
        at = minute + chance.random()
        drawn = chance.random()
        if drawn < 0.3:
            events.append(paid(customer, at, terminal_id=f"T{chance.randrange(40)}"))
        elif drawn < 0.4:
            to = f"h-{chance.randrange(60)}" if drawn < 0.35 else f"A{minute}"
            events.append(sent(customer, to, at, chance.randrange(1_000, 90_000)))
        elif drawn < 0.7:
            events.append(shopped(customer, at))
        else:
            action = f"/{chance.choice('ABC')}"
            events.append(called(customer, action, at))
    return events


def a_story(seed: int) -> list[Payment | AppEvent]:
    """Build three days: honest customers, and gangs among them."""
    chance = Random(seed)  # noqa: S311 - no secret is made
    events = honest(chance, range(0, 3 * DAY, 7))
    events += farm(5, 400) + cycle(4, 900) + ring(2_000) + farm(6, 3_000)
    return sorted(events, key=lambda one: one.occurred_at)

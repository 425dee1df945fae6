"""A small bank, and a bigger one where every scenario happens."""

from datetime import timedelta

import msgspec
import pytest

from app.events.labels import Label
from app.events.payments import Transaction
from app.features.clock import DAY
from app.simulate.bank import START, Bank
from app.simulate.payments import Order, midnight
from app.sources.chunks import Chunk

Paid = list[tuple[Transaction, Label | None]]

_transaction = msgspec.json.Decoder(Transaction).decode
_label = msgspec.json.Decoder(Label).decode


def until(days: int) -> int:
    """Return the event time so many days after the start."""
    return midnight(START + timedelta(days=days))


def payments_of(chunks: list[Chunk]) -> Paid:
    """Return the payments of chunks, each with its label."""
    labels = {
        label.transaction_id: _label(label.value)
        for chunk in chunks
        for label in chunk.labels
    }
    return [
        (_transaction(value), labels.get(identity))
        for chunk in chunks
        for identity, value in zip(chunk.ids, chunk.values, strict=True)
    ]


@pytest.fixture(scope="session")
def chunks() -> list[Chunk]:
    """Ten days of a bank of 200 customers, as they go to Kafka."""
    return list(Bank(customers=200).chunks(until=until(10)))


@pytest.fixture(scope="session")
def busy() -> Paid:
    """Thirty days of a bank of 2,000 customers."""
    return payments_of(list(Bank(customers=2_000).chunks(until=until(30))))


@pytest.fixture(scope="session")
def honest() -> list[Order]:
    """Fifty days of a bank of 300 customers and no fraud, as orders."""
    orders = Bank(customers=300, fraud=False).orders()
    end = midnight(START) + 50 * DAY
    found = []
    for order in orders:
        if order.at >= end:
            break
        found.append(order)
    return found

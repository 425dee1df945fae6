"""The Handbook's 15 features, and a card's frauds, against a batch computation."""

from datetime import UTC
from pathlib import Path

import pytest

from app.events.labels import Label
from app.events.payments import Card, Payment
from app.features.catalogue import NAMES, vector
from app.features.clock import DAY, microseconds
from app.features.customers import CustomerRow
from app.features.terminals import TerminalRow
from tests.handbook import batch_features, card_frauds, payments


@pytest.mark.slow
def test_all_these_features_equal_the_batch_computation_on_every_row(
    handbook: Path,
) -> None:
    frame = payments(handbook, days=45)
    customers_cards = frame["CUSTOMER_ID"].astype(str) + "-"
    frame["CARD_ID"] = customers_cards + (frame["TRANSACTION_ID"] % 2).astype(str)
    expected = batch_features(frame).join(card_frauds(frame))
    customers: dict[int, CustomerRow] = {}
    terminals: dict[int, TerminalRow] = {}
    waiting: list[Label] = []
    worst = dict.fromkeys(expected.columns, 0.0)

    both = frame.itertuples(index=False), expected.itertuples(index=False)
    for row, truth in zip(*both, strict=True):
        when = row.TX_DATETIME.to_pydatetime().replace(tzinfo=UTC)
        payment = Payment(
            id=str(row.TRANSACTION_ID),
            occurred_at=when,
            customer_id=str(row.CUSTOMER_ID),
            terminal_id=str(row.TERMINAL_ID),
            amount=round(row.TX_AMOUNT * 100),
            currency="EUR",
            card=Card(row.CARD_ID, "0000"),
            received_at=when,
            captured_at=when,
        )
        due = microseconds(when) - 6 * DAY
        while waiting and microseconds(waiting[0].occurred_at) <= due:
            label = waiting.pop(0)
            customers[int(label.customer_id)].label(label)
            terminals[int(label.terminal_id)].label(label)
        features = vector(
            customers.setdefault(row.CUSTOMER_ID, CustomerRow()).profile(payment),
            terminals.setdefault(row.TERMINAL_ID, TerminalRow()).profile(payment),
        )
        if row.TX_FRAUD:
            waiting.append(
                Label(
                    transaction_id=payment.id,
                    customer_id=payment.customer_id,
                    terminal_id=payment.terminal_id,
                    occurred_at=when,
                    labelled_at=when,
                    fraud=True,
                )
            )
        for name, true in zip(expected.columns, truth, strict=True):
            worst[name] = max(worst[name], abs((features[name] or 0.0) - true))

    assert len(frame) > 400_000
    assert set(worst) <= set(NAMES)
    assert len(worst) == 16
    assert max(worst.values()) < 1e-9

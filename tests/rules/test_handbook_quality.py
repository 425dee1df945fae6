"""What the shipped ruleset finds in the Handbook's public data (docs/rules.md)."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from app.events.labels import Label
from app.events.payments import Payment
from app.features.catalogue import READABLE, UNKNOWN_MERCHANT
from app.features.customers import CustomerRow
from app.features.terminals import TerminalRow
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import default_ruleset
from app.scoring.decide import decide
from tests.handbook import payments

DAYS = 14
WARM = 38  # the longest window of a terminal and its delay
DELAY = timedelta(days=7)
Profiled = tuple[Payment, list[float | None], bool]


def profiled(path: Path) -> Iterator[Profiled]:
    """Replay the data through the features, each label a week after its payment."""
    customers: dict[str, CustomerRow] = {}
    terminals: dict[str, TerminalRow] = {}
    waiting: deque[Label] = deque()
    for row in payments(path, days=WARM + DAYS).itertuples(index=False):
        when = row.TX_DATETIME.to_pydatetime().replace(tzinfo=UTC)
        payment = Payment(
            id=str(row.TRANSACTION_ID),
            occurred_at=when,
            customer_id=str(row.CUSTOMER_ID),
            terminal_id=str(row.TERMINAL_ID),
            amount=round(row.TX_AMOUNT * 100),
            currency="EUR",
            received_at=when,
            captured_at=when,
        )
        while waiting and waiting[0].labelled_at <= when:
            label = waiting.popleft()
            terminals[label.terminal_id].label(label)
        customer = customers.setdefault(payment.customer_id, CustomerRow())
        terminal = terminals.setdefault(payment.terminal_id, TerminalRow())
        fraud = bool(row.TX_FRAUD)
        said = customer.profile(payment) + terminal.profile(payment)
        yield payment, said + UNKNOWN_MERCHANT, fraud
        if fraud:
            waiting.append(
                Label(
                    transaction_id=payment.id,
                    customer_id=payment.customer_id,
                    terminal_id=payment.terminal_id,
                    occurred_at=when,
                    labelled_at=when + DELAY,
                    fraud=True,
                )
            )


@pytest.mark.slow
def test_few_payments_are_declined_and_nearly_all_of_them_are_fraud(
    handbook: Path,
) -> None:
    replayed = list(profiled(handbook))
    start = replayed[-1][0].occurred_at - timedelta(days=DAYS)
    judged = [each for each in replayed if each[0].occurred_at > start]
    rules = compile_ruleset(default_ruleset(), READABLE)

    evaluations = decide(
        [[*v, None] for _, v, _ in judged], [p for p, _, _ in judged], rules=rules
    )

    told = list(zip(evaluations, (fraud for *_, fraud in judged), strict=True))
    declined = [fraud for evaluation, fraud in told if evaluation.outcome == "decline"]
    flagged = [fraud for evaluation, fraud in told if evaluation.outcome != "approve"]
    assert len(declined) < 0.01 * len(told)
    assert sum(declined) > 0.95 * len(declined) > 0
    assert len(flagged) < 0.015 * len(told)
    assert sum(flagged) > 0.6 * len(flagged)
    assert sum(flagged) > 0.5 * sum(fraud for _, fraud in told)

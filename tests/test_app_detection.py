"""What app events add to detection, on the made-up bank."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache

import msgspec

from app.app_events import captured_app_event
from app.capture import captured
from app.events.payments import Payment
from app.features.catalogue import NAMES, TERMINAL_FEATURES
from app.features.customers import CustomerRow
from app.privacy.tokens import Tokens
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import default_ruleset
from app.scoring.decide import decide
from app.simulate.bank import Bank
from app.sources.chunks import Chunk
from tests.simulate.conftest import until

TOKENS = Tokens(b"k" * 32, key_id="k1")
NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAYS, WARM = 18, 8


def profiled(
    chunk: Chunk, rows: defaultdict[str, CustomerRow]
) -> tuple[list[list[float | None]], list[Payment]]:
    """Return vectors and payments of a chunk, its app events learnt before them."""
    events = iter(chunk.app_events)
    event = next(events, None)
    vectors, payments = [], []
    for value, at in zip(chunk.values, chunk.times, strict=True):
        while event and event.due <= at:
            one = captured_app_event(
                event.value, received_at=NOW, captured_at=NOW, tokens=TOKENS
            )
            rows[one.customer_id].use(one)
            event = next(events, None)
        payment = captured(
            value, received_at=NOW, captured_at=NOW, tokens=TOKENS, currency="EUR"
        )
        features = rows[payment.customer_id].profile(payment)
        vectors.append(features + [None] * len(TERMINAL_FEATURES))
        payments.append(payment)
    return vectors, payments


@cache
def flagged(*, app: bool) -> dict[str, float]:
    """Return the share reviewed or declined, by scenario."""
    rules = compile_ruleset(default_ruleset(), NAMES)
    rows: defaultdict[str, CustomerRow] = defaultdict(CustomerRow)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    bank = Bank(customers=2_000, app=app)
    for chunk in bank.chunks(until=until(DAYS)):
        vectors, payments = profiled(chunk, rows)
        if chunk.times[0] < until(WARM):
            continue
        told = {
            label.transaction_id: msgspec.json.decode(label.value)["scenario"]
            for label in chunk.labels
        }
        for payment, made in zip(
            payments, decide(vectors, payments, rules=rules), strict=True
        ):
            found[told.get(payment.id, "honest")][made.outcome] += 1
    return {
        scenario: 1 - outcomes["approve"] / outcomes.total()
        for scenario, outcomes in found.items()
    }


def test_stolen_passwords_and_scripts_are_found_by_what_they_do_in_the_app():
    with_app, without = flagged(app=True), flagged(app=False)

    assert with_app["credential-stuffing"] > without["credential-stuffing"] + 0.25
    assert with_app["bot-farm"] > without["bot-farm"] + 0.9
    assert with_app["account-takeover"] >= without["account-takeover"]


def test_honest_customers_are_bothered_no_more_than_before():
    assert flagged(app=True)["honest"] < flagged(app=False)["honest"] + 0.001

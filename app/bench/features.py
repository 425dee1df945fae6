"""Features: what a payment's features and declared aggregates cost, in one process."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from app.bench.figures import Figure
from app.bench.house import KEY
from app.capture import captured
from app.events.aggregates import Aggregate, Entity, Function
from app.events.payments import Payment
from app.features.aggregates import Memory, profile
from app.features.catalogue import (
    CUSTOMER_FEATURES,
    FRAUDS_ELSEWHERE,
    MERCHANT_FEATURES,
    TERMINAL_FEATURES,
    USUAL_RATIO,
)
from app.features.clock import DAY, microseconds
from app.features.customers import CustomerRow
from app.features.merchants import MerchantRow
from app.features.telling import key_of
from app.features.terminals import TerminalRow
from app.privacy.tokens import Tokens
from app.rules.aggregates import counts, make_ready
from app.sources.chunks import Chunk

BATCH = 500
ONLINE = "channel = 'online'"


def _one(
    name: str, entity: Entity, function: Function, window: str, **rest: str
) -> Aggregate:
    field, condition = rest.get("field"), rest.get("condition")
    return Aggregate(
        name=name,
        entity=entity,
        aggregate=function,
        window=window,
        field=field,
        condition=condition,
    )


AGGREGATES = [
    _one("count-1h", "customer", "count", "1h"),
    _one("count-1h-where", "customer", "count", "1h", condition=ONLINE),
    _one("card-count-1h-where", "card", "count", "1h", condition=ONLINE),
    _one("sum-30d", "customer", "sum", "30d", field="amount"),
    _one("stddev-30d", "customer", "stddev", "30d", field="amount"),
    _one("distinct-30d", "customer", "distinct", "30d", field="terminal_id"),
    _one("terminal-distinct-7d", "terminal", "distinct", "7d", field="customer_id"),
]
"""Each is measured alone, and all of them together."""


def measure(chunks: Iterable[Chunk], *, currency: str) -> Iterator[Figure]:
    """Measure rows that learn all payments, then aggregates on the same."""
    payments = list(_payments(chunks, currency))
    told: list[list[float | None]] = []
    customers: dict[str, CustomerRow] = {}
    terminals: dict[str, TerminalRow] = {}
    merchants: dict[bytes, MerchantRow] = {}

    def customer(payment: Payment) -> None:
        row = customers.setdefault(payment.customer_id, CustomerRow())
        told.append(row.profile(payment))

    def terminal(payment: Payment) -> None:
        row = terminals.setdefault(payment.terminal_id, TerminalRow())
        profile = told[len(seen)]
        row.profile(payment, profile[USUAL_RATIO], elsewhere=profile[FRAUDS_ELSEWHERE])
        seen.append(payment.id)

    def merchant(payment: Payment) -> None:
        if payment.merchant_id is not None:
            key = key_of(payment.merchant_id)
            row = merchants.get(key) or merchants.setdefault(key, MerchantRow())
            day = microseconds(payment.occurred_at) // DAY
            row.pay(day)
            row.profile(day, payment.terminal_id)

    seen: list[str] = []
    yield _figure("features-customer", payments, customer, len(CUSTOMER_FEATURES))
    yield _figure("features-terminal", payments, terminal, len(TERMINAL_FEATURES))
    yield _figure("features-merchant", payments, merchant, len(MERCHANT_FEATURES))
    for some in (*([one] for one in AGGREGATES), AGGREGATES):
        yield _aggregated(payments, some)


def _figure(
    name: str, payments: list[Payment], learn: Callable[[Payment], None], count: int
) -> Figure:
    started = time.thread_time()
    for payment in payments:
        learn(payment)
    each = (time.thread_time() - started) / len(payments) * 1e6
    parts: dict[str, float | str] = {"features": count, "us/feature": each / count}
    return Figure(name, each, "us/payment", at_least=False, parts=parts)


def _aggregated(payments: list[Payment], aggregates: list[Aggregate]) -> Figure:
    """Measure what the stages do for aggregates: conditions by batches, then rows."""
    plan = make_ready(tuple(aggregates))
    rows: dict[tuple[bool, str], Memory] = {}
    started = time.thread_time()
    for start in range(0, len(payments), BATCH):
        batch = payments[start : start + BATCH]
        for slots, mine in ((plan.customer, True), (plan.terminal, False)):
            if not slots:
                continue
            for payment, hits in zip(batch, counts(batch, slots, plan), strict=True):
                name = payment.customer_id if mine else payment.terminal_id
                profile(rows.setdefault((mine, name), {}), payment, slots, hits)
    each = (time.thread_time() - started) / len(payments) * 1e6
    kept = sum(len(one.times) for row in rows.values() for one in row.values())
    name = aggregates[0].name if len(aggregates) == 1 else "all"
    parts: dict[str, float | str] = {
        "aggregates": len(aggregates),
        "kept_a_row": kept / max(len(rows), 1),
    }
    return Figure(f"aggregate-{name}", each, "us/payment", at_least=False, parts=parts)


def _payments(chunks: Iterable[Chunk], currency: str) -> Iterator[Payment]:
    now = datetime.now(UTC)
    tokens = Tokens(bytes.fromhex(KEY), key_id="bench")
    for chunk in chunks:
        for value in chunk.values:
            yield captured(
                value,
                received_at=now,
                captured_at=now,
                tokens=tokens,
                currency=currency,
            )

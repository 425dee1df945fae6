"""Terminals: what a terminal's past says of each payment, then the decision."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from agents.aggregating import Watch, feed_back
from agents.merchants import profile, tell, turn
from agents.reading import decode_all
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.errors import BadRecord
from app.events.activities import TerminalActivity
from app.events.aggregates import Declared, Ready, Remembered
from app.events.currencies import MINOR_PER_MAJOR
from app.events.labels import Label
from app.events.merchants import MerchantLabel, MerchantsPaid
from app.events.payments import Payment, ProfiledPayment
from app.events.readings import Alarms
from app.features import catalogue
from app.features.catalogue import FRAUDS_ELSEWHERE, UNKNOWN_MERCHANT, USUAL_RATIO
from app.features.telling import learn_label, learn_paid
from app.features.terminals import TerminalRow
from app.main import app, counters, lists, models, rules, waiters
from app.rules.aggregates import Plan
from app.scoring.assemble import decisions, score
from app.topics import DECISIONS, LABELS_APPLIED, TERMINAL_ACTIVITY
from tables.terminals import terminals as table

PROFILED = len(catalogue.PROFILE)

decode = msgspec.json.Decoder(TerminalActivity).decode
encode = msgspec.json.Encoder().encode


@app.agent(app.batches(TERMINAL_ACTIVITY.name))
async def terminals(batches: Any) -> None:
    """Add what terminal's and merchant's past say to each payment, and decide."""
    async for batch in batches:
        await app.engine.run_on(batch, table, decide)


def decide(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[Any]]
) -> None:
    """Decide payments; learn labels and pass on that they have been applied."""
    origins: list[Record] = []
    payments: list[ProfiledPayment] = []
    vectors: list[list[float | None]] = []
    plans: list[Plan | None] = []
    events = decode_all(records, decode)
    watch = Watch(rows, "terminal", lambda: list(map(payment_of, events)))
    for place, (record, event) in enumerate(zip(records, events, strict=True)):
        if not isinstance(event, ProfiledPayment):
            learn(event, record, out, rows[record.partition], watch)
            continue
        if len(event.features) != PROFILED:
            expected = f"{PROFILED}, the customer's part of the catalogue"
            wrong = BadRecord("features", f"{len(event.features)} numbers", expected)
            out.reject(record, wrong)
            continue
        partition = rows[record.partition]
        row: TerminalRow = partition.touch(event.payment.terminal_id.encode())
        origins.append(record)
        payments.append(event)
        if watch:
            told = watch.profile(place, record.partition, row, event.payment)
            event.aggregates.update(told)
            plans.append(watch.plan(record.partition))
        said = row.profile(
            event.payment,
            event.features[USUAL_RATIO],
            elsewhere=event.features[FRAUDS_ELSEWHERE],
        )
        if event.payment.merchant_id is None:
            said += UNKNOWN_MERCHANT
        else:
            said += profile(event.payment, record, partition, out)
        vectors.append(event.features + said)
    present = rules.present
    scores = score(payments, vectors, rules=present.rules, scorers=models.present)
    made = decisions(
        payments,
        vectors,
        profiled_at=[datetime.fromtimestamp(r.timestamp / 1000, UTC) for r in origins],
        rules=present.rules,
        versions=present.versions,
        scores=scores,
        lists=lists.present,
    )
    for record, decision in zip(origins, made, strict=True):
        key = decision.payment.customer_id.encode()
        out.send(DECISIONS.name, key, encode(decision), record)
    if plans:
        feed_back(origins, made, plans, out)
    if waiters:
        waiters.tell(made, published=app.engine.publisher.sent())
    counters.decided_batch(
        made,
        [out.now - round(d.timings.received_at.timestamp() * 1000) for d in made],
    )
    counters.dead_letters += out.rejected
    counters.drift.learn(scores, [one.payment.occurred_at for one in payments])


def learn(
    event: TerminalActivity | Exception,
    record: Record,
    out: Outbox,
    rows: Partition[Any],
    watch: Watch,
) -> None:
    """Learn what is no payment; a label is counted the first time, and passed on."""
    if isinstance(event, Exception):
        out.reject(record, event)
    elif isinstance(event, Declared | Remembered | Ready):
        watch.learn(event, record.partition)
    elif isinstance(event, Alarms):
        rows.touch(event.terminal_id.encode()).alarm(event)
    elif isinstance(event, MerchantsPaid):
        turn(rows, event.day, record, out)
        learn_paid(rows, event)
    elif isinstance(event, MerchantLabel):
        learn_label(rows, event)
    elif isinstance(event, Label):
        row: TerminalRow = rows.touch(event.terminal_id.encode())
        if row.label(event):
            counters.labels += 1
            counters.drift.frauds += event.fraud
            tell(event, row.merchant_of(event), record, out)
        key = event.customer_id.encode()
        out.send(LABELS_APPLIED.name, key, encode(event), record)


def payment_of(event: TerminalActivity | Exception) -> Payment | None:
    """Return the payment that is profiled here, if it can be counted."""
    if isinstance(event, ProfiledPayment) and event.payment.currency in MINOR_PER_MAJOR:
        return event.payment
    return None

"""Past: archived decisions as payments again, for what is to be counted of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from app.events.aggregates import Aggregate, Event, Remembered
from app.events.payments import Card, Payment
from app.features.aggregates import FACTS, LATE, Owner, window
from app.features.clock import microseconds
from app.parquet import files
from app.privacy.personal import ToOpen
from app.rules.aggregates import counts, counts_decided, make_ready
from app.scoring.aggregated import Past

MOST = 500
"""Payments in one record, at most."""
COLUMNS = (
    "id",
    "occurred_at",
    "amount_minor",
    "outcome",
    "score",
    *FACTS,
)
"""What is read of a decision, to make its payment again."""
_NOWHEN = datetime(1970, 1, 1, tzinfo=UTC)

Found = tuple[Owner, Remembered]


def horizon(aggregates: Iterable[Aggregate]) -> timedelta:
    """Return how far back aggregates look, late payments included."""
    longest = max(map(window, aggregates), default=0)
    return timedelta(microseconds=longest + LATE)


def remembered(
    root: Path,
    aggregates: Sequence[Aggregate],
    *,
    to_open: ToOpen,
    erased: Mapping[str, datetime],
) -> Iterator[tuple[int, list[Found]]]:
    """Read what the archive holds of aggregates, a day at a time.

    Of each day the number of payments that count, and what rows are to remember of
    them: records of 500 at most. From the newest day back as far as windows reach.
    `erased` tells when customers were: their rows remember nothing from before.

    Raises:
        SmartbankError: the archive cannot be read.
    """
    newest = files.newest_day(root)
    if newest is None:
        return
    since = newest - horizon(aggregates)
    plan = make_ready(tuple(aggregates))
    for frame in files.decisions(root, COLUMNS, since=since, to_open=to_open):
        payments = payments_of(frame)
        before = counts(payments, [*plan.customer, *plan.terminal], plan)
        after = counts_decided(
            payments,
            plan,
            outcomes=frame["outcome"].to_list(),
            scores=frame["score"].to_list(),
        )
        rows: dict[tuple[Owner, str], dict[str, list[Event]]] = {}
        count = 0
        for payment, *hits in zip(payments, before, after, strict=True):
            when = payment.occurred_at
            gone = when < erased.get(payment.customer_id, _NOWHEN)
            slots = plan.terminal if gone else (*plan.customer, *plan.terminal)
            wanted = {slot for some in hits for slot in some}
            count += any(one.slot in wanted for one in slots)
            at = microseconds(when)
            for one in slots:
                if one.slot in wanted and (event := one.event(payment, at)):
                    key = _row(one.owner, payment)
                    rows.setdefault(key, {}).setdefault(one.slot, []).append(event)
        yield count, list(_records(rows))


def _row(owner: Owner, payment: Payment) -> tuple[Owner, str]:
    if owner == "terminal":
        return owner, payment.terminal_id
    return owner, payment.customer_id


def _records(
    rows: dict[tuple[Owner, str], dict[str, list[Event]]],
) -> Iterator[Found]:
    for (owner, identity), slots in rows.items():
        for slot, events in slots.items():
            for start in range(0, len(events), MOST):
                part = {slot: events[start : start + MOST]}
                yield owner, Remembered(identity, part)


def aggregated(
    root: Path,
    columns: Sequence[str],
    *,
    features: Iterable[str],
    aggregates: Sequence[Aggregate],
    since: datetime | None,
    until: datetime | None,
    to_open: ToOpen,
) -> Iterator[pl.DataFrame]:
    """Read a period's decisions as `files.decisions` does, with aggregates as columns.

    They are computed from the archive, whether they were declared at the time or
    not, and whatever they said then.

    Raises:
        SmartbankError: the archive cannot be read.
    """
    names = [one.name for one in aggregates]
    wanted = dict.fromkeys((*columns, *COLUMNS)) if aggregates else columns
    plain = [name for name in features if name not in names]
    first = since - horizon(aggregates) if since and aggregates else since
    past = Past(aggregates)
    for frame in files.decisions(
        root,
        tuple(wanted),
        features=plain,
        since=first,
        until=until,
        to_open=to_open,
    ):
        if not aggregates:
            yield frame
            continue
        ordered = frame.sort("occurred_at", maintain_order=True)
        told = past.told(
            payments_of(ordered),
            outcomes=ordered["outcome"].to_list(),
            scores=ordered["score"].to_list(),
        )
        found = ordered.with_columns(
            pl.Series(name, [one[name] for one in told], pl.Float64) for name in names
        )
        yield found.filter(pl.col("occurred_at") >= since) if since else found


def payments_of(frame: pl.DataFrame) -> list[Payment]:
    """Return the payments of archived decisions, without what aggregates do not read."""  # noqa: E501
    return [_payment(**row) for row in frame.select(COLUMNS).iter_rows(named=True)]


def _payment(
    *, amount_minor: int, card: str | None, outcome: str, score: float, **row: Any
) -> Payment:
    del outcome, score
    return Payment(
        amount=amount_minor,
        card=Card(card, "") if card else None,
        received_at=_NOWHEN,
        captured_at=_NOWHEN,
        **row,
    )

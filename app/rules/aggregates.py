"""Aggregates made ready: checked, and their conditions evaluated by Polars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from app.errors import RuleError
from app.events.aggregates import Aggregate
from app.events.currencies import MINOR_PER_MAJOR
from app.events.payments import Payment
from app.features.aggregates import FACTS, LONGEST, Owner, Watched, watched, window
from app.features.clock import is_night, is_weekend, microseconds
from app.rules.errors import BadRule, expected
from app.rules.expression import Expression, compile_expression
from app.rules.translate import Kind

MOST = 64
"""Aggregates in one ruleset: each costs something on every payment."""
NUMBERS = ("amount", "is_weekend", "is_night")
DECIDED: Mapping[str, Kind] = {"outcome": "text", "score": "number"}
"""What is known of a payment once it is decided."""
FIELDS: Mapping[str, Kind] = {
    **dict.fromkeys(FACTS, "text"),
    **dict.fromkeys(NUMBERS, "number"),
    **DECIDED,
}
"""What a condition may read."""

TAKEN = {*FIELDS, "value", "threshold", "id", "fraud", "listed", "hits", "shadows"} | {
    "occurred_at",
    "decided_at",
    "amount_minor",
    "ruleset",
    "features_version",
    "model",
    "device_type",
    "personal",
    "synthetic",
    "partition",
    "offset",
    "before",
    "after",
}
"""Names that no aggregate may have, beside those of features."""


class BadAggregate(BadRule):
    """An aggregate cannot be used: which, which of its fields, why."""

    def __str__(self) -> str:
        return f"aggregate {self.rule}, {self.field}: {self.why}"


@dataclass(frozen=True)
class Plan:
    """What a set of aggregates asks for: slots by whose rows keep them, conditions.

    `decided` are the slots that take a payment only when its outcome is known.
    """

    customer: tuple[Watched, ...]
    terminal: tuple[Watched, ...]
    decided: tuple[Watched, ...]
    conditions: Mapping[str, Expression]

    def of(self, owner: Owner) -> tuple[Watched, ...]:
        """Return the slots that an owner's rows keep."""
        return self.terminal if owner == "terminal" else self.customer


@lru_cache(maxsize=64)
def make_ready(aggregates: tuple[Aggregate, ...]) -> Plan:
    """Make aggregates ready that were checked when they were declared.

    Raises:
        BadAggregate: one was not.
    """
    conditions = {one.name: _condition(one) for one in aggregates}

    def decided(one: Aggregate) -> bool:
        condition = conditions[one.name]
        return condition is not None and not condition.fields.isdisjoint(DECIDED)

    slots = watched(aggregates, decided=decided)
    return Plan(
        tuple(one for one in slots if one.owner == "customer"),
        tuple(one for one in slots if one.owner == "terminal"),
        tuple(one for one in slots if one.decided),
        {
            one.slot: condition
            for one in slots
            if (condition := conditions[one.readers[0].name]) is not None
        },
    )


def _condition(aggregate: Aggregate) -> Expression | None:
    if aggregate.condition is None:
        return None
    try:
        return compile_expression(aggregate.condition, FIELDS, kind="boolean")
    except RuleError as error:
        raise BadAggregate(aggregate.name, "condition", str(error)) from error


def check(aggregates: Sequence[Aggregate], features: Sequence[str]) -> None:
    """Check aggregates that are to stand beside the features.

    Raises:
        BadAggregate: one of them has a name that is taken, a field or a window that
            does not fit, or a condition outside the language; or they are too many.
    """
    if len(aggregates) > MOST:
        got = f"got {len(aggregates)} aggregates, expected {MOST} at most"
        raise BadAggregate(aggregates[MOST].name, "name", got)
    seen = TAKEN | set(features)
    for one in aggregates:
        if one.name in seen:
            got = f"got {one.name!r}, which is taken, expected a new name"
            raise BadAggregate(one.name, "name", got)
        seen.add(one.name)
        if fault := _field(one):
            raise BadAggregate(one.name, "field", fault)
        if window(one) > LONGEST:
            got = f"got {one.window}, expected {LONGEST // 86_400_000_000}d at most"
            raise BadAggregate(one.name, "window", got)
        _condition(one)


def _field(one: Aggregate) -> str | None:
    """Say what is wrong with an aggregate's field."""
    if one.aggregate == "count":
        if one.field is not None:
            return f"got {one.field!r}, expected none: a count has no field"
    elif one.aggregate == "distinct":
        if one.field not in FACTS:
            return f"got {one.field!r}, {expected(one.field or '', FACTS, of='facts')}"
    elif one.field != "amount":
        return f"got {one.field!r}, expected 'amount' for a {one.aggregate}"
    return None


def counts(
    payments: Sequence[Payment], slots: Sequence[Watched], plan: Plan
) -> list[list[str]]:
    """Say for each payment, before it is decided, for which slots it counts."""
    wanted = [one for one in slots if not one.decided]
    return _hits(_frame(payments, wanted, plan), len(payments), wanted, plan)


def counts_decided(
    payments: Sequence[Payment],
    plan: Plan,
    *,
    outcomes: Sequence[str],
    scores: Sequence[float],
) -> list[list[str]]:
    """Say for each decided payment for which slots it counts that ask for that."""
    frame = _frame(payments, plan.decided, plan, {"outcome": outcomes, "score": scores})
    return _hits(frame, len(payments), plan.decided, plan)


def _frame(
    payments: Sequence[Payment],
    slots: Sequence[Watched],
    plan: Plan,
    decided: Mapping[str, Sequence[Any]] = {},
) -> pl.DataFrame:
    conditions = [plan.conditions[s.slot] for s in slots if s.slot in plan.conditions]
    read = set[str]().union(*(one.fields for one in conditions))
    columns = []
    for name in sorted(read):
        if name in decided:
            values = decided[name]
        elif name in FACTS:
            values = [FACTS[name](payment) for payment in payments]
        else:
            values = [_number(name, payment) for payment in payments]
        dtype = pl.Float64 if FIELDS[name] == "number" else pl.String
        columns.append(pl.Series(name, values, dtype))
    return pl.DataFrame(columns)


def _number(name: str, payment: Payment) -> float:
    if name == "amount":
        return float(payment.amount / MINOR_PER_MAJOR[payment.currency])
    at = microseconds(payment.occurred_at)
    return 1.0 if (is_night(at) if name == "is_night" else is_weekend(at)) else 0.0


def _hits(
    frame: pl.DataFrame, height: int, slots: Sequence[Watched], plan: Plan
) -> list[list[str]]:
    always = [one.slot for one in slots if one.slot not in plan.conditions]
    found = [[*always] for _ in range(height)]
    asked = [
        plan.conditions[one.slot].polars.alias(one.slot)
        for one in slots
        if one.slot in plan.conditions
    ]
    if asked and height:
        for column in frame.select(asked).get_columns():
            for row, hit in enumerate(column.to_list()):
                if hit:
                    found[row].append(column.name)
    return found

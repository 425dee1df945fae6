"""Declaring: aggregates as people state them, and how far each one is."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from app.events.aggregates import Aggregate
from app.misfits import misfit
from app.rules.rulebook import Backfilled, Rulebook, reads
from web.problems import Problem


class AggregateState(Struct, frozen=True):
    """An aggregate, which rules read it, and what made it whole once it is live."""

    aggregate: Aggregate
    state: Literal["backfilling", "live"]
    rules: list[str]
    backfill: Backfilled | None


def states(book: Rulebook) -> list[AggregateState]:
    """Tell of each aggregate how far it is, and which rules read it."""
    ruleset = book.head.ruleset
    return [
        AggregateState(
            aggregate=one,
            state="live" if (backfill := book.backfill(one)) else "backfilling",
            rules=[rule.name for rule in ruleset.rules if reads(rule, one.name)],
            backfill=backfill,
        )
        for one in ruleset.aggregates
    ]


def stated(raw: Any) -> Aggregate:
    """Read an aggregate.

    Raises:
        Problem: 422, a field is missing, unknown or ill-typed.
    """
    try:
        return msgspec.convert(raw, Aggregate)
    except msgspec.ValidationError as error:
        detail = f"aggregate: {misfit(error, Aggregate, raw)}"
        raise Problem(422, detail, kind="invalid-aggregate") from error

"""Decisions put together: payments, their features, and what the rules say."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from app.events.decisions import Decision, Timings, Versions
from app.events.payments import ProfiledPayment
from app.rules.compiled import CompiledRuleset
from app.rules.lists import Lists
from app.scoring.decide import Evaluation, Vector, decide
from app.scoring.listed import listed


def decisions(
    batch: Sequence[ProfiledPayment],
    terminal_features: Sequence[list[float | None]],
    *,
    profiled_at: Sequence[datetime],
    rules: CompiledRuleset,
    versions: Versions,
    lists: Lists | None = None,
) -> list[Decision]:
    """Decide a batch of profiled payments: one decision each, in the same order.

    `terminal_features` are the terminals' part of each vector, which follows the
    customers' part; aggregates, by their names, come last: together they are in the
    order of `rules.features`.
    """
    vectors = [
        profiled.features + terminal
        for profiled, terminal in zip(batch, terminal_features, strict=True)
    ]
    if names := rules.aggregates:
        for vector, profiled in zip(vectors, batch, strict=True):
            vector.extend(map(profiled.aggregates.get, names))
    payments = [profiled.payment for profiled in batch]
    evaluations = decide(vectors, payments, rules=rules)
    if lists:
        evaluations = listed(evaluations, payments, lists=lists)
    return assemble(
        batch,
        vectors,
        evaluations=evaluations,
        profiled_at=profiled_at,
        rules=rules,
        versions=versions,
    )


def assemble(
    batch: Sequence[ProfiledPayment],
    vectors: Sequence[Vector],
    *,
    evaluations: Sequence[Evaluation],
    profiled_at: Sequence[datetime],
    rules: CompiledRuleset,
    versions: Versions,
) -> list[Decision]:
    """Write each evaluation up as the payment's decision."""
    features = _named(rules.features)
    return [
        Decision(
            profiled.payment.id,
            evaluation.outcome,
            evaluation.score,
            evaluation.hits,
            features(*vector),
            versions,
            Timings(profiled.payment.received_at, profiled.payment.captured_at, at),
            profiled.payment,
            evaluation.shadows,
        )
        for profiled, vector, evaluation, at in zip(
            batch, vectors, evaluations, profiled_at, strict=True
        )
    ]


@cache
def _named(names: tuple[str, ...]) -> Callable[..., Any]:
    """Return what names a vector's values: on the wire a dict, and made much faster."""
    return msgspec.defstruct("Features", names, frozen=True, gc=False)

"""Decisions put together: payments, their features, what the model and rules say."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from app.events.decisions import Contribution, Decision, Timings, Versions
from app.events.payments import ProfiledPayment
from app.rules.compiled import CompiledRuleset
from app.rules.lists import Lists
from app.scoring.decide import Evaluation, Vector, decide
from app.scoring.listed import listed
from app.scoring.scorers import NONE, Probabilities, Scorers, Scores


def decisions(
    batch: Sequence[ProfiledPayment],
    vectors: Sequence[Vector],
    *,
    profiled_at: Sequence[datetime],
    rules: CompiledRuleset,
    versions: Versions,
    scores: Scores | None = None,
    lists: Lists | None = None,
) -> list[Decision]:
    """Decide a batch of profiled payments: one decision each, in the same order.

    `vectors` are the catalogue's part of each vector; the live model's probability,
    which `scores` has, and aggregates, by their names, follow: together they are in the
    order of `rules.features`. Without scores there is no model.
    """
    scores = scores or NONE.score(vectors)
    read = whole(batch, vectors, rules=rules, probabilities=scores.live)
    payments = [profiled.payment for profiled in batch]
    evaluations = decide(read, payments, rules=rules)
    if lists:
        evaluations = listed(evaluations, payments, lists=lists)
    return assemble(
        batch,
        read,
        evaluations=evaluations,
        scores=scores,
        profiled_at=profiled_at,
        rules=rules,
        versions=versions,
    )


def score(
    batch: Sequence[ProfiledPayment],
    vectors: Sequence[Vector],
    *,
    rules: CompiledRuleset,
    scorers: Scorers,
) -> Scores:
    """Score a batch: `vectors` are as for `decisions`, and aggregates follow."""
    if not rules.aggregates:
        return scorers.score(vectors)
    read = whole(batch, vectors, rules=rules, probabilities=[None] * len(vectors))
    return scorers.score(read, rules.features)


def whole(
    batch: Sequence[ProfiledPayment],
    vectors: Sequence[Vector],
    *,
    rules: CompiledRuleset,
    probabilities: Probabilities,
) -> list[list[float | None]]:
    """Return vectors in the order of `rules.features`."""
    read = [
        [*vector, probability]
        for vector, probability in zip(vectors, probabilities, strict=True)
    ]
    if names := rules.aggregates:
        for vector, profiled in zip(read, batch, strict=True):
            vector.extend(map(profiled.aggregates.get, names))
    return read


def assemble(
    batch: Sequence[ProfiledPayment],
    vectors: Sequence[Vector],
    *,
    evaluations: Sequence[Evaluation],
    scores: Scores,
    profiled_at: Sequence[datetime],
    rules: CompiledRuleset,
    versions: Versions,
) -> list[Decision]:
    """Write each evaluation up as the payment's decision.

    Raises:
        ValueError: a vector is not as long as `rules.features`.
    """
    features = _named(rules.features)
    if wrong := set(map(len, vectors)) - {len(rules.features)}:
        message = f"got vectors of {max(wrong)} numbers, expected {len(rules.features)}"
        raise ValueError(message)
    versions = scores.by.named(versions)
    told = _contributions(vectors, evaluations, scores.by, names=rules.features)
    return [
        Decision(
            profiled.payment.id,
            evaluation.outcome,
            evaluation.score,
            evaluation.hits,
            features(*vectors[place]),
            versions,
            Timings(profiled.payment.received_at, profiled.payment.captured_at, at),
            profiled.payment,
            evaluation.shadows,
            told.get(place, []),
            scores.shadow[place],
        )
        for place, (profiled, evaluation, at) in enumerate(
            zip(batch, evaluations, profiled_at, strict=True)
        )
    ]


def _contributions(
    vectors: Sequence[Vector],
    evaluations: Sequence[Evaluation],
    scorers: Scorers,
    *,
    names: tuple[str, ...],
) -> dict[int, list[Contribution]]:
    """Ask the model what drove it, of the payments that somebody will look at."""
    flagged = [
        place for place, one in enumerate(evaluations) if one.outcome != "approve"
    ]
    if not flagged:
        return {}
    told = scorers.contributions([vectors[place] for place in flagged], names)
    return dict(zip(flagged, told, strict=True))


@cache
def _named(names: tuple[str, ...]) -> Callable[..., Any]:
    """Return what names a vector's values: on the wire a dict, and made much faster.

    What is null is left out there: most features of most payments are.
    """
    known = [(name, float | None, None) for name in names]
    return msgspec.defstruct(
        "Features", known, frozen=True, gc=False, omit_defaults=True
    )

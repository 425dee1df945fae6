"""Drifts: what all workers have seen of the live model's features, put together."""

from collections.abc import Sequence

from msgspec import Struct

from app.events.drift import Drifted, Watched
from app.scoring.model import Facts
from app.scoring.reference import ENOUGH, stability_index
from web.context import Context


class Moved(Struct, frozen=True):
    """How far a feature has moved; `index` is null while there is too little to say.

    `then` and `now` are its shares by bin, the unknown ones last.
    """

    feature: str
    index: float | None
    payments: int
    then: list[float]
    now: list[float]


class Drifts(Struct, frozen=True):
    """Drift of the live model over all workers."""

    model: str
    payments: int
    features: list[Moved]
    score: Watched
    frauds: Watched


def drifts(context: Context) -> Drifts | None:
    """Return what the workers that are alive last told; None without a live model."""
    live = context.models.present.live
    if live is None:
        return None
    told = [
        pulse.drift
        for pulse in context.cluster.workers()
        if pulse.drift and pulse.drift.model == live.version
    ]
    return Drifts(
        live.version,
        sum(one.payments for one in told),
        moved(told, live.facts),
        watched([one.score for one in told]),
        watched([one.frauds for one in told]),
    )


def moved(told: Sequence[Drifted], facts: Facts) -> list[Moved]:
    """Return each feature's index over several workers' counts, as the model has them.

    >>> moved([], Facts(("amount", "is_night"), "2026-01-01"))
    []
    """
    found = []
    for name, reference in facts.reference.items():
        shares = reference.shares
        counts = [one.counts[name] for one in told if name in one.counts]
        summed = [sum(bins) for bins in zip(*counts, strict=True)]
        total = sum(summed)
        index = stability_index(shares, summed) if total >= ENOUGH else None
        now = [one / total for one in summed] if total else []
        found.append(Moved(name, index, total, list(shares), now))
    return found


def watched(told: Sequence[Watched]) -> Watched:
    """Put the same mean of several workers together, each by its payments."""
    payments = sum(one.payments for one in told)
    mean = sum(one.mean * one.payments for one in told) / payments if payments else 0.0
    moments = [one.changed_at for one in told if one.changed_at]
    return Watched(
        mean,
        payments,
        sum(one.changes for one in told),
        max(moments, default=None),
    )

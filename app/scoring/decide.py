"""From feature vectors to outcomes: a ruleset evaluated on a batch of payments."""

from collections.abc import Iterable, Sequence

import polars as pl
from msgspec import Struct

from app.events.decisions import Hit, Outcome
from app.events.payments import Payment
from app.rules.compiled import CompiledRule, CompiledRuleset
from app.rules.ruleset import Bands

Vector = Sequence[float | None]

MAX_SCORE = 100.0
_OUTCOMES: tuple[Outcome, ...] = ("approve", "review", "decline")
_FLOORS = {"score": 0, "review": 1, "decline": 2}


class Evaluation(Struct, frozen=True):
    """What the rules say of one payment.

    `score` is the hits' sum, at most 100. `shadows` names the shadow rules that fired:
    they count for nothing.
    """

    outcome: Outcome
    score: float = 0.0
    hits: list[Hit] = []
    shadows: list[str] = []


def decide(
    vectors: Sequence[Vector], payments: Sequence[Payment], *, rules: CompiledRuleset
) -> list[Evaluation]:
    """Evaluate all rules on a batch: one evaluation a payment, in the same order.

    `vectors` are in the order of `rules.features`. The result is a function of the
    arguments alone.
    """
    bands = rules.ruleset.bands
    quiet = Evaluation(_outcome(0.0, [], bands))
    if not rules.rules or not vectors:
        return [quiet] * len(vectors)
    frame = frame_of(vectors, payments, rules=rules)
    fired = _fired(rules, frame)
    if not fired:
        return [quiet] * len(vectors)
    hits = _hits(frame, [(r, at) for r, at in fired if r.rule.state == "live"])
    shadows: dict[int, list[str]] = {}
    for compiled, at in fired:
        if compiled.rule.state == "shadow":
            for row in at:
                shadows.setdefault(row, []).append(compiled.rule.name)
    evaluations = [quiet] * len(vectors)
    for row in hits.keys() | shadows.keys():
        evaluations[row] = _evaluation(
            hits.get(row, []), shadows.get(row, []), bands=bands
        )
    return evaluations


def frame_of(
    vectors: Sequence[Vector], payments: Iterable[Payment], *, rules: CompiledRuleset
) -> pl.DataFrame:
    """Build the columns that the rules read, and no other."""
    columns = []
    for name, kind in rules.fields.items():
        if kind == "number":
            at = rules.features.index(name)
            values = [vector[at] for vector in vectors]
            columns.append(pl.Series(name, values, pl.Float64))
        else:
            facts = [getattr(payment, name) for payment in payments]
            columns.append(pl.Series(name, facts, pl.String))
    return pl.DataFrame(columns)


def _fired(
    rules: CompiledRuleset, frame: pl.DataFrame
) -> list[tuple[CompiledRule, list[int]]]:
    columns = rules.conditions(frame).get_columns()
    return [
        (rule, [row for row, hit in enumerate(column.to_list()) if hit])
        for rule, column in zip(rules.rules, columns, strict=True)
        if column.any()
    ]


def _hits(
    frame: pl.DataFrame, fired: list[tuple[CompiledRule, list[int]]]
) -> dict[int, list[Hit]]:
    """Compute values, thresholds and reasons, for the rows that were hit only."""
    hits: dict[int, list[Hit]] = {row: [] for _, at in fired for row in at}
    if not hits:
        return hits
    rows = {row: position for position, row in enumerate(hits)}
    details = frame[list(rows)].with_columns(f for r, _ in fired for f in r.figures)
    unknown = [None] * len(rows)
    for compiled, at in fired:
        told = [details[n].to_list() if n else unknown for n in compiled.told]
        for row in at:
            value, threshold, *words = (column[rows[row]] for column in told)
            hits[row].append(_hit(compiled, value, threshold, words))
    return hits


def _hit(
    compiled: CompiledRule,
    value: float | None,
    threshold: float | None,
    words: list[float | str | None],
) -> Hit:
    rule = compiled.rule
    reason = compiled.reason.fill(words)
    return Hit(rule.name, value, threshold, reason, rule.score, rule.action)


def _evaluation(hits: list[Hit], shadows: list[str], *, bands: Bands) -> Evaluation:
    score = min(sum((hit.score for hit in hits), 0.0), MAX_SCORE)
    return Evaluation(_outcome(score, hits, bands), score, hits, shadows)


def _outcome(score: float, hits: list[Hit], bands: Bands) -> Outcome:
    by_score = (score >= bands.review_from) + (score >= bands.decline_from)
    return _OUTCOMES[max((by_score, *(_FLOORS[hit.action] for hit in hits)))]

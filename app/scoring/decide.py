"""From feature vectors to outcomes: a ruleset evaluated on a batch of payments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl
from msgspec import Struct

from app.events.decisions import Hit, Outcome
from app.events.payments import Payment
from app.rules.compiled import CompiledRule, CompiledRuleset
from app.rules.ruleset import Bands, Ruleset

Vector = Sequence[float | None]
Fired = tuple[CompiledRule, list[int]]

MAX_SCORE = 100.0
OUTCOMES: tuple[Outcome, ...] = ("approve", "review", "decline")
"""From the mildest to the strictest."""
FLOORS: Mapping[str, int] = {"score": 0, "review": 1, "decline": 2}


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

    `vectors` are in the order of `rules.features`, their numbers finite or null. The
    result is a function of the arguments alone.
    """
    if not rules.rules or not vectors:
        return [_evaluation([], [], bands=rules.ruleset.bands)] * len(vectors)
    return evaluate(frame_of(vectors, payments, rules=rules), rules=rules)


def evaluate(frame: pl.DataFrame, *, rules: CompiledRuleset) -> list[Evaluation]:
    """Evaluate all rules on a frame with the columns that they read, row by row."""
    bands = rules.ruleset.bands
    quiet = _evaluation([], [], bands=bands)
    fired = _fired(frame, rules=rules)
    hits = _hits(frame, [f for f in fired if f[0].rule.state == "live"])
    shadows: defaultdict[int, list[str]] = defaultdict(list)
    for compiled, rows in fired:
        if compiled.rule.state == "shadow":
            for row in rows:
                shadows[row].append(compiled.rule.name)
    return [
        _evaluation(hits.get(row, []), shadows.get(row, []), bands=bands)
        if row in hits or row in shadows
        else quiet
        for row in range(frame.height)
    ]


def strictness(ruleset: Ruleset, hits: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return the place in `OUTCOMES` of what `evaluate` gives, for many rows at once.

    `hits` says by rule whether it is one, null for no.
    """
    floor = pl.lit(0)
    for rule in ruleset.rules:
        if rule.state == "live":
            hit = hits[rule.name].fill_null(value=False)
            floor = pl.max_horizontal(floor, hit.cast(pl.Int32) * FLOORS[rule.action])
    total = total_score(ruleset, hits)
    bands = ruleset.bands
    reviewed = (total >= bands.review_from).cast(pl.Int32)
    declined = (total >= bands.decline_from).cast(pl.Int32)
    return pl.max_horizontal(floor, reviewed + declined)


def total_score(ruleset: Ruleset, hits: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return the score that `evaluate` gives, for many rows at once.

    Scores are added in the order of the rules, so that a sum is the same to the last
    bit.
    """
    score = pl.lit(0.0)
    for rule in ruleset.rules:
        if rule.state == "live":
            hit = hits[rule.name].fill_null(value=False)
            score = score + hit.cast(pl.Float64) * rule.score
    return pl.min_horizontal(score, pl.lit(MAX_SCORE))


def frame_of(
    vectors: Sequence[Vector], payments: Sequence[Payment], *, rules: CompiledRuleset
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


def _fired(frame: pl.DataFrame, *, rules: CompiledRuleset) -> list[Fired]:
    columns = {column.name: column for column in rules.conditions(frame)}
    return [
        (rule, [row for row, hit in enumerate(column.to_list()) if hit])
        for rule in rules.rules
        if (column := columns.get(rule.rule.name)) is not None and column.any()
    ]


def _hits(frame: pl.DataFrame, fired: list[Fired]) -> dict[int, list[Hit]]:
    """Compute values, thresholds and reasons, for the rows that were hit only."""
    hits: dict[int, list[Hit]] = {row: [] for _, rows in fired for row in rows}
    if not hits:
        return hits
    place = {row: index for index, row in enumerate(hits)}
    details = frame[list(hits)].with_columns(f for r, _ in fired for f in r.figures)
    unknown = [None] * len(hits)
    for compiled, rows in fired:
        told = [details[n].to_list() if n else unknown for n in compiled.told]
        for row in rows:
            value, threshold, *words = (column[place[row]] for column in told)
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
    return OUTCOMES[max((by_score, *(FLOORS[hit.action] for hit in hits)))]

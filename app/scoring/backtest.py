"""Backtest: what a ruleset would have done to past payments, beside the present one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from app.rules.compiled import FACTS, CompiledRuleset
from app.rules.ruleset import State
from app.scoring.decide import OUTCOMES, evaluate, strictness
from app.scoring.report import Comparison, Example, Figures, Moved, Report, RuleResult

EXAMPLES = 20
COLUMNS = (
    "id",
    "occurred_at",
    "customer_id",
    "terminal_id",
    "amount_minor",
    "currency",
    "outcome",
    "listed",
    *(fact for fact in FACTS if fact != "currency"),
)
"""What a backtest reads of a payment, beside features and `fraud`."""

BEFORE, AFTER = "before", "after"
PLACES = {outcome: place for place, outcome in enumerate(OUTCOMES)}


class _Side(NamedTuple):
    """One of the two rulesets, and what its columns begin with."""

    name: str
    rules: CompiledRuleset

    @property
    def states(self) -> dict[str, State]:
        """The rules that are evaluated, with their states."""
        return {one.rule.name: one.rule.state for one in self.rules.rules}

    def columns(self) -> list[pl.Expr]:
        """Evaluate each rule into a column of its own, and the outcome's place."""
        hits = {
            one.rule.name: one.condition.fill_null(value=False)
            for one in self.rules.rules
        }
        named = [hit.alias(self.of(name)) for name, hit in hits.items()]
        place = (
            pl.when(pl.col("listed"))
            .then(pl.col("outcome").replace_strict(PLACES, return_dtype=pl.Int32))
            .otherwise(strictness(self.rules.ruleset, hits))
        )
        return [*named, place.cast(pl.Int8).alias(self.name)]

    def of(self, rule: str) -> str:
        """Return a rule's column."""
        return f"{self.name} {rule}"


def features_of(*rules: CompiledRuleset) -> list[str]:
    """Name the features that rulesets read."""
    fields = {name: kind for one in rules for name, kind in one.fields.items()}
    return sorted(name for name, kind in fields.items() if kind == "number")


def backtest(
    frames: Iterable[pl.DataFrame],
    *,
    present: CompiledRuleset,
    candidate: CompiledRuleset,
    examples: int = EXAMPLES,
) -> Report:
    """Try a ruleset on past payments, by the very code that decides live.

    `frames` have `COLUMNS`, `features_of` both rulesets, and `fraud`; no payment is
    in two of them. In memory are one frame at a time, and what was hit. Where a list
    decided, it decides in the backtest too.
    """
    sides = (_Side(BEFORE, present), _Side(AFTER, candidate))
    totals, told, shown = [_TOTAL_OF_NONE], [], []
    for frame in frames:
        judged = frame.with_columns(one for side in sides for one in side.columns())
        totals.append(judged.select(_TOTALS))
        told.append(_told(judged, sides))
        shown.append(_differing(judged, sides, examples))
    counts = pl.concat(totals).select(
        pl.col("since").min(),
        pl.col("until").max(),
        pl.col("payments", "frauds", "labelled").sum(),
    )
    total = counts.row(0, named=True)
    hits = pl.concat(told) if told else None

    def compared(**masks: pl.Expr) -> Comparison:
        figures = {
            name: _figures(hits.filter(mask), total)
            for name, mask in masks.items()
            if hits is not None
        }
        return Comparison(figures.get(BEFORE), figures.get(AFTER))

    return Report(
        before=present.ruleset.version,
        after=candidate.ruleset.version,
        **total,
        flagged=compared(**{side.name: pl.col(side.name) > 0 for side in sides}),
        declined=compared(**{side.name: pl.col(side.name) > 1 for side in sides}),
        rules=[
            RuleResult(
                name,
                state,
                compared(
                    **{s.name: pl.col(s.of(name)) for s in sides if name in s.states}
                ),
            )
            for name, state in {**sides[0].states, **sides[1].states}.items()
        ],
        moved=_moved(hits) if hits is not None else [],
        examples=_examples(pl.concat(shown), sides, examples) if shown else [],
    )


_TOTALS = [
    pl.col("occurred_at").min().alias("since"),
    pl.col("occurred_at").max().alias("until"),
    pl.len().cast(pl.Int64).alias("payments"),
    pl.col("fraud").fill_null(value=False).sum().cast(pl.Int64).alias("frauds"),
    pl.col("fraud").is_not_null().sum().cast(pl.Int64).alias("labelled"),
]
_TOTAL_OF_NONE = pl.DataFrame(
    {
        "occurred_at": pl.Series([], dtype=pl.Datetime("us", "UTC")),
        "fraud": pl.Series([], dtype=pl.Boolean),
    }
).select(_TOTALS)


def _told(judged: pl.DataFrame, sides: Sequence[_Side]) -> pl.DataFrame:
    """Keep what figures are made of: payments that were hit or fraud, few of many."""
    hits = [pl.col(side.of(name)) for side in sides for name in side.states]
    outcomes = [pl.col(side.name) for side in sides]
    fraud = pl.col("fraud").fill_null(value=False)
    kept = pl.any_horizontal(*hits, *(one > 0 for one in outcomes))
    return judged.filter(kept).select(
        "customer_id", "amount_minor", fraud, *outcomes, *hits
    )


def _figures(hits: pl.DataFrame, total: Mapping[str, int]) -> Figures:
    count, caught = hits.height, int(hits["fraud"].sum())
    stopped = int(hits.filter("fraud")["amount_minor"].sum())
    return Figures(
        hits=count,
        share=count / total["payments"] if total["payments"] else 0.0,
        caught=caught,
        precision=caught / count if count else None,
        recall=caught / total["frauds"] if total["frauds"] else None,
        stopped=stopped,
        bothered=int(hits["amount_minor"].sum()) - stopped,
        customers=hits["customer_id"].n_unique(),
    )


def _moved(hits: pl.DataFrame) -> list[Moved]:
    found = (
        hits.filter(pl.col(BEFORE) != pl.col(AFTER))
        .group_by(BEFORE, AFTER)
        .agg(
            pl.len(),
            pl.col("fraud").sum().alias("frauds"),
            pl.col("amount_minor").sum(),
        )
        .sort(BEFORE, AFTER)
    )
    return [
        Moved(OUTCOMES[before], OUTCOMES[after], *rest)
        for before, after, *rest in found.rows()
    ]


def _differing(judged: pl.DataFrame, sides: Sequence[_Side], most: int) -> pl.DataFrame:
    """Pick the payments to show: another outcome first, then the largest amounts."""
    before, after = sides
    no = pl.lit(value=False)
    unlike = [
        (pl.col(before.of(name)) if name in before.states else no)
        != (pl.col(after.of(name)) if name in after.states else no)
        for name in {**before.states, **after.states}
    ]
    moved = pl.col(BEFORE) != pl.col(AFTER)
    return (
        judged.filter(pl.any_horizontal(moved, *unlike))
        .sort(moved, "amount_minor", "id", descending=[True, True, False])
        .head(most)
    )


def _examples(shown: pl.DataFrame, sides: Sequence[_Side], most: int) -> list[Example]:
    best = _differing(shown, sides, most)
    reasons = [
        [[hit.reason for hit in one.hits] for one in evaluate(best, rules=side.rules)]
        for side in sides
    ]
    return [
        Example(
            row["id"],
            row["occurred_at"],
            row["customer_id"],
            row["terminal_id"],
            row["amount_minor"],
            row["currency"],
            row["fraud"],
            OUTCOMES[row[BEFORE]],
            OUTCOMES[row[AFTER]],
            *told,
        )
        for row, *told in zip(best.to_dicts(), *reasons, strict=True)
    ]

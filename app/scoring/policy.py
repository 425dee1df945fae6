"""Policy: which threshold to choose, by what reviews cost and what fraud costs.

A payment is ranked by one number. From a threshold on its card is reviewed: a card
once a day, however many of its payments are. What is missed is lost.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from msgspec import Struct

from app.rules.compiled import CompiledRuleset
from app.scoring.backtest import features_of as read_by
from app.scoring.decide import FLOORS, MAX_SCORE, total_score
from app.scoring.thresholds import PROBABILITY, By, threshold

CAPACITY = 100
"""Cards that can be reviewed a day: the Fraud Detection Handbook's."""
REVIEW_COST = 500
"""What the review of a card costs, in minor units, where nobody says."""
MOST_POINTS = 200
"""Points of a curve that are told, beside those chosen."""


class Point(Struct, frozen=True):
    """What comes of a threshold: from it on, payments are reviewed.

    Null: no card is reviewed. `cards_per_day` are the customers with such a payment, a
    day in the mean. Of the frauds, `caught` payments are reviewed, of an amount
    `stopped`; `missed` is the amount of the others. `cost` is that and what the
    reviews cost. Amounts are of the whole period, in minor units.
    """

    threshold: float | None
    cards_per_day: float
    caught: int
    stopped: int
    missed: int
    cost: int


class Policy(Struct, frozen=True):
    """The thresholds that can be chosen on a period's payments, and what to choose.

    `ranked` of the `payments` have a number to rank by, on so many `days`; `frauds` of
    an amount `at_risk` are among them. `by_capacity` is the laxest threshold with at
    most `capacity` cards a day, null where none is strict enough; `by_cost` the one
    that costs least; `present` what decides now, where that is a threshold. The curve
    goes from the strictest to the laxest.
    """

    by: By
    since: datetime | None
    until: datetime | None
    days: int
    payments: int
    ranked: int
    frauds: int
    at_risk: int
    capacity: int
    review_cost: int
    present: Point | None
    by_capacity: Point | None
    by_cost: Point | None
    curve: list[Point]


def features_of(by: By, rules: CompiledRuleset) -> list[str]:
    """Name the features that a ranking reads."""
    return read_by(rules) if by == "score" else [PROBABILITY, "amount"]


def ranking(by: By, rules: CompiledRuleset) -> pl.Expr:
    """Return the number that payments are ranked by, null where it is not known.

    What a rule reviews or declines whatever the score has the highest score: no
    threshold lets it through.
    """
    if by == "probability":
        return pl.col(PROBABILITY)
    if by == "risk":
        return pl.col(PROBABILITY) * pl.col("amount")
    hits = {one.rule.name: one.condition for one in rules.rules}
    forced = [
        hits[rule.name].fill_null(value=False)
        for rule in rules.ruleset.rules
        if rule.state == "live" and FLOORS[rule.action] > 0
    ]
    whatever = pl.any_horizontal(forced) if forced else pl.lit(value=False)
    score = total_score(rules.ruleset, hits)
    return pl.when(whatever).then(MAX_SCORE).otherwise(score)


def policy(
    frames: Iterable[pl.DataFrame],
    *,
    by: By,
    rules: CompiledRuleset,
    capacity: int = CAPACITY,
    review_cost: int = REVIEW_COST,
) -> Policy:
    """Weigh every threshold on past payments.

    `frames` have `occurred_at`, `customer_id`, `amount_minor`, `listed`, `fraud`, the
    facts and `features_of` the ranking. A payment without a label counts as honest; one
    that a list decided is left out. A day is one of UTC.
    """
    wanted = [
        pl.col("occurred_at"),
        pl.col("occurred_at").dt.date().alias("day"),
        pl.col("customer_id", "amount_minor"),
        pl.col("fraud").fill_null(value=False),
        ranking(by, rules).alias("rank"),
    ]
    read = [frame.filter(~pl.col("listed")).select(wanted) for frame in frames]
    payments = pl.concat(read) if read else _NONE
    ranked = payments.filter(pl.col("rank").is_not_null())
    weighed = _Weighed(ranked, review_cost=review_cost)
    points = [weighed.point(None), *map(weighed.point, _thresholds(ranked["rank"]))]
    fitting = [one for one in points[1:] if one.cards_per_day <= capacity]
    by_capacity = fitting[-1] if fitting else None
    by_cost = min(points, key=lambda one: one.cost) if ranked.height else None
    now = threshold(by, rules.ruleset)
    since, until = payments.select(
        pl.col("occurred_at").min(), until=pl.col("occurred_at").max()
    ).row(0)
    return Policy(
        by=by,
        since=since,
        until=until,
        days=weighed.days,
        payments=payments.height,
        ranked=ranked.height,
        frauds=len(weighed.frauds),
        at_risk=int(weighed.amounts[-1]),
        capacity=capacity,
        review_cost=review_cost,
        present=weighed.point(now) if now is not None and ranked.height else None,
        by_capacity=by_capacity,
        by_cost=by_cost,
        curve=_thinned(points, kept=(by_capacity, by_cost)) if ranked.height else [],
    )


_NONE = pl.DataFrame(
    schema={
        "occurred_at": pl.Datetime("us", "UTC"),
        "day": pl.Date,
        "customer_id": pl.String,
        "amount_minor": pl.Int64,
        "fraud": pl.Boolean,
        "rank": pl.Float64,
    }
)


class _Weighed:
    """Ranked payments, ready to be counted from any threshold on."""

    def __init__(self, ranked: pl.DataFrame, *, review_cost: int) -> None:
        cards = ranked.group_by("day", "customer_id").agg(pl.col("rank").max())
        frauds = ranked.filter("fraud").sort("rank", descending=True)
        self.days = ranked["day"].n_unique()
        self.cards = np.sort(cards["rank"].to_numpy())
        self.frauds = np.sort(frauds["rank"].to_numpy())
        sums = np.cumsum(frauds["amount_minor"].to_numpy())
        self.amounts = np.concatenate([[0], sums])  # of so many of the highest frauds
        self._review_cost = review_cost

    def point(self, at: float | None) -> Point:
        """Count what comes of a threshold."""
        cards = 0 if at is None else _from(self.cards, at)
        caught = 0 if at is None else _from(self.frauds, at)
        stopped = int(self.amounts[caught])
        missed = int(self.amounts[-1]) - stopped
        cost = cards * self._review_cost + missed
        mean = cards / self.days if self.days else 0.0
        return Point(at, mean, caught, stopped, missed, cost)


def _from(values: "np.ndarray[Any, np.dtype[np.float64]]", at: float) -> int:
    """Count the values, which ascend, from one on."""
    return len(values) - int(np.searchsorted(values, at, side="left"))


def _thresholds(rank: pl.Series) -> list[float]:
    """Return what a person might write as a threshold: three digits, falling."""
    ranks = rank.filter(rank > 0).unique()
    return sorted({float(f"{one:.3g}") for one in ranks}, reverse=True)


def _thinned(points: Sequence[Point], *, kept: Iterable[Point | None]) -> list[Point]:
    """Keep so many points as can be told, most where few cards are reviewed."""
    if len(points) <= MOST_POINTS:
        return list(points)
    places = {round(place) - 1 for place in np.geomspace(1, len(points), MOST_POINTS)}
    places |= {points.index(one) for one in kept if one}
    return [points[place] for place in sorted(places)]

"""The recipe: what the model learns from, and how; the same for every fold.

Every choice here was made on six test weeks that end before 1 August 2018
(docs/detection.md has the table), none on a week that results are told of.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from app.detection.log import Log

FEATURES = (
    "amount",
    "amount_to_customer_mean",
    "amount_z_score",
    "customer_count_7d",
    "customer_mean_amount_30d",
    "amount_to_customer_usual",
    "customer_excess_1d",
    "customer_excess_7d",
    "terminal_days_since_known",
    "terminal_run_frauds",
    "terminal_days_of_run",
    "terminal_days_since_honest",
)
RISING = (
    "amount_to_customer_usual",
    "customer_excess_1d",
    "customer_excess_7d",
    "terminal_days_since_known",
    "terminal_run_frauds",
)
"""Features of which more is never less suspicious."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made.

    Attributes:
        features: what it sees.
        history: days to learn from; None for all there are.
        rounds: trees.
        honest_share: one in so many honest payments is learnt, and weighs as many.
        seed: of everything that is drawn.
    """

    features: tuple[str, ...] = FEATURES
    history: int | None = None
    rounds: int = 150
    honest_share: int = 4
    seed: int = 1

    def parameters(self) -> dict[str, object]:
        """Return LightGBM's parameters."""
        return {
            "objective": "binary",
            "num_leaves": 8,
            "learning_rate": 0.1,
            "min_data_in_leaf": 100,
            "feature_fraction": 0.6,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 20.0,
            "max_bin": 4095,  # frauds are few and at the edges: cut finely there
            "min_data_in_bin": 1,
            "monotone_constraints": [int(name in RISING) for name in self.features],
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
        }


def fit(log: Log, rows: NDArray[np.bool_], *, recipe: Recipe) -> lgb.Booster:
    """Return a model of the payments chosen: the same bytes for the same input.

    All frauds are learnt, and a share of the honest payments, drawn by the seed.
    """
    share = recipe.honest_share
    drawn = np.random.default_rng(recipe.seed).integers(share, size=len(rows)) == 0
    chosen = np.flatnonzero(rows & (log.frauds | drawn))
    frauds = log.frauds[chosen]
    data = lgb.Dataset(
        log.table(chosen, recipe.features),
        frauds.astype(np.float64),
        weight=np.where(frauds, 1.0, share),
        feature_name=list(recipe.features),
    )
    return lgb.train(recipe.parameters(), data, recipe.rounds)


def raw_scores(
    booster: lgb.Booster, log: Log, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the log-odds that a model gives payments of the log."""
    table = log.table(rows, booster.feature_name())
    return np.asarray(booster.predict(table, raw_score=True, num_threads=1))

"""The judge: how well a model does on test weeks, beside what others have reached."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from app.detection.folds import WEEK, Fold, counted, date_of, learnt
from app.detection.log import Log
from app.detection.recipe import Recipe, fit, raw_scores
from app.errors import ModelError
from app.scoring.metrics import auc_roc, average_precision, card_precision
from app.scoring.model import Model

Scores = NDArray[np.float64]
Rows = NDArray[np.int64]
METRICS = ("auc", "ap", "cp100")


class Judged(Struct, frozen=True):
    """What a fold came to. `days` is how much of the test week the file holds.

    `ceiling` is the card precision of a model that knows the truth.
    """

    train_start: str
    test_start: str
    days: int
    payments: int
    frauds: int
    auc: float
    ap: float
    cp100: float
    ceiling: float


class Figures(Struct, frozen=True):
    """One number for each metric."""

    auc: float
    ap: float
    cp100: float


class Verdict(Struct, frozen=True):
    """The folds, and their mean and standard deviation."""

    folds: list[Judged]
    mean: Figures
    deviation: Figures
    left_out: int = 0


def by_recipe(
    log: Log,
    folds: Sequence[Fold],
    *,
    recipe: Recipe,
    progress: Callable[[], None] | None = None,
) -> Iterator[tuple[Fold, Rows, Scores]]:
    """Train a model for each fold on what was known then, and score its test week."""
    for fold in folds:
        rows = learnt(log, fold.train_end, history=recipe.history)
        if not (rows & log.frauds).any():
            message = (
                f"training until {date_of(fold.train_end)}: got no labelled fraud; "
                "the file begins too late, or its map names no labels"
            )
            raise ModelError(message)
        booster = fit(log, rows, recipe=recipe)
        chosen = counted(log, fold)
        yield fold, chosen, raw_scores(booster, log, chosen)
        if progress:
            progress()


def by_model(
    log: Log, folds: Sequence[Fold], *, model: Model
) -> Iterator[tuple[Fold, Rows, Scores]]:
    """Score test weeks by a model there is.

    Raises:
        ModelError: it has learnt from labels that were not known then.
    """
    for fold in folds:
        known = date_of(fold.train_end).isoformat()
        if model.facts.learnt_until > known:
            message = (
                f"model {model.version} has learnt until {model.facts.learnt_until}: "
                f"for the test from {date_of(fold.test_start)} expected until {known}"
            )
            raise ModelError(message)
        rows = counted(log, fold)
        yield fold, rows, model.score_table(log.table(rows, model.facts.features))


def judge(log: Log, scored: Iterable[tuple[Fold, Rows, Scores]]) -> Verdict:
    """Judge scores fold by fold.

    Raises:
        ModelError: there is no fold.
    """
    judged = [_judge(log, *one) for one in scored]
    if not judged:
        message = f"no test week is in the file, which ends {date_of(log.end_day)}"
        raise ModelError(message)
    table = np.array([[getattr(one, name) for name in METRICS] for one in judged])
    return Verdict(
        judged,
        Figures(*table.mean(axis=0).tolist()),
        Figures(*table.std(axis=0).tolist()),
        log.left_out,
    )


def _judge(log: Log, fold: Fold, rows: Rows, scores: Scores) -> Judged:
    frauds, days = log.frauds[rows], log.days[rows]
    customers = log.customers[rows]
    return Judged(
        date_of(fold.train_start).isoformat(),
        date_of(fold.test_start).isoformat(),
        min(log.end_day - fold.test_start, WEEK),
        len(rows),
        int(frauds.sum()),
        auc_roc(frauds, scores),
        average_precision(frauds, scores),
        card_precision(frauds, scores, days=days, customers=customers),
        card_precision(
            frauds, frauds.astype(np.float64), days=days, customers=customers
        ),
    )

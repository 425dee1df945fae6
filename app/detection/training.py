"""Training: a calibrated model from a log, with the card that says what it is worth."""

from collections.abc import Callable

import numpy as np
from lightgbm import Booster
from msgspec import Struct
from numpy.typing import NDArray

from app.detection.folds import WEEK, date_of, folds_until, learnt
from app.detection.judge import Verdict, by_recipe, judge
from app.detection.log import Log
from app.detection.recipe import Recipe, fit, raw_scores
from app.errors import ModelError
from app.features.catalogue import MODEL, NAMES, VERSION
from app.scoring.model import Calibration, Facts, Model
from app.scoring.reference import Histogram, references

FOLDS = 6  # test weeks before the end that a model is validated and calibrated on
STEPS = 25
BINS = (0.0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)


class Bin(Struct, frozen=True):
    """Payments of like probability: how many, what was expected, what came."""

    above: float
    payments: int
    expected: float
    frauds: float


class Card(Struct, frozen=True):
    """What a model is: its data, what it reached before it was trained, its habits."""

    version: str
    catalogue: str
    learnt_from: str
    learnt_until: str
    payments: int
    frauds: int
    validation: Verdict
    calibration: list[Bin]
    importance: dict[str, float]
    recipe: dict[str, object]


def train(
    log: Log,
    *,
    recipe: Recipe,
    progress: Callable[[], None] | None = None,
) -> tuple[Model, Card]:
    """Train on the labels that are known when the log ends.

    Labels are known a week late. Validation folds end before that, so that what the
    card says is of weeks that their models had not seen; the calibration is fitted on
    their scores.

    Raises:
        ModelError: the log is too short, or has no labelled fraud.
    """
    end = log.end_day - WEEK
    folds = folds_until(log, end, count=FOLDS)
    if not folds:
        message = (
            f"got payments from {date_of(log.first_day)} with labels until "
            f"{date_of(end)}, expected seven weeks or more"
        )
        raise ModelError(message)
    scored = list(by_recipe(log, folds, recipe=recipe, progress=progress))
    rows = np.concatenate([rows for _, rows, _ in scored])
    log_odds = np.concatenate([scores for *_, scores in scored])
    calibration = platt(log_odds, log.frauds[rows])
    chosen = learnt(log, end, history=recipe.history)
    booster = fit(log, chosen, recipe=recipe)
    facts = Facts(
        recipe.features,
        date_of(end).isoformat(),
        calibration,
        _reference(log, chosen, booster=booster, calibration=calibration),
        tuple(name for name in recipe.features if name not in NAMES),
    )
    model = Model(booster.model_to_string(), facts)
    first = int(log.days[chosen][0])
    return model, Card(
        version=model.version,
        catalogue=VERSION,
        learnt_from=date_of(first).isoformat(),
        learnt_until=facts.learnt_until,
        payments=int(chosen.sum()),
        frauds=int((chosen & log.frauds).sum()),
        validation=judge(log, scored),
        calibration=bins(calibration.probability(log_odds), log.frauds[rows]),
        importance=model.importance(),
        recipe={**recipe.parameters(), "rounds": recipe.rounds},
    )


def _reference(
    log: Log,
    chosen: NDArray[np.bool_],
    *,
    booster: Booster,
    calibration: Calibration,
) -> dict[str, Histogram]:
    """Describe what the model learnt from, and what it says of it."""
    rows = np.flatnonzero(chosen)
    names = booster.feature_name()
    told = calibration.probability(raw_scores(booster, log, rows))
    return references(names, log.table(rows, names), {MODEL.name: told})


def platt(log_odds: NDArray[np.float64], frauds: NDArray[np.bool_]) -> Calibration:
    """Return the logistic curve through scores: maximum likelihood, by Newton's steps.

    >>> odds = np.array([-2.0, -1.0, 1.0, 2.0])
    >>> platt(odds, np.array([False, True, False, True])).slope > 0
    True
    """
    inputs = np.column_stack([log_odds, np.ones(len(log_odds))])
    weights = np.array([1.0, 0.0])
    for _ in range(STEPS):
        told = (1 + np.tanh(inputs @ weights / 2)) / 2
        slope = inputs.T @ (frauds - told)
        curve = inputs.T @ (inputs * (told * (1 - told))[:, None])
        weights = weights + np.linalg.solve(curve + 1e-9 * np.eye(2), slope)
    if not weights[0] > 0:
        message = "calibration: got scores that do not rise with fraud"
        raise ModelError(message)
    return Calibration(float(weights[0]), float(weights[1]))


def bins(probabilities: NDArray[np.float64], frauds: NDArray[np.bool_]) -> list[Bin]:
    """Return probabilities against what came, from low to high."""
    place = np.clip(np.searchsorted(BINS, probabilities, side="right") - 1, 0, None)
    found = []
    for number, above in enumerate(BINS[:-1]):
        here = place == number
        if here.any():
            expected = float(probabilities[here].mean())
            came = float(frauds[here].mean())
            found.append(Bin(above, int(here.sum()), expected, came))
    return found

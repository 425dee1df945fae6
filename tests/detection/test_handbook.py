"""Detection on the Handbook's data, on weeks before those that results are told of."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from app.detection.folds import Fold, counted, day_of
from app.detection.judge import by_recipe, judge
from app.detection.log import Log, read_log
from app.detection.recipe import FEATURES, Recipe
from app.detection.training import train
from app.features.catalogue import NAMES
from app.scoring.model import Model
from app.sources.column_map import load_map
from app.sources.files import read
from tests.handbook import card_precision, payments, week_of_test

DAYS = 63
TRAINING = pd.Timestamp("2018-05-13")
FOLD = Fold(day_of(TRAINING.date()))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def handbook_log(handbook: Path) -> Log:
    """Give the first nine weeks."""
    until = datetime.fromisoformat("2018-06-03T00:00:00+00:00")
    _, chunks = read(handbook, columns=load_map("handbook"), until=until)
    return read_log(chunks, currency="EUR", names=FEATURES)


@pytest.fixture(scope="module")
def week(handbook: Path) -> pd.DataFrame:
    """Give the test week as the Handbook's batch code has it."""
    return week_of_test(payments(handbook, days=DAYS), TRAINING)


def test_the_test_week_is_the_handbooks(handbook_log: Log, week: pd.DataFrame):
    rows = counted(handbook_log, FOLD)

    assert rows.tolist() == week.index.tolist()
    assert handbook_log.frauds[rows].tolist() == (week["TX_FRAUD"] == 1).tolist()


def test_figures_are_those_of_an_independent_judge_and_beat_the_published(
    handbook_log: Log, week: pd.DataFrame
):
    scored = list(by_recipe(handbook_log, [FOLD], recipe=Recipe()))
    (fold,) = judge(handbook_log, scored).folds
    scores = scored[0][2]
    truth = week["TX_FRAUD"]

    assert fold.auc == pytest.approx(roc_auc_score(truth, scores))
    assert fold.ap == pytest.approx(average_precision_score(truth, scores))
    assert fold.cp100 == pytest.approx(
        card_precision(week.assign(score=scores), top=100)
    )
    assert fold.ceiling == pytest.approx(
        card_precision(week.assign(score=truth.astype(float)), top=100)
    )
    assert fold.ap > 0.72
    assert fold.cp100 > 0.7 * fold.ceiling


def test_scores_in_batches_are_those_of_the_evaluation_on_fifty_thousand_payments(
    handbook_log: Log, tmp_path: Path
):
    recipe = Recipe(rounds=60)
    trained, _ = train(handbook_log, recipe=recipe)
    model = Model.load(trained.save(tmp_path))
    table = handbook_log.vectors[-50_000:]
    batches = [1, 2, 7, 90, 400, 500]

    names = handbook_log.names
    at = 0
    live: list[NDArray[np.float64]] = []
    while at < len(table):
        size = batches[len(live) % len(batches)]
        live.append(model.score([_vector(row, names) for row in table[at : at + size]]))
        at += size

    np.testing.assert_array_equal(np.concatenate(live), model.score_table(table))


def _vector(row: NDArray[np.float64], names: tuple[str, ...]) -> list[float | None]:
    """Return a row as a decision carries it: the whole catalogue, null for unknown."""
    known = dict(zip(names, row.tolist(), strict=True))
    return [
        None if name not in known or np.isnan(known[name]) else known[name]
        for name in NAMES
    ]

"""Models from a made-up bank: the same twice, honest in time, judged as told."""

from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from app.detection.card import page, write_card
from app.detection.folds import WEEK, Fold, folds_from, folds_until, learnt
from app.detection.judge import by_model, by_recipe, judge
from app.detection.log import Log
from app.detection.recipe import Recipe, fit
from app.detection.training import Card, platt, train
from app.errors import ModelError
from app.scoring.model import Model
from tests.detection.builders import a_bank, write
from tests.detection.conftest import log_of

RECIPE = Recipe(rounds=20)


def until(log: Log, end: int) -> Log:
    """Cut a log before a day."""
    kept = slice(int(np.searchsorted(log.days, end)))
    return Log(
        log.days[kept],
        log.customers[kept],
        log.frauds[kept],
        log.vectors[kept],
        log.names,
    )


@pytest.fixture(scope="module")
def early(log: Log) -> Log:
    """Give the log as it stood a week before its end."""
    return until(log, log.end_day - WEEK)


@pytest.fixture(scope="module")
def trained(early: Log) -> tuple[Model, Card]:
    return train(early, recipe=RECIPE)


def test_the_same_log_gives_the_same_model_to_the_last_bit(
    early: Log, trained: tuple[Model, Card], tmp_path: Path
):
    model, card = trained
    again, card_again = train(early, recipe=RECIPE)

    assert again.version == model.version
    assert card_again == card
    one, other = model.save(tmp_path / "one"), again.save(tmp_path / "other")
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes()


def test_a_model_learns_only_from_labels_known_at_the_end(log: Log):
    end = log.end_day - WEEK
    frauds = log.frauds.copy()
    frauds[log.days >= end] = False
    blind = Log(log.days, log.customers, frauds, log.vectors, log.names)

    one, other = (train(which, recipe=RECIPE)[0] for which in (log, blind))

    assert one.facts.learnt_until == other.facts.learnt_until
    assert one.version == other.version


def test_later_weeks_change_nothing_of_the_folds_before(log: Log, tmp_path: Path):
    first = log.first_day + 4 * WEEK
    frame = a_bank()
    cut = frame["at"][0].replace(hour=0, minute=0, second=0)
    early = log_of(
        *write(frame.filter(pl.col("at") < cut + pl.duration(days=52)), tmp_path)
    )

    whole, part = (
        judge(each, by_recipe(each, folds_from(each, first, count=2), recipe=RECIPE))
        for each in (log, early)
    )

    assert whole.folds[0] == part.folds[0]
    assert [fold.days for fold in whole.folds] == [7, 7]
    assert [fold.days for fold in part.folds] == [7, 3]


def test_a_model_finds_most_of_the_fraud_that_can_be_found(log: Log):
    folds = folds_until(log, log.end_day, count=2)

    verdict = judge(log, by_recipe(log, folds, recipe=RECIPE))

    assert len(verdict.folds) == 2
    assert verdict.mean.ap > 0.6 > 3 * log.frauds.mean()
    assert verdict.mean.cp100 <= np.mean([fold.ceiling for fold in verdict.folds])


def test_scores_by_a_saved_model_are_those_of_the_live_road(
    log: Log, trained: tuple[Model, Card], tmp_path: Path
):
    model = Model.load(trained[0].save(tmp_path))
    last = Fold(log.end_day - 3 * WEEK)
    ((_, rows, judged),) = by_model(log, [last], model=model)
    assert len(rows) > 500
    vectors = [
        [None if np.isnan(value) else value for value in row]
        for row in log.vectors[rows].tolist()
    ]

    live = np.concatenate(
        [model.score(vectors[at : at + 500]) for at in range(0, len(vectors), 500)]
    )

    np.testing.assert_array_equal(live, judged)
    np.testing.assert_array_equal(live[:3], [model.score([v])[0] for v in vectors[:3]])


def test_a_model_is_not_judged_on_weeks_it_has_learnt_of(
    log: Log, trained: tuple[Model, Card]
):
    folds = folds_until(log, log.end_day - 1, count=1)

    with pytest.raises(ModelError, match="has learnt until"):
        list(by_model(log, folds, model=trained[0]))


def test_probabilities_are_calibrated_on_weeks_that_were_not_learnt(
    trained: tuple[Model, Card],
):
    _, card = trained

    expected = sum(one.expected * one.payments for one in card.calibration)
    came = sum(one.frauds * one.payments for one in card.calibration)
    assert expected == pytest.approx(came, rel=1e-6)


def test_calibration_finds_how_scores_were_distorted():
    draw = np.random.default_rng(5)
    odds = draw.normal(-2, 2, 200_000)
    frauds = draw.random(len(odds)) < 1 / (1 + np.exp(-odds))

    actual = platt((odds - 1) / 2, frauds)

    assert actual.slope == pytest.approx(2, abs=0.05)
    assert actual.offset == pytest.approx(1, abs=0.05)


def test_calibration_refuses_scores_that_fall_with_fraud():
    with pytest.raises(ModelError, match="do not rise"):
        platt(np.array([3.0, 2.0, 1.0, 0.0]), np.array([False, True, False, True]))


def test_a_card_tells_data_figures_calibration_and_features(
    trained: tuple[Model, Card], tmp_path: Path
):
    model, card = trained

    write_card(card, tmp_path, source="bank.parquet")

    stored = msgspec.json.decode((tmp_path / "card.json").read_bytes(), type=Card)
    told = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert stored == card
    assert told == page(card, source="bank.parquet")
    for expected in (
        model.version,
        card.learnt_until,
        "bank.parquet",
        *RECIPE.features,
    ):
        assert expected in told
    assert sum(card.importance.values()) == pytest.approx(1)


def test_too_short_a_file_and_one_without_fraud_are_refused(log: Log):
    short = until(log, log.first_day + 6 * WEEK)
    honest = Log(
        log.days, log.customers, np.zeros_like(log.frauds), log.vectors, log.names
    )

    for given, told in ((short, "seven weeks"), (honest, "no labelled fraud")):
        with pytest.raises(ModelError, match=told):
            train(given, recipe=RECIPE)


def test_honest_payments_are_drawn_alike_whatever_follows(log: Log):
    end = log.first_day + 5 * WEEK
    rows = learnt(log, end, history=None)
    early = until(log, end + 3)

    one = fit(log, rows, recipe=RECIPE).model_to_string()

    assert one == fit(early, rows[: len(early.days)], recipe=RECIPE).model_to_string()

"""A model's folder, its scores and its reasons."""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from app.errors import ModelError
from app.features.catalogue import NAMES
from app.scoring.model import CARD, TREES, Calibration, Facts, Model
from app.scoring.reasons import PHRASES, reasons
from tests.scoring.builders import a_vector

FEATURES = ("amount", "amount_to_customer_usual", "terminal_days_of_run")


@pytest.fixture(scope="module")
def model() -> Model:
    """Give a model to which large and unusual amounts are suspicious."""
    draw = np.random.default_rng(1)
    table = draw.random((4_000, 3)) * [500, 8, 40]
    table[draw.random(4_000) < 0.5, 2] = np.nan
    frauds = (table[:, 0] > 220) | (table[:, 1] > 5) | (table[:, 2] > 20)
    data = lgb.Dataset(table, frauds, feature_name=list(FEATURES))
    options = {"objective": "binary", "verbose": -1, "num_threads": 1}
    trees = lgb.train(options, data, 20).model_to_string()
    return Model(trees, Facts(FEATURES, "2026-01-01", Calibration(0.9, -0.1)))


def test_a_score_is_a_probability_and_does_not_depend_on_the_batch(model: Model):
    vectors = [
        a_vector(amount=float(amount), amount_to_customer_usual=ratio)
        for amount in range(0, 500, 7)
        for ratio in (None, 1.0, 7.0)
    ]

    together = model.score(vectors)

    assert ((together > 0) & (together < 1)).all()
    assert together.tolist() == [model.score([vector])[0] for vector in vectors]
    assert model.score([]).tolist() == []


def test_reasons_name_what_raised_the_score_the_strongest_first(model: Model):
    unusual = a_vector(amount=50.0, amount_to_customer_usual=7.2)
    ordinary = a_vector(amount=50.0, amount_to_customer_usual=1.0)

    first, second = model.reasons([unusual, ordinary])

    assert first[0] == "amount 7.2 times the customer's usual raises the risk most"
    assert model.score([unusual])[0] > model.score([ordinary])[0]
    assert not any("usual" in reason for reason in second)
    assert model.reasons([]) == []


def test_every_feature_has_its_phrase():
    assert set(PHRASES) == set(NAMES)
    for phrase in PHRASES.values():
        assert phrase.format(12.5)


def test_an_unknown_number_is_told_as_unknown():
    actual = reasons(["terminal_days_of_run"], [None], [0.5])

    assert actual == ["unknown terminal days of run raises the risk most"]


def test_a_saved_model_is_the_same_and_is_named_by_its_digest(
    model: Model, tmp_path: Path
):
    path = model.save(tmp_path)
    loaded = Model.load(path)
    vectors = [a_vector(amount=300.0)]

    assert path == tmp_path / model.version
    assert loaded.version == model.version
    assert loaded.facts == model.facts
    assert loaded.score(vectors).tolist() == model.score(vectors).tolist()


def test_a_file_that_was_changed_is_refused(model: Model, tmp_path: Path):
    path = model.save(tmp_path)
    text = (path / CARD).read_text(encoding="utf-8")
    (path / CARD).write_text(text.replace("0.9", "0.8"), encoding="utf-8")

    with pytest.raises(ModelError, match="was changed after it was written"):
        Model.load(path)


@pytest.mark.parametrize(
    ("facts", "trees", "told"),
    [
        (Facts(("amount", "mood"), ""), "", "'mood'"),
        (Facts(("amount",), ""), "", "two or more"),
        (Facts(FEATURES, ""), "no trees", "cannot be read"),
    ],
)
def test_what_is_no_model_is_refused(facts: Facts, trees: str, told: str):
    with pytest.raises(ModelError, match=told):
        Model(trees, facts)


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    (tmp_path / TREES).write_text("tree", encoding="utf-8")

    with pytest.raises(ModelError, match=str(tmp_path)):
        Model.load(tmp_path)


def test_a_calibration_keeps_the_order():
    odds = np.linspace(-12, 12, 500)

    actual = Calibration(0.4, 1.5).probability(odds)

    assert (np.diff(actual) > 0).all()

"""A model's folder, its scores and its reasons."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.errors import ModelError
from app.features.catalogue import NAMES, READABLE
from app.scoring.model import CARD, TREES, Calibration, Facts, Model
from app.scoring.reasons import PHRASES, contributions
from tests.scoring.builders import FEATURES, a_model, a_vector


@pytest.fixture(scope="module")
def model() -> Model:
    """Give a model to which large and unusual amounts are suspicious."""
    return a_model()


def test_scoring_starts_no_threads():
    code = """
import os
from tests.scoring.builders import a_model, a_vector
threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
model = a_model()
model.score([a_vector()] * 500)
model.contributions([a_vector()] * 500)
print(threads() - before)
"""
    if not Path("/proc/self/task").exists():
        pytest.skip("needs Linux")

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["0"]


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

    first, second = model.contributions([unusual, ordinary])

    told = "amount 7.2 times the customer's usual raises the risk most"
    assert (first[0].feature, first[0].value) == ("amount_to_customer_usual", 7.2)
    assert first[0].reason == told
    assert first[0].log_odds > 0
    assert model.score([unusual])[0] > model.score([ordinary])[0]
    assert not any("usual" in one.feature for one in second)
    assert model.contributions([]) == []


def test_every_feature_has_its_phrase():
    assert set(PHRASES) == set(NAMES)
    for phrase in PHRASES.values():
        assert phrase.format(12.5)


def test_an_unknown_number_is_told_as_unknown():
    (actual,) = contributions(["terminal_days_of_run"], [None], [0.5])

    assert actual.reason == "unknown terminal days of run raises the risk most"


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


def test_a_model_finds_its_aggregate_by_name_wherever_it_is_in_the_vector():
    model = a_model(aggregate="card_1h")
    names = (*READABLE, "other", "card_1h")
    vectors = [[*a_vector(amount=50.0), 3.0, count] for count in (30.0, 1.0, None)]

    many, few, unknown = model.score(vectors, names)
    ((reason, *_), *_) = model.contributions(vectors, names)

    alone = model.score([a_vector(amount=50.0)], tuple(READABLE))
    columns = np.array([[50.0, 1.1, 30.0], [50.0, 1.1, 1.0], [50.0, 1.1, np.nan]])
    assert [many, few, unknown] == model.score_table(columns).tolist()
    assert many > few
    assert unknown == alone[0] == model.score([a_vector(amount=50.0)[:-1]])[0]
    assert reason.reason == "card 1h of 30 raises the risk most"


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
        (Facts(("amount", "mood"), "", aggregates=("other",)), "", "'mood'"),
        (Facts(("amount", "is_night"), "", aggregates=("mood",)), "", "'mood'"),
        (Facts(("amount", "is_night"), "", aggregates=("amount",)), "", "'amount'"),
        (
            Facts(
                ("amount", "model_probability"), "", aggregates=("model_probability",)
            ),
            "",
            "'model_probability'",
        ),
        (Facts(("amount",), ""), "", "two or more"),
        (Facts(FEATURES, ""), "no trees", "trees: 'no trees'"),
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

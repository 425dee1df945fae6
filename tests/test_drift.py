"""Drift is found where it is planted, and not where there is none."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from app.drift import BLOCK, SPAN, Drift
from app.features.catalogue import MODEL
from app.scoring.model import Model
from app.scoring.reference import DRIFTED, WATCH, references, stability_index
from app.scoring.scorers import Scorers, Scores
from tests.scoring.builders import NOON, a_model


def drawn(seed: int, size: int, *, amounts: float = 1.0) -> NDArray[Any]:
    """Draw what the model sees of payments, amounts times a factor."""
    draw = np.random.default_rng(seed)
    table = draw.random((size, 3)) * [500 * amounts, 8, 40]
    table[draw.random(size) < 0.5, 2] = np.nan
    return table


@pytest.fixture(scope="module")
def model() -> Model:
    """Give a model that remembers what it learnt from."""
    return remembering()


def remembering() -> Model:
    """Build a model that remembers what it learnt from."""
    plain, table = a_model(), drawn(1, 20_000)
    said = {MODEL.name: plain.score_table(table)}
    reference = references(plain.facts.features, table, said)
    return Model(plain.trees, replace(plain.facts, reference=reference))


def feed(
    drift: Drift, model: Model, table: NDArray[Any], *, at: datetime = NOON
) -> dict[str, float]:
    """Have payments learnt in batches of 100; return each feature's index then."""
    for start in range(0, len(table), 100):
        part = table[start : start + 100]
        scores = model.score_table(part).tolist()
        drift.learn(Scores(Scorers(live=model), scores, [None] * len(part), part), [at])
    told = drift.read()
    assert told is not None
    return {
        name: stability_index(model.facts.reference[name].shares, counts)
        for name, counts in told.counts.items()
    }


def test_payments_like_those_learnt_from_are_quiet(model: Model):
    drift = Drift()

    found = feed(drift, model, drawn(2, 40_000))
    told = drift.read()

    assert found.keys() == {*model.facts.features, MODEL.name}
    assert max(found.values()) < WATCH / 5
    assert told is not None
    assert told.payments == 40_000
    assert (told.score.changes, told.score.payments) == (0, 40_000)


def test_a_planted_shift_is_found_in_its_feature_and_in_the_score(model: Model):
    drift = Drift()
    feed(drift, model, drawn(2, 20_000))

    later = NOON + SPAN
    found = feed(drift, model, drawn(3, 20_000, amounts=2), at=later)
    told = drift.read()

    assert found["amount"] > DRIFTED
    assert found[MODEL.name] > WATCH
    assert max(found["amount_to_customer_usual"], found["terminal_days_of_run"]) < 0.02
    assert told is not None
    assert told.score.changes >= 1
    assert told.score.changed_at == later
    assert told.score.payments < 25_000


def test_frauds_that_are_told_more_often_are_found(model: Model):
    drift = Drift()
    for number, per_block in enumerate([8] * 30 + [40] * 20):
        drift.frauds += per_block
        feed(drift, model, drawn(number, BLOCK))

    told = drift.read()

    assert told is not None
    assert told.frauds.changes >= 1
    assert told.frauds.mean == pytest.approx(0.04, abs=0.01)
    assert told.score.changes == 0


def test_only_the_last_seven_days_are_compared(model: Model):
    drift = Drift()
    for day in range(10):
        feed(drift, model, drawn(day, BLOCK), at=NOON + timedelta(days=day))

    told = drift.read()

    assert told is not None
    assert told.payments == 7 * BLOCK


def test_another_model_begins_anew_and_without_one_there_is_nothing(model: Model):
    drift = Drift()
    assert drift.read() is None

    feed(drift, model, drawn(1, BLOCK))
    other = Model(model.trees, replace(model.facts, learnt_until="2026-02-01"))
    assert feed(drift, other, drawn(1, 100)) == {}

    drift.learn(Scorers().score([]), [])
    assert drift.read() is None

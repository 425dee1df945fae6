"""A model's text is refused before LightGBM, which it could crash, reads it."""

import random
import re

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ModelError
from app.scoring.trees import safe_trees
from tests.scoring.builders import FEATURES, a_model

TREES = a_model().trees


def test_what_lightgbm_wrote_is_taken_and_scores_the_same_to_the_last_bit():
    whole = lgb.Booster(model_str=TREES)
    kept = lgb.Booster(model_str=safe_trees(TREES, features=len(FEATURES)))
    table = np.random.default_rng(3).random((500, 3)) * [500, 8, 40]

    for contributions in (False, True):
        expected, actual = (
            booster.predict(table, pred_contrib=contributions, num_threads=1)
            for booster in (whole, kept)
        )
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("leaves", [2, 40])
def test_trees_of_any_size_are_taken_a_single_leaf_too(leaves: int):
    table = np.random.default_rng(2).random((500, 2))
    for truth in (table[:, 0] > 0.5, np.arange(500) < 1):
        options = {"objective": "binary", "num_leaves": leaves, "verbose": -1}
        booster = lgb.train(
            options, lgb.Dataset(table, truth, feature_name=["a", "b"]), 3
        )

        safe_trees(booster.model_to_string(), features=2)


def test_a_split_above_which_only_the_unknown_is_is_taken():
    text = measured(re.sub(r"threshold=\S+", "threshold=inf", TREES, count=1))
    booster = lgb.Booster(model_str=safe_trees(text, features=3))

    assert np.isfinite(booster.predict(np.full((1, 3), np.nan), num_threads=1)).all()


def measured(text: str) -> str:
    """Give each tree its size again, so that only what was changed is wrong."""
    starts = [one.start() for one in re.finditer(r"^Tree=\d+\n", text, re.MULTILINE)]
    ends = [*starts[1:], text.find("end of trees")]
    sizes = " ".join(str(e - s) for s, e in zip(starts, ends, strict=True))
    return re.sub(r"(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", text, count=1)


@pytest.mark.parametrize(
    ("pattern", "into", "told"),
    [
        (r"version=v4", "version=v5", "version: got 'v5'"),
        (r"max_feature_idx=2", "max_feature_idx=3", "max_feature_idx: got '3'"),
        (r"num_class=1", "num_class=2", "num_class: got '2'"),
        (r"objective=binary", "objective=", "objective: got ' sigmoid:1'"),
        (r"label_index", "label_gain", "label_gain=0"),
        (r"shrinkage=\S+", "shrinkage=", "not one of each"),
        (r"num_leaves=\d+", "num_leaves=99", "of split_feature, expected 98"),
        (r"split_feature=\d", "split_feature=7", "a split_feature that is none"),
        (r"left_child=\d+", "left_child=99", "no tree"),
        (r"left_child=\d+ \d+", "left_child=1 1", "node 1 below node 1"),
        (r"decision_type=\d+", "decision_type=1", "a decision on categories"),
        (r"leaf_value=\S+", "leaf_value=x", "leaf_value: got .x"),
        (r"leaf_value=\S+", "leaf_value=inf", "leaf_value: got 'inf'"),
        (r"leaf_value=\S+", "leaf_value=1e999", "leaf_value: got '1e999'"),
        (r"num_cat=0", "num_cat=1", "categories"),
        (r"Tree=1\n", "Tree=5\n", "tree 1"),
        (r"(\d)\ndecision_type", r"\1\n\ndecision_type", "''"),
        (r"is_linear=0", "is_linear=0\nmood=1", "mood=1"),
    ],
)
def test_a_text_that_was_changed_is_refused_and_told(
    pattern: str, into: str, told: str
):
    text = measured(re.sub(pattern, into, TREES, count=1))

    with pytest.raises(ModelError, match=told):
        safe_trees(text, features=3)


@given(st.integers(0, len(TREES) - 1), st.integers(0, 2**32))
@settings(max_examples=150)
def test_what_is_taken_can_be_scored_whatever_was_changed(place: int, seed: int):
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    letters = chance.choice(
        ["inf", "e", "", "9", "-", " ", "=", "\n", "x", "99999", "1e999"]
    )
    text = TREES[:place] + letters + TREES[place + chance.choice([0, 1, 5, 400]) :]
    text = measured(text)

    try:
        booster = lgb.Booster(model_str=safe_trees(text, features=3))
    except (ModelError, lgb.basic.LightGBMError, ValueError):
        return  # refused by us, or by LightGBM in words: the worker goes on
    booster.predict(np.array([[100.0, 1.0, np.nan]] * 3), num_threads=1)


def test_a_model_cut_anywhere_is_refused():
    for end in range(0, TREES.index("end of trees"), 997):
        with pytest.raises(ModelError):
            safe_trees(TREES[:end], features=3)

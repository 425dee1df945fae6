"""A model's text is refused before LightGBM, which it could crash, reads it."""

import random
import re

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ModelError
from app.scoring.trees import check_trees
from tests.scoring.builders import FEATURES, a_model

TREES = a_model().trees


def test_what_lightgbm_wrote_is_taken():
    check_trees(TREES, features=len(FEATURES))


@pytest.mark.parametrize("leaves", [2, 40])
def test_trees_of_any_size_are_taken_a_single_leaf_too(leaves: int):
    table = np.random.default_rng(2).random((500, 2))
    for truth in (table[:, 0] > 0.5, np.arange(500) < 1):
        options = {"objective": "binary", "num_leaves": leaves, "verbose": -1}
        booster = lgb.train(options, lgb.Dataset(table, truth), 3)

        check_trees(booster.model_to_string(), features=2)


@pytest.mark.parametrize(
    ("pattern", "into", "told"),
    [
        (r"version=v4", "version=v5", "version: got 'v5'"),
        (r"max_feature_idx=2", "max_feature_idx=3", "max_feature_idx: got '3'"),
        (r"num_class=1", "num_class=2", "num_class: got '2'"),
        (r"tree_sizes=\d", "tree_sizes=", "tree_sizes"),
        (r"num_leaves=\d+", "num_leaves=99", "of split_feature, expected 98"),
        (r"split_feature=\d", "split_feature=7", "a split_feature that is none"),
        (r"left_child=\d+", "left_child=99", "no tree"),
        (r"left_child=\d+ \d+", "left_child=1 1", "node 1 below node 1"),
        (r"decision_type=\d+", "decision_type=1", "a decision on categories"),
        (r"leaf_value=\S+", "leaf_value=x", "leaf_value: got could not convert"),
        (r"num_cat=0", "num_cat=1", "categories"),
        (r"Tree=1\n", "Tree=5\n", "tree 1"),
    ],
)
def test_a_text_that_was_changed_is_refused_and_told(
    pattern: str, into: str, told: str
):
    text = re.sub(pattern, into, TREES, count=1)
    grown = len(text) - len(TREES)
    if grown:  # so that only what is tried is wrong
        text = re.sub(
            r"tree_sizes=(\d+)",
            lambda m: f"tree_sizes={int(m[1]) + grown}",
            text,
            count=1,
        )

    with pytest.raises(ModelError, match=told):
        check_trees(text, features=3)


@given(st.integers(0, len(TREES) - 1), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_what_is_taken_can_be_scored_whatever_was_changed(place: int, seed: int):
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    letters = chance.choice(["", "9", "-", " ", "=", "\n", "x", "99999", "1e999"])
    text = TREES[:place] + letters + TREES[place + chance.choice([0, 1, 5, 400]) :]

    try:
        check_trees(text, features=3)
        booster = lgb.Booster(model_str=text)
    except (ModelError, lgb.basic.LightGBMError, ValueError):
        return  # refused by us, or by LightGBM in words: the worker goes on
    booster.predict(np.array([[100.0, 1.0, np.nan]] * 3), num_threads=1)


def test_a_model_cut_anywhere_is_refused():
    for end in range(0, TREES.index("end of trees"), 997):
        with pytest.raises(ModelError):
            check_trees(TREES[:end], features=3)

"""What a model learnt from, and how far life has moved from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.reference import ENOUGH, WATCH, count, histogram, stability_index

numbers = st.lists(
    st.one_of(st.just(float("nan")), st.integers(-3, 3).map(float), st.floats(-9, 9)),
    min_size=1,
    max_size=80,
)


@given(numbers)
def test_the_shares_are_those_of_the_very_values(values: list[float]):
    found = histogram(np.array(values))
    counts = count(found.edges, np.array(values))

    assert (counts / len(values)).tolist() == list(found.shares)
    assert sum(counts) == len(values)
    assert counts[-1] == np.isnan(values).sum()
    assert list(found.edges) == sorted(set(found.edges))


def test_a_bin_reaches_from_its_edge_until_before_the_next():
    values = np.array([0.9, 1.0, 1.5, 2.0, 7.0, np.nan])

    assert count([1.0, 2.0], values).tolist() == [1, 2, 2, 1]


def test_an_index_is_near_nothing_for_a_sample_and_grows_with_a_shift():
    draw = np.random.default_rng(5)
    reference = histogram(draw.lognormal(3, 1, 50_000))
    found = [
        stability_index(
            reference.shares,
            count(reference.edges, shift * draw.lognormal(3, 1, 5 * ENOUGH)).tolist(),
        )
        for shift in (1.0, 1.3, 2.0, 4.0)
    ]

    assert found[0] < 0.01
    assert found == sorted(found)
    assert found[2] > WATCH


def test_a_feature_that_becomes_unknown_is_a_shift():
    reference = histogram(np.array([1.0, 2.0, 3.0] * 1000 + [np.nan] * 30))
    now = count(reference.edges, np.array([1.0, 2.0, 3.0, np.nan] * 500))

    assert stability_index(reference.shares, now.tolist()) > WATCH


def test_an_empty_bin_is_no_infinity():
    assert stability_index([1.0, 0.0], [0, 1000]) == pytest.approx(15.2, abs=1)

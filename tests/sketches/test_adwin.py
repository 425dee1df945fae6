"""ADWIN keeps what its paper promises."""

import random
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sketches.adwin import MOST, Adwin, bound

unit = st.floats(0, 1)


def coin(chance: random.Random, share: float) -> float:
    return float(chance.random() < share)


@given(st.lists(unit, min_size=1, max_size=300))
def test_the_window_is_the_newest_values_and_its_figures_are_theirs(
    values: list[float],
):
    window = Adwin()
    for value in values:
        window.add(value)

    kept = values[len(values) - window.width :]
    mean = sum(kept) / len(kept)
    whole = window._whole()  # noqa: SLF001 - what the bound is made of
    assert window.mean == pytest.approx(mean)
    assert whole.spread == pytest.approx(
        sum((one - mean) ** 2 for one in kept), abs=1e-9
    )


def test_it_remembers_many_values_in_a_few_buckets():
    window, values = Adwin(), 10_000
    for _ in range(values):
        window.add(0.5)

    assert window.width == values
    assert len(list(window.buckets())) <= (MOST + 1) * log2(values)


def test_a_mean_that_stays_is_seldom_taken_for_one_that_changed():
    chance, delta, streams = random.Random(7), 0.3, 20  # noqa: S311
    wrong = 0
    for _ in range(streams):
        window = Adwin(delta=delta)
        wrong += any(window.add(coin(chance, 0.3)) for _ in range(500))

    assert wrong <= delta * streams  # with a bound of two thirds, 16 are


@pytest.mark.parametrize(("before", "after"), [(0.2, 0.4), (0.6, 0.3), (0.02, 0.08)])
def test_a_change_twice_the_bound_is_found(before: float, after: float):
    found = 0
    for seed in range(8):
        chance, window = random.Random(seed), Adwin()  # noqa: S311
        for _ in range(1_000):
            window.add(coin(chance, before))
        for added in range(1, 3_000):
            if window.add(coin(chance, after)):
                found += 1
                break
            whole = window._whole()  # noqa: SLF001
            if abs(after - before) > 2.5 * bound(whole, 1_000, added, delta=0.002):
                break

    assert found == 8


def test_after_a_change_the_mean_is_the_new_one():
    chance, window = random.Random(3), Adwin()  # noqa: S311
    cut = False
    for at in range(4_000):
        cut |= window.add(coin(chance, 0.1 if at < 2_000 else 0.5))

    assert cut
    assert window.width < 2_200
    assert window.mean == pytest.approx(0.5, abs=0.05)

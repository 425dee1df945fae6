"""Reservoirs: fair, mergeable, and the same in every replay."""

from collections import Counter
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from app.sketches.reservoir import Reservoir

RUNS = 10_000
FAIR = 1e-3  # a p-value below it would come by chance once in a thousand changes


def of(ids: list[str], *, size: int = 5, salt: str = "") -> Reservoir[str]:
    made = Reservoir[str](size, salt=salt)
    for identity in ids:
        made.add(identity, identity)
    return made


def ids(made: Reservoir[str]) -> list[str]:
    return [one.id for one in made.sample()]


def test_every_set_of_items_is_as_likely_as_any_other():
    things = [f"t{n}" for n in range(6)]
    drawn = Counter(
        frozenset(ids(of(things, size=2, salt=str(run)))) for run in range(RUNS)
    )
    counts = [drawn[frozenset(pair)] for pair in combinations(things, 2)]

    assert sum(counts) == RUNS
    assert chisquare(counts).pvalue > FAIR


def test_every_place_in_the_stream_is_as_likely_as_any_other():
    stream = [f"t{n}" for n in range(40)]
    drawn = Counter(
        name for run in range(RUNS) for name in ids(of(stream, salt=str(run)))
    )

    assert chisquare([drawn[name] for name in stream]).pvalue > FAIR


def test_an_item_of_twice_the_weight_is_drawn_first_twice_as_often():
    weights = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    first: Counter[str] = Counter()
    for run in range(RUNS):
        made = Reservoir[str](1, salt=str(run))
        for name, weight in weights.items():
            made.add(name, name, weight=weight)
        first.update(ids(made))

    expected = [RUNS * weight / 10 for weight in weights.values()]
    assert chisquare([first[name] for name in weights], expected).pvalue > FAIR


@given(
    st.lists(st.text(min_size=1, max_size=3), max_size=60),
    st.integers(0, 60),
    st.randoms(use_true_random=False),
)
def test_order_repeats_and_partitions_change_nothing(
    things: list[str], cut: int, chance: Random
):
    whole = of(things)
    parts = of(things[:cut])
    parts.join(of(things[cut:]).sample())
    shuffled = of(chance.sample(things * 2, len(things) * 2))

    assert ids(parts) == ids(shuffled) == ids(whole)
    assert parts.encode() == whole.encode()
    assert Reservoir.decode(whole.encode()).encode() == whole.encode()


def test_a_sample_never_grows():
    made = of([f"t{n}" for n in range(1_000)], size=7)

    assert len(made.sample()) == 7


def test_a_weight_of_nothing_is_refused():
    with pytest.raises(ValueError, match="weight of 0"):
        Reservoir[str](1).add("a", "a", weight=0)

"""Heavy hitters: what is frequent is found, and never counted too high."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sketches import heavy_hitters
from app.sketches.heavy_hitters import Frequent, HeavyHitters

KEYS = st.lists(st.sampled_from([f"c-{n}".encode() for n in range(40)]), max_size=400)


def fed(keys: list[bytes], *, most: int, step: int) -> HeavyHitters:
    seen = HeavyHitters(most)
    for start in range(0, len(keys), step):
        seen.add(keys[start : start + step])
        seen.top(1)  # merges
    return seen


def test_few_keys_are_counted_exactly():
    seen = HeavyHitters(most=4)
    seen.add([b"hot"] * 7 + [b"a", b"b"])
    seen.add([b"hot", b"b"])

    assert seen.top(2) == [Frequent(b"hot", 8, 0), Frequent(b"b", 2, 0)]
    assert seen.total == 11


def test_what_is_told_does_not_depend_on_when_it_is_asked():
    keys = [f"c-{n % 7}".encode() for n in range(100)]
    asked, once = fed(keys, most=8, step=9), HeavyHitters(8)
    once.add(keys)

    assert asked.top(8) == once.top(8)


def test_many_keys_are_merged_when_there_are_enough(monkeypatch):
    monkeypatch.setattr(heavy_hitters, "BLOCK", 8)
    seen = HeavyHitters(most=2)
    seen.add(f"c-{n}".encode() for n in range(8))

    assert seen.total == 8  # merged: nobody has asked
    assert seen.unsure == 1


@given(KEYS, st.integers(1, 12), st.integers(1, 60))
def test_a_count_is_never_too_high_and_too_low_by_its_bound_only(keys, most, step):
    truth = Counter(keys)

    seen = fed(keys, most=most, step=step)
    told = {one.key: one for one in seen.top(most)}

    assert len(told) <= most
    assert seen.unsure <= len(keys) / (most + 1)
    for key, count in truth.items():
        least = told[key].times if key in told else 0
        assert least <= count <= least + seen.unsure


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_hot_key_is_first_among_a_hundred_thousand_others(share):
    every = round(1 / share)
    keys = [b"hot" if n % every == 0 else f"c-{n}".encode() for n in range(100_000)]

    (first,) = fed(keys, most=64, step=500).top(1)

    assert first.key == b"hot"
    assert first.times <= 100_000 * share <= first.times + first.unsure

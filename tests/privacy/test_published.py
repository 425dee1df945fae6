"""Published counts: near enough to use, too noisy to find anybody."""

from collections import Counter
from math import exp
from random import Random

import pytest

from app.privacy.published import published

DRAWS = 40_000


def drawn(count: int, *, epsilon: float = 0.5, seed: int) -> Counter[int]:
    chance = Random(seed)  # noqa: S311 - no secret is made
    return Counter(
        published({"a": count}, epsilon=epsilon, most=1, chance=chance)["a"]
        for _ in range(DRAWS)
    )


def test_with_or_without_one_person_nothing_is_much_likelier():
    epsilon = 0.5
    with_one, without = (drawn(n, seed=n) for n in (51, 50))
    often = [value for value in with_one if min(with_one[value], without[value]) > 400]

    assert len(often) > 8
    for value in often:
        ratio = with_one[value] / without[value]
        assert exp(-epsilon) * 0.8 < ratio < exp(epsilon) * 1.25


def test_a_count_is_right_on_average_and_never_below_nothing():
    counts = drawn(100, seed=1)
    small = drawn(0, seed=2)

    assert sum(value * n for value, n in counts.items()) / DRAWS == pytest.approx(
        100, abs=0.1
    )
    assert min(small) == 0


def test_who_may_be_counted_more_often_is_hidden_by_more_noise():
    def spread(most: int) -> float:
        chance = Random(3)  # noqa: S311 - no secret is made
        names = dict.fromkeys(range(2_000), 1_000)
        told = published(names, epsilon=1, most=most, chance=chance)
        return sum(abs(count - 1_000) for count in told.values())

    assert spread(10) > 5 * spread(1)


@pytest.mark.parametrize(("epsilon", "most"), [(0, 1), (-1, 1), (1, 0)])
def test_no_privacy_is_refused(epsilon: float, most: int):
    with pytest.raises(ValueError, match="expected above 0"):
        published({}, epsilon=epsilon, most=most, chance=Random(1))  # noqa: S311

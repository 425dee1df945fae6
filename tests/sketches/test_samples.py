"""Samples: one of all strata, in which the rare are as likely as the common."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations

import pytest
from msgspec.structs import replace
from scipy.stats import chisquare

from app.sketches import samples
from app.sketches.reservoir import Reservoir
from app.sketches.samples import Kept
from app.sketches.seen import LASTS
from tests.scoring.builders import NOON
from tests.sketches.builders import many, observed, rows

RUNS = 10_000
FAIR = 1e-3  # a p-value below it would come by chance once in a thousand changes

SEVEN = [
    observed(0, payments=count, occurred_at=NOON + number % 2 * timedelta(0, LASTS))
    for number, count in enumerate((1, 5, 5, 20, 20, 20, 20))
]
"""Payments of three strata, of one, two and four, in two periods."""
WEIGHTS = (1, 1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 4, 1 / 4)


def whole(run: int) -> list[Kept]:
    """Return the strata of seven payments that two partitions have learnt."""
    parts = rows(), rows()
    for number, one in enumerate(SEVEN):
        samples.learn(parts[number // 2 % 2], replace(one, id=f"{run} {number}"))
    return samples.whole(kept for part in parts for kept in samples.kept(part))


def test_every_pair_is_drawn_as_often_as_its_weights_say_and_sums_are_unbiased():
    """Against the exact chances of successive draws without replacement."""
    drawn: Counter[tuple[int, ...]] = Counter()
    sums: defaultdict[str, float] = defaultdict(float)
    for run in range(RUNS):
        found = samples.weighted(whole(run), size=2)
        drawn[tuple(sorted(int(name.split()[1]) for _, name, _ in found))] += 1
        for stands_for, _, payment in found:
            sums[payment.segment] += stands_for / RUNS
    pairs = list(combinations(range(7), 2))
    chances = [
        WEIGHTS[one] * WEIGHTS[other] / 3 * (1 / (3 - WEIGHTS[one]))
        + WEIGHTS[one] * WEIGHTS[other] / 3 * (1 / (3 - WEIGHTS[other]))
        for one, other in pairs
    ]

    assert sum(drawn.values()) == RUNS
    expected = [RUNS * chance for chance in chances]
    assert chisquare([drawn[pair] for pair in pairs], expected).pvalue > FAIR
    for segment, count in (("new", 1), ("occasional", 2), ("regular", 4)):
        assert sums[segment] == pytest.approx(count, rel=0.05)


def test_a_weighted_sample_is_the_one_that_a_pass_over_all_payments_draws():
    parts = rows(), rows()
    strata: Counter[tuple[str, str, str]] = Counter()
    payments = many(range(3_000))
    for number, one in enumerate(payments):
        samples.learn(parts[number % 2], one)
        strata[one.segment, one.outcome, one.payment.channel] += 1
    at_once = Reservoir[None](samples.WEIGHTED, salt=samples.SALT)
    for one in payments:
        name = one.segment, one.outcome, one.payment.channel
        at_once.add(one.id, None, weight=1 / strata[name])
    kept = [one for part in parts for one in samples.kept(part)]
    found = samples.weighted(samples.whole(kept))

    assert [name for _, name, _ in found] == [one.id for one in at_once.sample()]
    assert samples.weighted(samples.whole(reversed(kept))) == found
    declined = sum(payment.outcome == "decline" for _, _, payment in found)
    assert declined >= 8  # of one payment in fifty


def test_where_all_payments_are_drawn_each_stands_for_itself():
    partition = rows()
    for one in many(range(samples.WEIGHTED)):
        samples.learn(partition, one)
    found = samples.weighted(samples.whole(samples.kept(partition)))

    assert [stands_for for stands_for, _, _ in found] == [1.0] * samples.WEIGHTED

"""The decision policy, against values counted by hand."""

from datetime import timedelta
from itertools import pairwise
from math import inf
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import RuleError
from app.features import catalogue
from app.rules.changes import diff
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import Bands, Ruleset
from app.scoring.backtest import COLUMNS
from app.scoring.policy import Point, Policy, policy
from app.scoring.thresholds import PROBABILITY, candidate, threshold
from tests.scoring.builders import NOON, a_rule, rules_of

SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
    "customer_id": pl.String,
    "amount_minor": pl.Int64,
    "listed": pl.Boolean,
    "fraud": pl.Boolean,
    "channel": pl.String,
    "amount": pl.Float64,
    PROBABILITY: pl.Float64,
}
RULES = rules_of(
    a_rule(name="large", expression="amount > 100", score=50),
    a_rule(name="online", expression="channel = 'online'", score=20, reason="online"),
    a_rule(name="watching", expression="amount > 1", score=90, state="shadow"),
)


def paid(day: int, customer: str, euros: float, **fields: Any) -> dict[str, Any]:
    """Build a payment of the archive, of so many euros, but for the fields named."""
    valid = {
        "id": f"tx-{day}-{customer}-{euros}",
        "occurred_at": NOON + timedelta(days=day),
        "customer_id": customer,
        "amount_minor": round(100 * euros),
        "listed": False,
        "fraud": None,
        "channel": "pos",
        "amount": euros,
        PROBABILITY: None,
    }
    return valid | fields


TWO_DAYS = [
    paid(0, "a", 150, channel="online", fraud=True),  # score 70
    paid(0, "a", 120, fraud=False),  # 50, the same card on the same day
    paid(0, "b", 200),  # 50, no label: honest
    paid(0, "c", 30, channel="online", fraud=True),  # 20
    paid(0, "d", 10),  # 0
    paid(1, "a", 300, fraud=True),  # 50
    paid(1, "c", 40, fraud=True),  # 0, missed by every threshold
]


def weighed(rows: list[dict[str, Any]] = TWO_DAYS, **options: Any) -> Policy:
    """Weigh payments by score, a frame a day, but for the options named."""
    whole = pl.DataFrame(rows, schema=SCHEMA)
    frames = whole.partition_by("occurred_at", maintain_order=True)
    given: dict[str, Any] = {"by": "score", "rules": RULES}
    return policy(frames, **(given | options))


def test_each_threshold_is_counted_as_by_hand() -> None:
    found = weighed(review_cost=500)

    assert (found.days, found.payments, found.ranked) == (2, 7, 7)
    assert (found.frauds, found.at_risk) == (4, 52_000)
    assert (found.since, found.until) == (NOON, NOON + timedelta(days=1))
    assert found.curve == [
        Point(None, 0.0, 0, 0, 52_000, 52_000),
        Point(70.0, 0.5, 1, 15_000, 37_000, 37_500),  # a on the first day
        Point(50.0, 1.5, 2, 45_000, 7_000, 8_500),  # and b, and a on the second
        Point(20.0, 2.0, 3, 48_000, 4_000, 6_000),  # and c on the first
    ]
    assert found.present == Point(40.0, 1.5, 2, 45_000, 7_000, 8_500)


@pytest.mark.parametrize(
    ("capacity", "chosen"), [(0, None), (1, 70.0), (1.5, 50.0), (2, 20.0), (100, 20.0)]
)
def test_what_can_be_reviewed_bounds_the_threshold(
    capacity: float, chosen: float | None
) -> None:
    found = weighed(capacity=capacity).by_capacity

    assert (found.threshold if found else None) == chosen


@pytest.mark.parametrize(
    ("cost", "chosen"),
    [
        (0, 20.0),
        (2_999, 20.0),
        (3_000, 50.0),  # the last card saves 3,000: as much as it costs
        (14_999, 50.0),
        (15_000, None),  # three cards save 45,000: nothing is worth its review
    ],
)
def test_the_cheapest_threshold_follows_from_what_a_review_costs(
    cost: int, chosen: float | None
) -> None:
    found = weighed(review_cost=cost).by_cost

    assert found is not None
    assert found.threshold == chosen


def test_a_rule_that_reviews_whatever_the_score_is_reviewed_at_any_threshold() -> None:
    rules = rules_of(
        a_rule(name="by-hand", expression="amount > 250", score=0, action="review"),
        a_rule(name="large", expression="amount > 100", score=50),
    )
    found = weighed(rules=rules)

    assert [one.threshold for one in found.curve] == [None, 100.0, 50.0]
    assert found.curve[1].stopped == 30_000


def test_what_a_list_decided_is_left_out() -> None:
    rows = [row | {"listed": row["customer_id"] == "a"} for row in TWO_DAYS]
    found = weighed(rows)

    assert (found.payments, found.at_risk) == (4, 7_000)


def test_the_model_ranks_where_it_has_scored() -> None:
    rows = [
        paid(0, "a", 10, model_probability=0.9, fraud=True),
        paid(0, "b", 1000, model_probability=0.123456, fraud=True),
        paid(0, "c", 5, model_probability=0.5),
        paid(1, "d", 5),
    ]
    probable = weighed(rows, by="probability")
    risky = weighed(rows, by="risk")

    assert (probable.payments, probable.ranked, probable.days) == (4, 3, 1)
    assert [(one.threshold, one.stopped) for one in probable.curve] == [
        (None, 0), (0.9, 1_000), (0.5, 1_000), (0.123, 101_000),
    ]  # fmt: skip
    assert [(one.threshold, one.stopped) for one in risky.curve] == [
        (None, 0), (123.0, 100_000), (9.0, 101_000), (2.5, 101_000),
    ]  # fmt: skip
    assert (probable.present, risky.present) == (None, None)


@pytest.mark.parametrize("by", ["score", "probability", "risk"])
@pytest.mark.parametrize("rows", [[], [paid(0, "a", 5, listed=True)]])
def test_nothing_is_chosen_on_nothing(by: Any, rows: list[dict[str, Any]]) -> None:
    found = weighed(rows, by=by)

    assert (found.ranked, found.days, found.curve) == (0, 0, [])
    assert (found.present, found.by_capacity, found.by_cost) == (None, None, None)


@given(
    rows=st.lists(
        st.builds(
            lambda day, customer, euros, fraud, probability: paid(
                day, customer, euros, fraud=fraud, model_probability=probability
            ),
            st.integers(0, 3),
            st.sampled_from("abcd"),
            st.integers(1, 500),
            st.none() | st.booleans(),
            st.floats(0, 1, width=32),
        ),
        min_size=1,
        max_size=40,
    ),
    by=st.sampled_from(["score", "probability", "risk"]),
)
@settings(max_examples=50)
def test_laxer_thresholds_review_more_and_miss_less(
    rows: list[dict[str, Any]], by: Any
) -> None:
    found = weighed(rows, by=by, review_cost=300)

    curve = found.curve
    for strict, lax in pairwise(curve):
        assert strict.cards_per_day <= lax.cards_per_day
        assert strict.stopped <= lax.stopped
    for one in curve:
        assert one.stopped + one.missed == found.at_risk
        cards = round(one.cards_per_day * found.days)
        assert one.cost == cards * 300 + one.missed
    assert found.by_cost is not None
    assert found.by_cost.cost == min(one.cost for one in curve)


def test_a_long_curve_is_told_in_two_hundred_points_dense_where_few_are_reviewed() -> (
    None
):
    rows = [
        paid(0, f"c-{n}", 1, model_probability=(n + 1) / 10_000) for n in range(9_000)
    ]
    found = weighed(rows, by="probability").curve

    assert 100 < len(found) <= 202
    assert [one.cards_per_day for one in found[:4]] == [0, 1, 11, 21]
    assert found[-1].cards_per_day == 9_000


# ---- A threshold as a ruleset


def test_a_threshold_of_the_score_is_another_band() -> None:
    before = RULES.ruleset
    lower = candidate("score", before, at=30, author="mia")
    higher = candidate("score", before, at=90, author="mia")

    assert lower.bands == Bands(review_from=30, decline_from=80)
    assert higher.bands == Bands(review_from=90, decline_from=90)
    assert lower.rules == before.rules
    assert threshold("score", lower) == 30


@pytest.mark.parametrize(
    ("by", "expression"),
    [
        ("probability", "model_probability >= 0.37"),
        ("risk", "model_probability * amount >= 0.37"),
    ],
)
def test_a_threshold_of_the_model_is_a_rule_that_reviews(
    by: Any, expression: str
) -> None:
    after = candidate(by, RULES.ruleset, at=0.37, author="mia")
    rule = after.rules[-1]

    assert (rule.expression, rule.action, rule.author) == (expression, "review", "mia")
    assert threshold(by, after) == 0.37
    again = candidate(by, after, at=0.5, author="mia")
    assert [change.name for change in diff(after, again)] == [rule.name]
    assert threshold(by, again) == 0.5
    assert compile_ruleset(after, catalogue.READABLE).ruleset == after


@pytest.mark.parametrize("at", [1_234_567.0, 1e-5, 2.5e17])
def test_a_threshold_of_any_size_is_found_again(at: float) -> None:
    after = candidate("risk", RULES.ruleset, at=at, author="mia")

    assert threshold("risk", after) == at
    assert compile_ruleset(after, catalogue.READABLE).ruleset == after


def test_a_rule_that_compares_the_probability_already_is_the_one_that_changes() -> None:
    rule = a_rule(name="suspect", expression="model_probability >= 0.5", score=20)
    sure = a_rule(name="sure", expression="model_probability >= 0.9", action="decline")
    bands = Bands(review_from=40, decline_from=80)
    before = Ruleset(bands=bands, rules=[sure, rule])
    after = candidate("probability", before, at=0.4, author="mia")

    changed = after.rules[1]
    assert (changed.name, changed.action) == ("suspect", "review")
    assert changed.expression == "model_probability >= 0.4"
    assert after.rules[0] == sure


@pytest.mark.parametrize(
    ("by", "at"),
    [("score", 0), ("score", 101), ("probability", 1.5), ("risk", -1), ("risk", inf)],
)
def test_what_is_no_threshold_is_refused(by: Any, at: float) -> None:
    with pytest.raises(RuleError, match="expected a number above 0"):
        candidate(by, RULES.ruleset, at=at, author="mia")


def test_the_archive_has_what_a_policy_reads() -> None:
    assert {"occurred_at", "customer_id", "amount_minor", "listed"} <= set(COLUMNS)

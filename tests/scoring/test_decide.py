"""Outcomes, scores and hits of a batch."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.decisions import Hit
from app.features.catalogue import READABLE
from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.ruleset import default_ruleset
from app.scoring.decide import Evaluation, decide
from tests.scoring.builders import a_payment, a_rule, a_vector, rules_of

LARGE = a_vector(amount=150.0)


def decide_one(
    rules: CompiledRuleset, vector: list[float | None] = LARGE
) -> Evaluation:
    (evaluation,) = decide([vector], [a_payment()], rules=rules)
    return evaluation


def test_a_hit_names_the_rule_the_value_the_threshold_and_the_reason() -> None:
    actual = decide_one(rules_of(a_rule()))

    assert actual.hits == [
        Hit(
            rule="large-amount",
            value=150.0,
            threshold=100.0,
            reason="150.00, the limit is 100",
            score=50.0,
            action="score",
        )
    ]


def test_a_payment_that_no_rule_suspects_is_approved() -> None:
    actual = decide_one(rules_of(a_rule()), a_vector(amount=99.0))

    assert actual == Evaluation("approve", 0.0, [], [])


def test_an_unknown_number_is_no_hit() -> None:
    actual = decide_one(rules_of(a_rule()), a_vector(amount=None))

    assert actual.outcome == "approve"


@pytest.mark.parametrize(
    ("score", "action", "outcome"),
    [
        (39.0, "score", "approve"),
        (40.0, "score", "review"),
        (79.0, "score", "review"),
        (80.0, "score", "decline"),
        (0.0, "review", "review"),
        (80.0, "review", "decline"),
        (0.0, "decline", "decline"),
    ],
)
def test_the_outcome_follows_the_bands_and_is_at_least_the_action(
    score: float, action: str, outcome: str
) -> None:
    actual = decide_one(rules_of(a_rule(score=score, action=action)))

    assert (actual.score, actual.outcome) == (score, outcome)


def test_scores_add_up_to_100_at_most_in_the_order_of_the_rules() -> None:
    names = ["one", "two", "three"]

    actual = decide_one(rules_of(*(a_rule(name=name) for name in names)))

    assert actual.score == 100.0
    assert [hit.rule for hit in actual.hits] == names


def test_a_shadow_rule_is_told_apart_and_counts_for_nothing() -> None:
    shadow = a_rule(name="ghost", state="shadow", score=100.0, action="decline")

    alone = decide_one(rules_of(shadow))
    beside = decide_one(rules_of(a_rule(), shadow))

    assert alone == Evaluation("approve", 0.0, [], ["ghost"])
    assert (beside.score, beside.shadows) == (50.0, ["ghost"])
    assert [hit.rule for hit in beside.hits] == ["large-amount"]


def test_a_rule_that_is_off_does_nothing() -> None:
    actual = decide_one(rules_of(a_rule(state="off")))

    assert actual == Evaluation("approve", 0.0, [], [])


def test_facts_of_the_payment_itself_can_be_asked_for() -> None:
    rule = a_rule(
        expression="channel = 'online' AND country <> 'NL'",
        reason="{amount:.0f} paid {channel} in {country}, category {merchant_category}",
    )
    payments = [
        a_payment(channel="online", country="BR"),
        a_payment(channel="online"),
        a_payment(country="BR"),
    ]

    abroad, nowhere, in_person = decide([LARGE] * 3, payments, rules=rules_of(rule))

    assert [hit.reason for hit in abroad.hits] == [
        "150 paid online in BR, category unknown"
    ]
    assert (abroad.hits[0].value, abroad.hits[0].threshold) == (None, None)
    assert (nowhere.hits, in_person.hits) == ([], [])


def test_value_threshold_and_further_figures_are_computed_per_payment() -> None:
    rule = a_rule(
        expression="amount > 2 * customer_mean_amount_30d",
        figures={"usual": "customer_count_30d / 30"},
        reason="{value:.0f} over {threshold:.0f}; {usual:.1f} a day",
    )
    vectors = [
        a_vector(amount=90.0, customer_mean_amount_30d=40.0, customer_count_30d=60.0),
        a_vector(amount=10.0),
        a_vector(amount=61.0, customer_mean_amount_30d=30.0, customer_count_30d=45.0),
    ]

    actual = decide(vectors, [a_payment()] * 3, rules=rules_of(rule))

    assert [[hit.reason for hit in each.hits] for each in actual] == [
        ["90 over 80; 2.0 a day"],
        [],
        ["61 over 60; 1.5 a day"],
    ]


def test_nothing_is_decided_on_nothing() -> None:
    assert decide([], [], rules=rules_of(a_rule())) == []


def test_without_rules_every_payment_is_approved() -> None:
    actual = decide([LARGE] * 2, [a_payment()] * 2, rules=rules_of())

    assert [each.outcome for each in actual] == ["approve", "approve"]


_numbers = st.none() | st.floats(0, 1e6) | st.sampled_from([0.0, 1.0, 5.0, 1e5])


@given(vectors=st.lists(st.tuples(*[_numbers] * len(READABLE)), max_size=12))
@settings(max_examples=60)
def test_a_payment_is_decided_alone_as_in_any_batch(
    vectors: list[tuple[float | None, ...]],
) -> None:
    rules = compile_ruleset(default_ruleset(), READABLE)
    channels = ["pos", "online", "atm", "transfer"] * 3
    payments = [a_payment(channel=c) for c in channels[: len(vectors)]]

    together = decide(vectors, payments, rules=rules)
    alone = [
        decide([vector], [payment], rules=rules)[0]
        for vector, payment in zip(vectors, payments, strict=True)
    ]

    assert msgspec.json.encode(together) == msgspec.json.encode(alone)

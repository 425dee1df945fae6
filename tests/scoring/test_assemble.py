"""Decisions put together from a batch."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from app.events.decisions import Decision, Timings, Versions
from app.events.payments import ProfiledPayment
from app.features.catalogue import PROFILE, READABLE
from app.rules.compiled import compile_ruleset
from app.rules.errors import BadRule
from app.scoring.assemble import decisions, score
from app.scoring.scorers import Scorers
from tests.scoring.builders import (
    NOON,
    a_model,
    a_payment,
    a_rule,
    a_vector,
    rules_of,
)
from tests.scoring.test_aggregated import an_aggregate

VERSIONS = Versions(ruleset="7", features="abc")
RULES = rules_of(a_rule())


def decide_all(*amounts: float) -> list[Decision]:
    """Decide payments of those amounts, one a second."""
    vectors = [a_vector(amount=amount) for amount in amounts]
    return decisions(
        [
            ProfiledPayment(a_payment(id=f"tx-{i}"), vector[: len(PROFILE)])
            for i, vector in enumerate(vectors)
        ],
        [vector[:-1] for vector in vectors],
        profiled_at=[NOON + timedelta(seconds=i) for i in range(len(vectors))],
        rules=RULES,
        versions=VERSIONS,
    )


def test_a_decision_carries_the_whole_evaluation_of_its_payment() -> None:
    first, second = decide_all(42.0, 150.0)

    assert (first.id, first.outcome, first.hits) == ("tx-0", "approve", [])
    assert (second.id, second.outcome, second.score) == ("tx-1", "review", 50.0)
    assert [hit.rule for hit in second.hits] == ["large-amount"]
    told = dict(zip(READABLE, a_vector(amount=150.0), strict=True))
    assert None in told.values()
    assert msgspec.to_builtins(second.features) == {
        name: value for name, value in told.items() if value is not None
    }
    assert second.versions == VERSIONS
    assert second.timings == Timings(NOON, NOON, NOON + timedelta(seconds=1))
    assert second.payment == a_payment(id="tx-1")


def test_the_same_batch_gives_the_same_bytes() -> None:
    once, again = (msgspec.json.encode(decide_all(42.0, 150.0)) for _ in range(2))

    assert once == again


def test_a_decision_survives_the_wire() -> None:
    decision = decide_all(150.0)[0]

    actual = msgspec.json.decode(msgspec.json.encode(decision), type=Decision)

    assert msgspec.to_builtins(actual) == msgspec.to_builtins(decision)


def test_features_that_do_not_match_the_rules_are_not_decided_on() -> None:
    with pytest.raises(ValueError, match=f"numbers, expected {len(READABLE)}"):
        decisions(
            [ProfiledPayment(a_payment(), [1.0] * 3)],
            [[0.0]],
            profiled_at=[NOON],
            rules=rules_of(),
            versions=VERSIONS,
        )


def test_a_rule_reads_the_model_s_probability_and_what_is_flagged_tells_why() -> None:
    rule = a_rule(name="model", expression="model_probability > 0.5")
    vectors = [a_vector(amount=amount)[:-1] for amount in (42.0, 480.0)]
    scorers = Scorers(live=a_model(), shadow=a_model(rounds=30))

    calm, suspect = decisions(
        [ProfiledPayment(a_payment(), vector[: len(PROFILE)]) for vector in vectors],
        vectors,
        profiled_at=[NOON] * 2,
        rules=rules_of(rule),
        versions=VERSIONS,
        scores=scorers.score(vectors),
    )

    told = [
        msgspec.to_builtins(one.features)["model_probability"]
        for one in (calm, suspect)
    ]
    assert told == a_model().score(vectors).tolist()
    shadow = a_model(rounds=30).score(vectors).tolist()
    assert [calm.shadow_probability, suspect.shadow_probability] == shadow
    assert (calm.outcome, calm.contributions) == ("approve", [])
    assert suspect.hits[0].value == told[1]
    assert suspect.contributions[0].reason == "amount of 480.00 raises the risk most"
    assert suspect.versions.model == a_model().version
    assert suspect.versions.shadow == a_model(rounds=30).version


def test_a_model_reads_what_the_ruleset_aggregates_and_null_where_it_does_not() -> None:
    scorers = Scorers(live=a_model(aggregate="card_1h"), shadow=a_model())
    vectors = [a_vector(amount=60.0, terminal_days_of_run=30.0)[:-1]] * 2
    aggregates: tuple[dict[str, float | None], ...] = ({"card_1h": 30.0}, {})
    batch = [
        ProfiledPayment(a_payment(), vector[: len(PROFILE)], aggregates=told)
        for vector, told in zip(vectors, aggregates, strict=True)
    ]
    card = an_aggregate(name="card_1h", entity="card")
    rule = a_rule(name="model", expression="model_probability > 0.5")
    without = rules_of(rule)
    declared = compile_ruleset(
        replace(without.ruleset, aggregates=[card]), tuple(READABLE)
    )

    found = {}
    for name, rules in (("declared", declared), ("without", without)):
        scores = score(batch, vectors, rules=rules, scorers=scorers)
        found[name] = scores.live
        (first, second) = decisions(
            batch,
            vectors,
            profiled_at=[NOON] * 2,
            rules=rules,
            versions=VERSIONS,
            scores=scores,
        )
        if name == "declared":
            assert first.outcome == "review"
            assert first.contributions[0].feature == "card_1h"
            assert first.contributions[0].value == 30.0
            told = msgspec.to_builtins(first.features)
            assert told["model_probability"] == scores.live[0]
        assert second.outcome == "approve"
        assert first.shadow_probability == a_model().score(vectors)[0]

    assert scorers.live
    table = np.array([[60.0, 1.1, 30.0], [60.0, 1.1, np.nan]])
    many, unknown = scorers.live.score_table(table).tolist()
    assert found == {"declared": [many, unknown], "without": [unknown, unknown]}


def test_no_rule_reads_the_shadow_s_probability() -> None:
    with pytest.raises(BadRule, match="shadow_probability"):
        rules_of(a_rule(expression="shadow_probability > 0.5"))

"""Decisions put together from a batch."""

from datetime import timedelta

import msgspec
import pytest

from app.events.decisions import Decision, Timings, Versions
from app.events.payments import ProfiledPayment
from app.features.catalogue import NAMES, PROFILE
from app.scoring.assemble import decisions
from tests.scoring.builders import NOON, a_payment, a_rule, a_vector, rules_of

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
        [vector[len(PROFILE) :] for vector in vectors],
        profiled_at=[NOON + timedelta(seconds=i) for i in range(len(vectors))],
        rules=RULES,
        versions=VERSIONS,
    )


def test_a_decision_carries_the_whole_evaluation_of_its_payment() -> None:
    first, second = decide_all(42.0, 150.0)

    assert (first.id, first.outcome, first.hits) == ("tx-0", "approve", [])
    assert (second.id, second.outcome, second.score) == ("tx-1", "review", 50.0)
    assert [hit.rule for hit in second.hits] == ["large-amount"]
    assert msgspec.to_builtins(second.features) == dict(
        zip(NAMES, a_vector(amount=150.0), strict=True)
    )
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
    with pytest.raises(TypeError, match="argument"):
        decisions(
            [ProfiledPayment(a_payment(), [1.0] * 3)],
            [[0.0]],
            profiled_at=[NOON],
            rules=rules_of(),
            versions=VERSIONS,
        )

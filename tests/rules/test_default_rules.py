"""The contract of every rule that ships: it fires, and its reason is whole."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.features.catalogue import READABLE
from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.ruleset import Rule, default_ruleset
from app.scoring.decide import Evaluation, decide
from tests.scoring.builders import a_payment, a_vector

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "rules.md"
RULES = default_ruleset().rules
SUSPECTS: dict[str, tuple[dict[str, float], dict[str, str]]] = {
    "large-amount": ({"amount": 250.0, "amount_to_customer_mean": 1.6}, {}),
    "amount-out-of-pattern": ({"amount": 131.0, "amount_to_customer_mean": 3.2}, {}),
    "transfer-out-of-pattern": (
        {"amount": 210.0, "amount_to_customer_mean": 5.2},
        {"channel": "transfer"},
    ),
    "spending-surge": (
        {"customer_mean_amount_1d": 101.0, "customer_count_1d": 3.0},
        {},
    ),
    "burst-of-payments": ({"customer_count_1d": 8.0}, {}),
    "card-testing": (
        {
            "amount": 1.0,
            "amount_to_customer_mean": 0.02,
            "customer_count_1d": 6.0,
            "seconds_since_last_payment": 20.0,
        },
        {"channel": "online"},
    ),
    "impossible-speed": (
        {"kmh_since_last_payment": 1500.0, "km_since_last_payment": 3000.0},
        {},
    ),
    "card-away-from-phone": (
        {
            "phone_km": 312.0,
            "phone_seconds": 40.0,
            "phone_accuracy_m": 8.0,
            "phone_kmh": 11_195.0,
        },
        {},
    ),
    "phone-away-from-card": (
        {
            "phone_km": 312.0,
            "phone_seconds": -40.0,
            "phone_accuracy_m": 8.0,
            "phone_kmh": 11_195.0,
        },
        {},
    ),
    "phone-teleports": ({"phone_own_kmh": 2_000.0}, {}),
    "phone-doubted": ({"phone_doubts": 1.0}, {}),
    "large-amount-far-away": (
        {"km_since_last_payment": 301.0, "amount_to_customer_mean": 2.2},
        {},
    ),
    "cash-at-night": (
        {"amount_to_customer_mean": 2.7, "is_night": 1.0},
        {"channel": "atm"},
    ),
    "dormant-customer-wakes": (
        {"seconds_since_last_payment": 1_500_000.0, "amount_to_customer_mean": 2.1},
        {},
    ),
    "terminal-with-recent-fraud": (
        {"terminal_risk_7d": 0.3, "terminal_count_7d": 10.0},
        {},
    ),
    "terminal-with-fraud-history": (
        {"terminal_risk_30d": 0.12, "terminal_count_30d": 25.0},
        {},
    ),
    "cash-machine-tilted": (
        {"atm_tilt_degrees": 14.0, "atm_seconds_since_tilt": 2_100.0},
        {},
    ),
    "cash-machine-tampered-with": (
        {
            "atm_alarms_24h": 5.0,
            "atm_alarm_kinds_24h": 3.0,
            "atm_seconds_since_alarm": 90.0,
        },
        {},
    ),
    "model-suspects-fraud": ({"model_probability": 0.62}, {}),
    "model-is-sure-of-fraud": ({"model_probability": 0.97}, {}),
    "session-of-a-stranger": (
        {
            "session_new_device": 1.0,
            "session_new_network": 1.0,
            "session_new_country": 0.0,
            "amount_to_customer_mean": 1.6,
        },
        {"channel": "online"},
    ),
    "new-beneficiary-paid-at-once": (
        {"minutes_since_beneficiary_added": 3.0, "amount_to_customer_mean": 3.1},
        {"channel": "transfer"},
    ),
    "log-ins-failed-before": ({"session_failed_log_ins": 3.0}, {"channel": "online"}),
    "access-changed-then-paid": (
        {"minutes_since_limit_changed": 5.0, "amount_to_customer_mean": 2.1},
        {"channel": "transfer"},
    ),
    "scripted-session": (
        {"session_seconds_an_action": 0.3, "session_actions": 8.0},
        {},
    ),
    "session-out-of-order": (
        {
            "session_surprise": 4.2,
            "session_surprise_for_all": 4.4,
            "session_actions": 6.0,
        },
        {"channel": "transfer"},
    ),
    "moves-with-others": (
        {"peer_group_size": 8.0, "peer_group_frauds": 1.0},
        {"channel": "online"},
    ),
    "merchant-known-for-fraud": (
        {"merchant_frauds_elsewhere_30d": 9.0, "merchant_count_30d": 120.0},
        {},
    ),
    "risky-merchant-category": (
        {"amount_to_customer_mean": 2.5},
        {"merchant_category": "7995"},
    ),
}


@pytest.fixture(params=RULES, ids=lambda rule: rule.name)
def rule(request: pytest.FixtureRequest) -> Rule:
    """Give each rule of the shipped ruleset in turn."""
    found: Rule = request.param
    return found


def evaluate(
    rules: CompiledRuleset, features: dict[str, float], facts: dict[str, str]
) -> Evaluation:
    """Evaluate an ordinary payment, but for the features and facts named."""
    vector = a_vector(**features)
    return decide([vector], [a_payment(**facts)], rules=rules)[0]


def alone(rule: Rule) -> CompiledRuleset:
    """Compile the shipped ruleset with one rule only, live."""
    ruleset = default_ruleset()
    live = replace(rule, state="live")
    return compile_ruleset(replace(ruleset, rules=[live]), READABLE)


def numbers(reason: str) -> list[tuple[float, float]]:
    """Read the numbers of a reason, each with the rounding it was printed with."""
    found = re.findall(r"(\d[\d,]*)(\.\d+)?(%)?", reason)
    return [
        (
            float(whole.replace(",", "") + rest) / (100 if percent else 1),
            0.51 * 10 ** -max(len(rest) - 1, 0) / (100 if percent else 1),
        )
        for whole, rest, percent in found
    ]


def test_a_rule_fires_on_its_suspect_and_its_value_breaks_its_threshold(
    rule: Rule,
) -> None:
    (hit,) = evaluate(alone(rule), *SUSPECTS[rule.name]).hits

    assert hit.rule == rule.name
    assert hit.value is not None
    assert hit.threshold is not None
    assert hit.value >= hit.threshold


def test_the_reason_of_a_rule_prints_both_numbers(rule: Rule) -> None:
    (hit,) = evaluate(alone(rule), *SUSPECTS[rule.name]).hits

    for number in (hit.value, hit.threshold):
        assert number is not None
        assert any(abs(number - n) <= by for n, by in numbers(hit.reason)), hit.reason


def test_no_rule_fires_on_an_ordinary_payment(rule: Rule) -> None:
    assert evaluate(alone(rule), {}, {}).hits == []


def test_no_rule_fires_on_what_is_unknown(rule: Rule) -> None:
    unknown = dict.fromkeys(READABLE)
    _, facts = SUSPECTS[rule.name]

    (evaluation,) = decide(
        [a_vector(**unknown)], [a_payment(**facts)], rules=alone(rule)
    )

    assert evaluation.hits == []


def test_the_ruleset_has_at_least_ten_live_rules_and_names_its_version() -> None:
    ruleset = default_ruleset()

    assert sum(rule.state == "live" for rule in ruleset.rules) >= 10
    assert len(ruleset.version) == 12


def test_every_rule_and_the_bands_are_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    documented = re.findall(
        r"^\| `([a-z0-9-]+)` \| ([\d.]+|shadow) \|", text, re.MULTILINE
    )

    assert documented == [
        (rule.name, f"{rule.score:g}" if rule.state == "live" else rule.state)
        for rule in RULES
    ]


@pytest.mark.parametrize(
    ("features", "facts", "outcome"),
    [
        ({}, {}, "approve"),
        (SUSPECTS["terminal-with-recent-fraud"][0], {}, "review"),
        (SUSPECTS["burst-of-payments"][0], {}, "approve"),
        ({"amount": 300.0, "amount_to_customer_mean": 7.5}, {}, "decline"),
        (SUSPECTS["model-suspects-fraud"][0], {}, "review"),
        (SUSPECTS["model-is-sure-of-fraud"][0], {}, "decline"),
        (SUSPECTS["impossible-speed"][0], {}, "decline"),
        (
            SUSPECTS["card-testing"][0] | {"customer_count_1d": 9.0},
            {"channel": "online"},
            "decline",
        ),
        (
            {"amount": 900.0, "amount_to_customer_mean": 4.0},
            {"channel": "transfer"},
            "review",
        ),
    ],
)
def test_the_outcome_is_what_a_bank_would_want(
    features: dict[str, float], facts: dict[str, str], outcome: str
) -> None:
    rules = compile_ruleset(default_ruleset(), READABLE)

    actual = evaluate(rules, features, facts)

    assert actual.outcome == outcome

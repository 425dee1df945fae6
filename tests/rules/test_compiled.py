"""Rulesets made ready: which columns are read, which rules are refused."""

from typing import Any

import polars as pl
import pytest

from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.errors import BadRule
from app.rules.ruleset import Bands, Rule, Ruleset

FEATURES = ("amount", "customer_count_1d", "is_night")


def compiled(*rules: dict[str, Any]) -> CompiledRuleset:
    """Compile rules written with valid fields but for those named."""
    valid: dict[str, Any] = {
        "name": "large-amount",
        "expression": "amount > 100",
        "score": 50.0,
        "reason": "{value:.2f}, the limit is {threshold:.0f}",
    }
    bands = Bands(review_from=40, decline_from=80)
    ruleset = Ruleset(bands=bands, rules=[Rule(**(valid | rule)) for rule in rules])
    return compile_ruleset(ruleset, FEATURES)


def test_only_columns_that_a_rule_or_its_reason_reads_are_needed() -> None:
    rules = compiled(
        {"reason": "{amount:.2f} by {channel}"},
        {"name": "often", "expression": "customer_count_1d > 5", "state": "shadow"},
        {"name": "night", "expression": "is_night = 1", "state": "off"},
    )

    assert rules.fields == {
        "amount": "number",
        "customer_count_1d": "number",
        "channel": "text",
    }


def test_all_rules_are_one_select_on_any_frame_that_has_the_columns() -> None:
    rules = compiled({}, {"name": "often", "expression": "customer_count_1d > 5"})
    frame = pl.DataFrame({"amount": [99.0, 101.0], "customer_count_1d": [6.0, None]})

    actual = rules.conditions(frame)

    assert actual.to_dict(as_series=False) == {
        "large-amount": [False, True],
        "often": [True, None],
    }


def test_a_rule_whose_field_is_null_in_every_row_is_not_evaluated() -> None:
    rules = compiled({}, {"name": "often", "expression": "customer_count_1d > 5"})
    often = {"customer_count_1d": pl.Series([None, None], dtype=pl.Float64)}
    frame = pl.DataFrame({"amount": [99.0, 101.0], **often})

    assert rules.conditions(frame).columns == ["large-amount"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"expression": "amuont > 1"},
            "rule large-amount, expression: line 1, column 1: got field 'amuont'",
        ),
        ({"expression": "amount"}, "rule large-amount, expression: "),
        ({"value": "nosuch"}, "rule large-amount, value: "),
        ({"threshold": "amount > 1"}, "rule large-amount, threshold: "),
        ({"figures": {"usual": "1 +"}}, "rule large-amount, usual: "),
        ({"figures": {"amount": "1"}}, "figures: got a figure with a name that is ta"),
        ({"figures": {"value": "1"}}, "figures: got a figure with a name that is ta"),
        ({"reason": "{treshold:.1f}"}, "reason: got word {treshold}, expected 'thre"),
        ({"reason": "{channel:.1f}"}, "rule large-amount, reason: got format"),
        (
            {"expression": "channel = 'pos'", "reason": "{value:.1f}"},
            "rule large-amount, reason: got word {value}",
        ),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_refused_by_name_and_field(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRule) as refusal:
        compiled(changes)

    assert message in str(refusal.value)


def test_a_rule_that_is_off_may_read_what_is_no_longer_there() -> None:
    rules = compiled({"expression": "gone > 1", "state": "off"})

    assert rules.rules == ()

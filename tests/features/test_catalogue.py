"""The catalogue: every feature is documented as it is, in the order of the wire."""

from pathlib import Path

import pytest

from app.features.catalogue import ALL, NAMES, Feature
from app.rules.expression import compile_expression

TEXT = (Path(__file__).parent.parent.parent / "docs" / "features.md").read_text("utf-8")
IN_RULES = "(terminal_risk_30d * terminal_count_30d + 0.2) / (terminal_count_30d + 20)"

OF_MERCHANTS = "(merchant_frauds_elsewhere_30d + 0.2) / (merchant_count_30d + 20)"


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
def test_a_feature_is_documented_with_its_owner_its_unit_and_its_meaning(
    feature: Feature,
):
    row = f"| `{feature.name}` | {feature.owner} | {feature.unit} | {feature.meaning} |"

    assert row in TEXT


def test_no_feature_is_documented_that_is_not_there():
    table = TEXT.partition("\n## ")[0]
    told = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]

    assert told == NAMES


@pytest.mark.parametrize("shown", [IN_RULES, OF_MERCHANTS])
def test_the_smoothing_that_is_shown_is_in_the_language(shown: str):
    assert shown in TEXT
    compile_expression(shown, dict.fromkeys(NAMES, "number"), kind="number")

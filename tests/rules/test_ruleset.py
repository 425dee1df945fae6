"""Rulesets as written: defaults, versions, errors that name rule and field."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.errors import RuleError
from app.rules.errors import BadRule
from app.rules.ruleset import Ruleset, default_ruleset, load_ruleset, read_ruleset


def rule(**changes: Any) -> dict[str, Any]:
    """Write a rule as a person would, with valid fields but for the changes."""
    valid = {
        "name": "large-amount",
        "expression": "amount > 100",
        "score": 50,
        "reason": "{amount:.2f}",
    }
    return valid | changes


def document(*rules: dict[str, Any], **changes: Any) -> bytes:
    """Write a ruleset as JSON."""
    bands = {"review_from": 40, "decline_from": 80}
    return msgspec.json.encode({"bands": bands, "rules": rules} | changes)


def test_a_rule_is_live_adds_its_score_and_says_who_wrote_it_unless_told() -> None:
    actual = read_ruleset(document(rule())).rules[0]

    assert (actual.state, actual.action) == ("live", "score")
    assert (actual.version, actual.author) == (1, "smartbank")


def test_a_ruleset_survives_the_wire() -> None:
    ruleset = default_ruleset()

    actual = read_ruleset(msgspec.json.encode(ruleset))

    assert actual == ruleset


def test_the_version_changes_with_what_the_rules_say_and_with_nothing_else() -> None:
    version = read_ruleset(document(rule())).version

    assert read_ruleset(document(rule())).version == version
    assert read_ruleset(document(rule(), author="ada")).version == version
    assert read_ruleset(document(rule(score=51))).version != version
    assert read_ruleset(document(rule(), version="7")).version == "7"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": "Large Amount"}, "name", "rule Large Amount, name: got 'Large"),
        ({"score": 101}, "score", "got 101, expected float <= 100"),
        ({"score": "high"}, "score", "got 'high', expected float"),
        ({"action": "block"}, "action", "got 'block', expected one of decline,"),
        ({"state": "on"}, "state", "got 'on', expected one of live, off, shadow"),
        ({"expression": ""}, "expression", "length >= 1"),
        ({"expression": "x" * 2001}, "expression", "length <= 2000"),
        ({"treshold": "5"}, "treshold", "got a value, expected no such field"),
        ({"figures": {"Usual": "1"}}, "figures", "rule large-amount, figures"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_by_name_and_field(
    changes: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(BadRule) as refusal:
        read_ruleset(document(rule(name="fine"), rule(**changes)))

    assert field in refusal.value.field
    assert message in str(refusal.value)


def test_a_rule_without_a_name_is_refused_by_its_number() -> None:
    nameless = rule()
    del nameless["name"]

    with pytest.raises(BadRule, match="rule number 2, name: got nothing, expected a"):
        read_ruleset(document(rule(), nameless))


def test_a_name_is_given_once() -> None:
    with pytest.raises(BadRule, match="large-amount, name: got it twice"):
        read_ruleset(document(rule(), rule()))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "expected JSON with bands and rules"),
        (b"[]", "ruleset: Expected `object`, got `array`"),
        (b"\xff", "ruleset: "),
        (b"[" * 5000, "ruleset: "),
        (document(bands={"review_from": 1}), "missing required field `decline_from`"),
        (document(extra=1), "unknown field `extra`"),
        (
            document(bands={"review_from": 90, "decline_from": 80}),
            "got review_from 90.0 above decline_from 80.0",
        ),
    ],
)
def test_a_ruleset_that_does_not_fit_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(RuleError) as refusal:
        read_ruleset(data)

    assert message in str(refusal.value)


def test_a_file_is_read_by_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_bytes(document(rule()))
    (tmp_path / "rules.toml").write_text(
        "bands = { review_from = 40, decline_from = 80 }\n"
        "[[rules]]\nname = 'large-amount'\nexpression = 'amount > 100'\n"
        "score = 50\nreason = '{amount:.2f}'\n",
        encoding="utf-8",
    )

    of_json, of_toml = (load_ruleset(tmp_path / f"rules.{s}") for s in ("json", "toml"))

    assert of_json == of_toml
    assert isinstance(of_json, Ruleset)


def test_a_file_that_is_broken_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("bands = {", encoding="utf-8")

    with pytest.raises(RuleError, match="expected TOML with bands and rules"):
        load_ruleset(tmp_path / "rules.toml")
    with pytest.raises(RuleError, match=r"cannot read .*none\.json: No such file"):
        load_ruleset(tmp_path / "none.json")

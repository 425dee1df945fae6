"""Changes: the next ruleset, who made what of it, and what differs."""

import pytest
from msgspec.structs import replace

from app.features.catalogue import NAMES
from app.rules.changes import (
    MOST_RULES,
    Change,
    Edit,
    diff,
    faults,
    stamped,
    with_rule,
    with_state,
    without,
)
from app.rules.errors import UnknownRule
from app.rules.rulebook import BANDS
from app.rules.ruleset import Bands
from tests.rules.test_rulebook import BASE, a_ruleset
from tests.scoring.builders import a_rule

TWO = a_ruleset(a_rule(name="one"), a_rule(name="two"))


def test_a_new_rule_comes_last_in_its_first_version_by_who_wrote_it() -> None:
    after = with_rule(BASE, a_rule(name="new", version=9, author="eve"), author="mia")

    assert [one.name for one in after.rules] == ["large-amount", "new"]
    assert (after.rules[1].version, after.rules[1].author) == (1, "mia")
    assert after.author == "mia"
    assert after.version != BASE.version


def test_a_changed_rule_keeps_its_place_and_counts_its_versions() -> None:
    after = with_rule(TWO, a_rule(name="one", score=60), author="mia")

    assert [(one.name, one.version, one.author) for one in after.rules] == [
        ("one", 2, "mia"),
        ("two", 1, "smartbank"),
    ]


def test_a_change_without_a_difference_is_none() -> None:
    same = replace(TWO.rules[0], version=5, author="eve")

    assert with_rule(TWO, same, author="mia") is TWO
    assert with_state(TWO, "one", state="live", author="mia") is TWO


def test_a_rule_changes_its_state_and_nothing_else() -> None:
    after = with_state(TWO, "two", state="shadow", author="mia")

    assert [one.state for one in after.rules] == ["live", "shadow"]


def test_a_rule_is_taken_out() -> None:
    assert [one.name for one in without(TWO, "one", author="mia").rules] == ["two"]


def test_a_rule_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownRule, match="expected 'large-amount' or another name of"):
        without(BASE, "large-amuont", author="mia")


def test_going_back_and_forth_gives_the_versions_of_the_rules_that_differ() -> None:
    there = with_rule(TWO, a_rule(name="one", score=60), author="mia")
    back = stamped(there, TWO, author="ann")

    assert [(one.version, one.author) for one in back.rules] == [
        (3, "ann"),
        (1, "smartbank"),
    ]


def test_a_difference_names_fields_before_and_after() -> None:
    after = replace(
        a_ruleset(a_rule(name="two", score=60), a_rule(name="three")),
        bands=Bands(review_from=30, decline_from=80),
    )

    assert diff(TWO, after) == [
        Change(BANDS, "changed", {"review_from": Edit(40.0, 30.0)}),
        Change("one", "removed"),
        Change("three", "added"),
        Change("two", "changed", {"score": Edit(50.0, 60.0)}),
    ]
    assert diff(TWO, TWO) == []


def test_more_rules_than_can_be_checked_in_a_second_are_refused() -> None:
    many = a_ruleset(*(a_rule(name=f"r{n}") for n in range(MOST_RULES + 1)))
    long = a_rule(expression="amount > 1" + " " * 1_900)
    wordy = a_ruleset(*(replace(long, name=f"r{n}") for n in range(60)))

    assert [(f.rule, f.message) for f in faults(many, NAMES)] == [
        (f"r{MOST_RULES}", f"got {MOST_RULES + 1} rules, expected {MOST_RULES} at most")
    ]
    assert [f.rule for f in faults(wordy, NAMES)] == ["r52"]


def test_every_fault_is_told_with_its_place_and_the_nearest_feature() -> None:
    ruleset = a_ruleset(
        a_rule(),
        a_rule(name="a", expression="amount > 1\n  AND amuont > 2"),
        a_rule(name="b", expression="amount >", state="off"),
        a_rule(name="c", reason="{usual:.1f}"),
    )

    found = faults(ruleset, NAMES)

    places = [(f.rule, f.field, f.line, f.column, f.nearest) for f in found]
    assert places == [
        ("a", "expression", 2, 7, "amount"),
        ("b", "expression", 1, 8, None),
        ("c", "reason", None, None, None),
    ]
    assert "got field 'amuont', expected 'amount'" in found[0].message

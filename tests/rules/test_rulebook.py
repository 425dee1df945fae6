"""The rulebook: what the log of changes says, in whatever order and however often."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.errors import RuleError
from app.rules.rulebook import BANDS, Backtested, Revision, Rulebook, substance
from app.rules.ruleset import Bands, Ruleset, versioned
from tests.scoring.builders import a_rule

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_ruleset(*rules: Any, decline_from: float = 80) -> Ruleset:
    bands = Bands(review_from=40, decline_from=decline_from)
    return versioned(Ruleset(bands=bands, rules=list(rules)))


BASE = a_ruleset(a_rule())


def a_revision(number: int, ruleset: Ruleset = BASE, **fields: Any) -> Revision:
    valid = {"id": f"id-{number}", "author": "mia", "comment": "because"}
    return Revision(number=number, ruleset=ruleset, **(valid | fields))


def a_backtest(of: Any, **fields: Any) -> Backtested:
    valid: dict[str, Any] = {
        "substance": substance(of),
        "name": "large-amount",
        "since": None,
        "until": None,
        "payments": 100,
        "frauds": 3,
        "hits": 5,
        "caught": 2,
        "author": "mia",
    }
    return Backtested(**(valid | fields))


def told(*records: Revision | Backtested) -> Rulebook:
    book = Rulebook(BASE)
    for one in records:
        book.apply(one.key, msgspec.json.encode(one), at=AT)
    return book


def test_an_empty_log_leaves_the_ruleset_that_ships() -> None:
    book = told()

    assert book.head.ruleset == BASE
    assert book.ruleset(BASE.version) == BASE


def test_the_newest_revision_decides_and_earlier_ones_are_still_known() -> None:
    second = a_ruleset(a_rule(score=60))
    book = told(a_revision(1, second), a_revision(2, a_ruleset()))

    assert book.head.ruleset.rules == []
    assert book.head.at == AT
    assert book.ruleset(second.version) == second
    assert book.ruleset("nosuch") is None


def test_of_two_made_at_once_the_first_in_the_log_stands() -> None:
    mine = a_revision(1, a_ruleset(a_rule(score=60)), id="mine")
    yours = a_revision(1, a_ruleset(a_rule(score=70)), id="yours")

    book = told(mine, yours, a_revision(2, a_ruleset(), id="next"))

    assert [one.id for one in book.revisions] == ["", "mine", "next"]
    assert mine.key != yours.key  # or compaction would keep the one that lost


def test_what_shipped_with_the_first_change_stands_when_another_release_ships_another():
    shipped = a_ruleset(a_rule(score=10))
    book = told(a_revision(0, shipped, id=""), a_revision(1, a_ruleset()))

    assert book.ruleset(shipped.version) == shipped
    assert book.ruleset(BASE.version) is None
    assert told(a_revision(0, shipped), a_revision(0, BASE)).head.ruleset == shipped


@given(repeats=st.lists(st.integers(0, 4), max_size=12))
def test_records_heard_again_change_nothing(repeats: list[int]) -> None:
    log = [a_revision(0)] + [
        a_revision(n, a_ruleset(a_rule(score=n))) for n in range(1, 5)
    ]

    book = told(*log, *(log[n] for n in repeats))

    assert [one.number for one in book.revisions] == [0, 1, 2, 3, 4]
    assert book.head.ruleset == log[4].ruleset


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b'{"number": "one"}'])
def test_a_record_that_does_not_fit_is_refused_by_its_key(value: bytes) -> None:
    with pytest.raises(RuleError, match="got a record b'revision:1:x'"):
        Rulebook(BASE).apply(b"revision:1:x", value, at=AT)


def test_a_record_of_another_kind_is_passed_over() -> None:
    book = told()
    book.apply(b"later:1", b"whatever", at=AT)

    assert book.head.number == 0


def test_a_new_live_rule_is_unproven_until_it_was_backtested() -> None:
    rule = a_rule(name="new", expression="amount > 500")
    wanted = a_ruleset(a_rule(), rule)

    assert told().unproven(wanted) == ["new"]
    assert told(a_backtest(rule)).unproven(wanted) == []
    assert told(a_backtest(a_rule(expression="amount > 501"))).unproven(wanted) == [
        "new"
    ]


@pytest.mark.parametrize(
    ("changes", "unproven"),
    [
        ({"reason": "another phrase"}, []),
        ({"author": "mia", "version": 7}, []),
        ({"state": "shadow", "expression": "amount > 1"}, []),
        ({"expression": "amount > 1"}, ["large-amount"]),
        ({"score": 51}, ["large-amount"]),
        ({"action": "decline"}, ["large-amount"]),
    ],
)
def test_only_what_changes_outcomes_needs_a_backtest(
    changes: dict[str, Any], unproven: list[str]
) -> None:
    assert told().unproven(a_ruleset(replace(a_rule(), **changes))) == unproven


def test_bands_need_a_backtest_and_no_rule_can_be_mistaken_for_them() -> None:
    assert told().unproven(a_ruleset(decline_from=70)) == [BANDS]
    assert " " in BANDS


def test_what_decided_once_may_decide_again_at_once() -> None:
    book = told(a_revision(1, a_ruleset()))

    assert book.unproven(BASE) == []

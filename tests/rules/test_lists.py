"""Lists: who decides, until when, and in which words."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from app.errors import RuleError
from app.events.payments import Card
from app.rules.errors import BadRule
from app.rules.lists import Entry, Lists, same, told
from app.rules.ruleset import LISTS, read_ruleset
from tests.rules.test_ruleset import document, rule
from tests.scoring.builders import NOON, a_payment

AT = datetime(2026, 3, 1, tzinfo=UTC)
PAYMENT = a_payment(
    card=Card("k1_token", "1234"),
    device_id="d-1",
    merchant_id="m-1",
    country="DE",
)
NAMED = {
    "card": "k1_token",
    "customer": "c-1",
    "device": "d-1",
    "merchant": "m-1",
    "country": "DE",
}


def an_entry(**fields: Any) -> Entry:
    valid = {
        "kind": "customer",
        "value": "c-1",
        "verdict": "block",
        "reason": "stolen",
        "author": "mia",
    }
    return Entry(**(valid | fields))


def lists_of(*entries: Entry) -> Lists:
    lists = Lists()
    for one in entries:
        lists.apply(one.key, msgspec.json.encode(one), at=AT)
    return lists


def test_a_card_is_found_by_the_token_that_it_had_before() -> None:
    payment = a_payment(card=Card("k2_token", "1234", "k1_token"))
    before = an_entry(kind="card", value="k1_token")
    since = an_entry(kind="card", value="k2_token", verdict="allow")

    assert lists_of(before).find(payment) == before
    assert lists_of(before, since).find(payment) == since
    assert lists_of(before).find(a_payment(card=Card("k2_token", "1234"))) is None


@pytest.mark.parametrize("kind", NAMED)
def test_a_payment_is_found_by_each_thing_that_it_names(kind: str) -> None:
    entry = an_entry(kind=kind, value=NAMED[kind])
    elsewhere = an_entry(kind=kind, value="other")

    assert lists_of(entry).find(PAYMENT) == entry
    assert lists_of(elsewhere).find(PAYMENT) is None


def test_a_payment_that_names_little_is_found_by_that() -> None:
    lists = lists_of(*(an_entry(kind=k, value=v) for k, v in NAMED.items()))

    found = lists.find(a_payment())

    assert found is not None
    assert found.kind == "customer"


def test_an_id_of_another_kind_is_not_meant() -> None:
    assert lists_of(an_entry(kind="device", value="c-1")).find(PAYMENT) is None


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_final_block_beats_an_allowance_that_a_block_and_that_a_watch(
    order: tuple[int, ...],
) -> None:
    ranked = [
        an_entry(kind="country", value="DE", final=True),
        an_entry(kind="merchant", value="m-1", verdict="allow"),
        an_entry(kind="customer", value="c-1"),
        an_entry(kind="card", value="k1_token", verdict="watch"),
    ]

    lists = lists_of(*(ranked[place] for place in order))

    assert lists.find(PAYMENT) == ranked[0]
    assert lists_of(*ranked[1:]).find(PAYMENT) == ranked[1]
    assert lists_of(*ranked[2:]).find(PAYMENT) == ranked[2]
    assert lists_of(ranked[3]).find(PAYMENT) == ranked[3]


def test_an_entry_holds_for_payments_before_its_end_by_event_time() -> None:
    ends_now = lists_of(an_entry(until=NOON))
    ends_later = lists_of(an_entry(until=NOON + timedelta(microseconds=1)))

    assert ends_now.find(PAYMENT) is None
    assert ends_later.find(PAYMENT) is not None


def test_the_newest_entry_of_a_key_stands_and_a_removed_one_decides_nothing() -> None:
    block, gone = an_entry(), an_entry(removed=True, reason="found again")
    lists = lists_of(block, gone)

    assert lists.find(PAYMENT) is None
    assert not lists
    assert lists.entries[block.key].reason == "found again"
    assert lists_of(block, gone, block).find(PAYMENT) == block


def test_the_newest_entries_come_last_whenever_the_first_of_their_key_came() -> None:
    one, two = an_entry(value="c-1"), an_entry(value="c-2")

    assert list(lists_of(one, two, one).entries) == [two.key, one.key]


def test_lists_tell_whether_they_hold_an_entry_as_it_is() -> None:
    lists = lists_of(an_entry())

    assert same([an_entry()], lists)
    assert not same([an_entry(reason="another")], lists)
    assert not same([an_entry(value="c-2")], lists)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (an_entry(), "customer c-1 blocked by mia: stolen"),
        (
            an_entry(kind="card", value="k1_token", until=NOON),
            "card ending 1234 blocked until 2026-05-04 12:00 UTC by mia: stolen",
        ),
        (
            an_entry(kind="country", value="DE", verdict="allow", reason="all clear"),
            "country DE let through by mia: all clear",
        ),
    ],
)
def test_a_reason_says_who_until_when_by_whom_and_why(entry: Entry, words: str) -> None:
    assert told(entry, PAYMENT) == words


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b"[" * 5000])
def test_a_record_that_does_not_fit_is_refused(value: bytes) -> None:
    with pytest.raises(RuleError, match="lists: got a record b'block:card:x'"):
        Lists().apply(b"block:card:x", value, at=AT)


@pytest.mark.parametrize("name", LISTS)
def test_no_rule_may_be_mistaken_for_a_list(name: str) -> None:
    with pytest.raises(BadRule, match="got the name of a list"):
        read_ruleset(document(rule(name=name)))

"""Listed: a list's outcome in the place of the rules'."""

import pytest

from app.events.decisions import Hit
from app.scoring.decide import decide
from app.scoring.listed import listed
from tests.rules.test_lists import an_entry, lists_of
from tests.scoring.builders import a_payment, a_rule, a_vector, rules_of

RULES = rules_of(a_rule(action="decline"))
PAYMENTS = [a_payment(), a_payment(customer_id="c-2")]
LARGE = [a_vector(amount=150.0)] * 2


@pytest.mark.parametrize(
    ("verdict", "outcome", "reason"),
    [
        ("allow", "approve", "customer c-1 let through by mia: stolen"),
        ("block", "decline", "customer c-1 blocked by mia: stolen"),
    ],
)
def test_a_list_decides_and_the_rules_hits_stay_behind_its_own(
    verdict: str, outcome: str, reason: str
) -> None:
    by_rules = decide(LARGE, PAYMENTS, rules=RULES)

    first, second = listed(
        by_rules, PAYMENTS, lists=lists_of(an_entry(verdict=verdict))
    )

    own = Hit(f"{verdict}-list", None, None, reason, 0.0, outcome)
    assert (first.outcome, first.score) == (outcome, 50.0)
    assert first.hits == [own, *by_rules[0].hits]
    assert second == by_rules[1]
    assert by_rules[0].outcome == "decline"


def test_who_is_watched_is_reviewed_at_the_least() -> None:
    watched = lists_of(an_entry(verdict="watch"))
    quiet = decide([a_vector()], PAYMENTS[:1], rules=RULES)
    bad = decide(LARGE[:1], PAYMENTS[:1], rules=RULES)

    (reviewed,) = listed(quiet, PAYMENTS[:1], lists=watched)
    (declined,) = listed(bad, PAYMENTS[:1], lists=watched)

    assert (reviewed.outcome, declined.outcome) == ("review", "decline")
    assert reviewed.hits[0].reason == "customer c-1 watched by mia: stolen"
    assert declined.hits[0].rule == "watch-list"


def test_a_block_declines_what_no_rule_suspects() -> None:
    quiet = decide([a_vector()], PAYMENTS[:1], rules=RULES)

    (found,) = listed(quiet, PAYMENTS[:1], lists=lists_of(an_entry()))

    assert (quiet[0].outcome, found.outcome) == ("approve", "decline")
    assert quiet[0].hits == []

"""The rules that ship, held to a floor on each planted fraud of an unseen bank."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from app.commands.scenarios import SEED
from app.detection.scenarios import WARM_UP, Found, Judged, Report, judged, report
from app.rules.ruleset import default_ruleset
from app.simulate.bank import START, Bank
from app.simulate.payments import midnight
from app.simulate.phones import Pockets
from tests.scoring.builders import a_payment

FLOORS = {  # detected, and the most honest payments bothered
    "card-testing": (0.70, 0.002),
    "account-takeover": (0.90, 0.005),
    "cloned-card": (0.65, 0.03),
    "compromised-terminal": (0.35, 0.01),
    "mule-ring": (0.90, 0.005),
    "credential-stuffing": (0.80, 0.005),
    "bot-farm": (0.90, 0.005),
    "money-cycle": (0.80, 0.005),
    "fan-in": (0.25, 0.005),
}


@pytest.fixture(scope="module")
def found() -> Report:
    """Give what is found in 30 days of a bank of 1,500, after 30 days of habits."""
    bank = Bank(seed=SEED, customers=1_500)
    told = judged(
        bank.chunks(until=midnight(START + timedelta(days=2 * WARM_UP))),
        since=midnight(START + timedelta(days=WARM_UP)),
        ruleset=default_ruleset(),
        currency="EUR",
    )
    return report(told)


@pytest.mark.parametrize("name", FLOORS)
def test_each_planted_fraud_is_found_and_few_are_bothered_for_it(
    found: Report, name: str
):
    one = next(one for one in found.scenarios if one.scenario == name)
    detected, bothered = FLOORS[name]

    assert one.payments > 20
    assert one.detected >= detected
    assert one.bothered <= bothered


def test_most_honest_payments_are_left_alone(found: Report):
    assert found.honest > 70_000
    assert found.bothered < 0.035
    assert sum(one.bothered for one in found.scenarios) <= found.bothered + 1e-12


def one(scenario: str, outcome: Any, rule: str = "", chance: float = 0.0) -> Judged:
    return Judged(a_payment(), scenario, outcome, rule, chance)


def test_an_honest_payment_counts_for_the_scenario_that_its_rule_finds_most():
    told = report(
        [
            one("cloned-card", "decline", "speed", 0.9),
            one("cloned-card", "approve", "", 0.2),
            one("card-testing", "review", "speed", 0.9),
            one("cloned-card", "review", "speed", 0.5),
            one("", "review", "speed", 0.4),
            *[one("", "approve", "", 0.1)] * 3,
        ],
        with_model=True,
    )
    named = {each.scenario: each for each in told.scenarios}

    assert (told.honest, told.bothered) == (4, 0.25)
    assert named["card-testing"].bothered == 0
    assert named["cloned-card"] == Found(
        "cloned-card", 3, 1, 1, 2 / 3, 1 / 3, 0.25, 1.0
    )


def test_phones_find_most_of_what_the_rules_miss_of_cloned_cards():
    until = midnight(START + timedelta(days=WARM_UP + 20))
    since = midnight(START + timedelta(days=WARM_UP))
    told = {}
    for share in (0.0, 0.8):
        bank = Bank(seed=SEED, customers=700)
        rng = Random(SEED)  # noqa: S311 - a simulation, no secret
        pockets = Pockets(rng, bank.customers, share=share)
        decided = judged(
            bank.chunks(until=until),
            since=since,
            ruleset=default_ruleset(),
            currency="EUR",
            pockets=pockets,
        )
        told[share] = report(decided)

    plain, seen = (
        next(one for one in told[share].scenarios if one.scenario == "cloned-card")
        for share in (0.0, 0.8)
    )
    assert plain.payments == seen.payments > 20
    assert 1 - seen.detected < (1 - plain.detected) / 2
    assert seen.declined > plain.declined
    assert told[0.8].bothered - told[0.0].bothered < 0.006

"""Each scenario leaves its trace."""

from collections import defaultdict
from itertools import pairwise
from random import Random

import pytest

from app.features.clock import DAY, HOUR, SECOND, microseconds
from app.features.places import distance_m
from app.simulate.bank import Bank
from app.simulate.fraud import (
    COMPROMISED_DAYS,
    account_takeover,
    card_testing,
    cloned_card,
    fan_in,
    money_cycle,
    mule_ring,
)
from app.simulate.payments import Order

SEEDS = range(60)
AT = 1_767_600_000_000_000


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(customers=300)


@pytest.fixture(params=SEEDS)
def chance(request: pytest.FixtureRequest) -> Random:
    return Random(request.param)  # noqa: S311 - no secret is made


def test_card_testing_is_many_tiny_payments_online_and_then_a_big_one(
    bank: Bank, chance: Random
):
    victim = chance.choice(bank.customers)

    orders = list(card_testing(chance, bank.market, victim=victim, at=AT))

    tiny = [order for order in orders if order.amount < 300]
    big = orders[len(tiny) :]
    assert len(tiny) >= 7
    assert tiny == orders[: len(tiny)]
    assert all(b.at - a.at <= 70 * SECOND for a, b in pairwise(tiny))
    assert 1 <= len(big) <= 2
    assert min(order.amount for order in big) > 20 * max(o.amount for o in tiny)
    assert {order.terminal.category.channel for order in orders} == {"online"}
    assert {order.device for order in orders}.isdisjoint({victim.device})


def test_a_takeover_is_large_transfers_from_a_new_phone_to_new_beneficiaries(
    bank: Bank, chance: Random
):
    victim = chance.choice(bank.customers)

    orders = list(account_takeover(chance, bank.market, victim=victim, at=AT))

    assert len(orders) >= 3
    assert {order.terminal.category.channel for order in orders} == {"transfer"}
    assert len({order.device for order in orders} - {victim.device}) == 1
    assert {o.beneficiary for o in orders}.isdisjoint(victim.beneficiaries)
    assert min(order.amount for order in orders) > 10_000


def test_takeovers_happen_at_night(busy):
    hours = {
        paid.occurred_at.hour
        for paid, told in busy
        if told and told.scenario == "account-takeover"
    }

    assert hours
    assert hours <= {22, 23, 0, 1, 2, 3, 4, 5, 6}


def test_a_cloned_card_is_abroad_sooner_than_its_owner_could_be(
    bank: Bank, chance: Random, honest: list[Order]
):
    seen = chance.choice([order for order in honest if order.terminal.place])

    orders = list(cloned_card(chance, bank.market, seen=seen))

    first = orders[0].terminal
    assert seen.terminal.place
    assert first.place
    km = distance_m(seen.customer.city.place, first.place) / 1000
    assert km / ((orders[0].at - seen.at) / HOUR) > 900
    assert len({order.terminal.city for order in orders}) == 1
    assert first.city.country != seen.customer.city.country
    assert {o.terminal.category.channel for o in orders} <= {"pos", "atm"}


def test_a_compromised_terminal_takes_more_of_most_who_pay_there_for_weeks(busy):
    at_terminal = defaultdict(list)
    for paid, told in busy:
        at_terminal[paid.terminal_id].append(
            (paid, bool(told and told.scenario == "compromised-terminal"))
        )
    found = 0
    for payments in at_terminal.values():
        when = [microseconds(p.occurred_at) for p, fraud in payments if fraud]
        if len(when) < 10:
            continue
        found += 1
        span = [
            (paid, fraud)
            for paid, fraud in payments
            if when[0] <= microseconds(paid.occurred_at) <= when[-1]
        ]
        raised = [paid.amount for paid, fraud in span if fraud]
        others = [paid.amount for paid, fraud in payments if not fraud]
        assert when[-1] - when[0] <= COMPROMISED_DAYS * DAY
        assert len(raised) > len(span) / 2
        assert len({paid.customer_id for paid, fraud in span if fraud}) > 3
        assert sum(raised) / len(raised) > 1.2 * sum(others) / len(others)

    assert found > 1


def test_mules_get_money_of_many_and_pass_most_of_it_on_to_few(
    bank: Bank, chance: Random
):
    orders = list(mule_ring(chance, bank.market, customers=bank.customers, at=AT))

    received: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        if order.beneficiary and order.beneficiary.startswith("C"):
            received[order.beneficiary].append(order)
    assert len(received) == 5
    assert len({o.beneficiary for o in orders if o.beneficiary not in received}) <= 3
    for mule, arrived in received.items():
        passed_on = [
            order
            for order in orders
            if order.customer.id == mule and order.beneficiary not in received
        ]
        share = sum(o.amount for o in passed_on) / sum(o.amount for o in arrived)
        assert 0.85 < share < 1
        assert passed_on[0].at > arrived[-1].at


def test_money_that_goes_round_comes_back_within_the_day_and_a_little_less(
    bank: Bank, chance: Random
):
    orders = list(money_cycle(chance, bank.market, customers=bank.customers, at=AT))

    assert 4 <= len(orders) <= 7
    assert len({order.customer.id for order in orders}) == len(orders)
    assert all(a.beneficiary == b.customer.id for a, b in pairwise(orders))
    assert orders[-1].beneficiary == orders[0].customer.id
    assert all(a.amount > b.amount > 0.9 * a.amount for a, b in pairwise(orders))
    assert orders[-1].at - orders[0].at < DAY


def test_many_pay_one_account_that_is_new(bank: Bank, chance: Random):
    orders = list(fan_in(chance, bank.market, customers=bank.customers, at=AT))

    assert 5 <= len({order.customer.id for order in orders}) == len(orders)
    assert len({order.beneficiary for order in orders}) == 1
    assert orders[-1].at - orders[0].at < DAY

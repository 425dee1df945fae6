"""Honest life: doors that are open, journeys that are possible, favourites."""

from collections import defaultdict
from itertools import pairwise

from app.features.clock import DAY, HOUR, moment
from app.features.places import distance_m
from app.simulate.cities import offset
from app.simulate.payments import MINUTE, Order


def by_customer(orders: list[Order]) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        found[order.customer.id].append(order)
    return found


def test_nobody_pays_in_a_shop_that_is_closed(honest: list[Order]):
    for order in honest:
        terminal = order.terminal
        local = order.at + offset(terminal.city, moment(order.at).date())
        if terminal.place:
            assert terminal.open_at(local % DAY // MINUTE)


def test_nobody_travels_faster_than_an_airliner(honest: list[Order]):
    journeys = 0
    for orders in by_customer(honest).values():
        placed = [order for order in orders if order.terminal.place]
        for before, after in pairwise(placed):
            assert before.terminal.place
            assert after.terminal.place
            km = distance_m(before.terminal.place, after.terminal.place) / 1000
            journeys += km > 100
            assert km < 100 or km / ((after.at - before.at) / HOUR) < 900

    assert journeys > 100


def test_most_payments_go_to_places_paid_at_before(honest: list[Order]):
    again = 0
    for orders in by_customer(honest).values():
        known: set[str] = set()
        for order in orders:
            again += order.terminal.id in known
            known.add(order.terminal.id)

    assert 0.6 < again / len(honest) < 0.95


def test_only_what_needs_no_walk_carries_a_phone(honest: list[Order]):
    assert all((order.device is None) == bool(order.terminal.place) for order in honest)

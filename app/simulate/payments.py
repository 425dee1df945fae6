"""Payments: what everybody at the made-up bank pays on a day, all of it honest."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from app.events.payments import Transaction
from app.features.clock import DAY, SECOND, moment
from app.simulate.cities import CITIES, City, offset
from app.simulate.habits import (
    DAY_MINUTES,
    HABITS,
    appetite,
    is_weekend,
    poisson,
    profile,
)
from app.simulate.merchants import VISITED, Market, Terminal, amount
from app.simulate.people import SLOTS, Customer, account, device_type, phone

MINUTE = 60 * SECOND
CURRENCY = "EUR"
EPOCH = date(1970, 1, 1)
NEW_PLACE = 0.05  # share of payments in a shop that is no favourite
NEW_BENEFICIARY = 0.04  # share of transfers
NEW_PHONE = 1 / 700  # a day
TRIP = 1 / 60  # a day
LONGEST_TRIP = 7  # days
ARRIVAL = 14 * 60  # minute of the local day; who travels pays by phone until then
_TRIES = 4  # closed doors before a customer buys online instead
_PROFILES = {
    habit.name: (profile(habit.workday), profile(habit.weekend)) for habit in HABITS
}


class Order(NamedTuple):
    """A payment order: a payment before it has an id. `amount` in minor units.

    `scenario` names the fraud that it is part of, null where it is honest.
    """

    at: int
    customer: Customer
    terminal: Terminal
    amount: int
    device: str | None = None
    beneficiary: str | None = None
    scenario: str | None = None

    def transaction(self, transaction_id: str) -> Transaction:
        """Return the payment as the bank's front door states it."""
        terminal = self.terminal
        channel = terminal.category.channel
        cards = self.customer.cards
        return Transaction(
            transaction_id,
            moment(self.at),
            self.customer.id,
            terminal.id,
            self.amount,
            CURRENCY,
            channel,
            None if channel == "transfer" else cards[-(channel == "online")],
            terminal.merchant_id,
            terminal.category.code,
            terminal.city.country,
            terminal.place,
            self.device,
            self.beneficiary,
            synthetic=True,
            device_type=device_type(self.device) if self.device else None,
        )


class Trip(NamedTuple):
    """A stay in another city, first and last day included."""

    city: City
    first: date
    last: date


def midnight(day: date) -> int:
    """Return when a day begins in UTC, in microseconds from the epoch."""
    return (day - EPOCH).days * DAY


class Everyday:
    """The honest life of all customers, a local day at a time.

    Nobody pays at two places that they could not have been at: who travels pays
    nothing in a shop from one evening to the next day's `ARRIVAL`.
    """

    def __init__(
        self, rng: Random, customers: Sequence[Customer], market: Market, *, trips: bool
    ) -> None:
        self._rng = rng
        self._customers = customers
        self._market = market
        self._leaving = TRIP if trips else 0.0
        self._trips: dict[str, Trip] = {}

    def day(self, day: date) -> Iterator[Order]:
        """Yield the orders of a day, customer by customer.

        It is each customer's local day, wherever they are.
        """
        rng = self._rng
        start, wanted, weekend = midnight(day), appetite(day), is_weekend(day)
        starts = {city: start - offset(city, day) for city in CITIES}
        for customer in self._customers:
            if rng.random() < NEW_PHONE:
                customer.device = phone(rng)
            city, travelling = self._whereabouts(customer, day)
            habit = customer.habit
            curve = _PROFILES[habit.name][weekend]
            mean = customer.rate * wanted * habit.week[day.weekday()]
            for _ in range(poisson(rng, mean)):
                drawn = min(bisect(curve, rng.random()), DAY_MINUTES - 1)
                at = starts[city] + int((drawn + rng.random()) * MINUTE)
                if travelling and drawn < ARRIVAL:
                    terminal = rng.choice(customer.online)
                elif city is customer.city:
                    terminal = self._shop(customer, drawn)
                else:
                    terminal = self._abroad(customer, city, drawn)
                yield self._order(at, customer, terminal)

    def _whereabouts(self, customer: Customer, day: date) -> tuple[City, bool]:
        """Return where a customer is on a day, and whether they come there that day."""
        rng = self._rng
        trip = self._trips.get(customer.id)
        if trip and trip.last < day:
            del self._trips[customer.id]
            return customer.city, True
        if trip is None:
            if rng.random() >= self._leaving:
                return customer.city, False
            nights = timedelta(days=rng.randrange(1, LONGEST_TRIP))
            trip = Trip(rng.choice(CITIES), day, day + nights)
            self._trips[customer.id] = trip
        return trip.city, trip.first == day

    def _shop(self, customer: Customer, minute: int) -> Terminal:
        """Pick a favourite that is open, now and then another of its kind."""
        rng, slots = self._rng, customer.slots
        for _ in range(_TRIES):
            terminal = slots[int(rng.random() * SLOTS)]
            if terminal.open_at(minute):
                if terminal.place and rng.random() < NEW_PLACE:
                    return rng.choice(
                        self._market.street[customer.city][terminal.category]
                    )
                return terminal
        return rng.choice(customer.online)

    def _abroad(self, customer: Customer, city: City, minute: int) -> Terminal:
        """Pick any shop that a traveller would go to, and that is open."""
        rng = self._rng
        for _ in range(_TRIES):
            terminal = rng.choice(self._market.street[city][rng.choice(VISITED)])
            if terminal.open_at(minute):
                return terminal
        return rng.choice(customer.online)

    def _order(self, at: int, customer: Customer, terminal: Terminal) -> Order:
        rng, category = self._rng, terminal.category
        cents = round(amount(rng, category, customer.level) * 100)
        device = beneficiary = None
        if terminal.place is None:
            device = customer.device
        if category.channel == "transfer":
            known = rng.random() >= NEW_BENEFICIARY
            beneficiary = rng.choice(customer.beneficiaries) if known else account(rng)
        return Order(at, customer, terminal, cents, device, beneficiary)

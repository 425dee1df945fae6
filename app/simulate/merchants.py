"""Merchants: categories with their price levels, and the terminals people pay at."""

from collections.abc import Iterator, Sequence
from math import exp
from random import Random
from typing import NamedTuple

from app.events.payments import Channel, Place
from app.simulate.cities import CITIES, City, near


class Category(NamedTuple):
    """A merchant category (MCC, ISO 18245) and what is paid there.

    Amounts are log-normal: `typical` is the median in the currency's major unit,
    `spread` the standard deviation of the logarithm. `opens` and `closes` are hours
    of the local day, beyond 24 for the small hours. `shops` weighs how many there
    are.
    """

    code: str
    name: str
    channel: Channel
    typical: float
    spread: float
    opens: float
    closes: float
    shops: float


CATEGORIES = (
    Category("5411", "groceries", "pos", 27, 0.45, 7, 22, 6),
    Category("5812", "restaurant", "pos", 28, 0.42, 11, 24, 4),
    Category("5814", "coffee", "pos", 7, 0.45, 6, 23, 3),
    Category("5541", "fuel", "pos", 46, 0.3, 5, 24, 1.5),
    Category("5912", "pharmacy", "pos", 14, 0.55, 8, 20, 1.5),
    Category("5651", "clothing", "pos", 40, 0.45, 9, 21, 1.5),
    Category("5732", "electronics", "pos", 60, 0.5, 9, 21, 0.5),
    Category("4111", "transit", "pos", 4, 0.4, 5, 25, 0.7),
    Category("5813", "bar", "pos", 17, 0.5, 17, 27, 1),
    Category("7832", "cinema", "pos", 19, 0.35, 14, 24, 0.5),
    Category("7230", "hairdresser", "pos", 30, 0.35, 9, 19, 0.7),
    Category("7011", "hotel", "pos", 74, 0.3, 6, 24, 0.5),
    Category("6011", "cash", "atm", 50, 0.35, 0, 24, 1.5),
    Category("5964", "mail order", "online", 32, 0.45, 0, 24, 6),
    Category("5815", "media", "online", 9, 0.35, 0, 24, 3),
    Category("5816", "games", "online", 9, 0.6, 0, 24, 2),
    Category("4899", "subscription", "online", 14, 0.4, 0, 24, 2),
    Category("4722", "travel agency", "online", 90, 0.4, 0, 24, 1),
    Category("7995", "betting", "online", 20, 0.6, 0, 24, 1),
    Category("6051", "crypto", "online", 50, 0.7, 0, 24, 0.5),
    Category("4829", "transfer", "transfer", 45, 0.6, 0, 24, 1),
)
CATEGORY = {category.name: category for category in CATEGORIES}

STREET = tuple(c for c in CATEGORIES if c.channel in ("pos", "atm"))
REMOTE = tuple(c for c in CATEGORIES if c.channel in ("online", "transfer"))
VISITED = tuple(
    CATEGORY[name]
    for name in (
        *("restaurant",) * 4,
        *("coffee",) * 3,
        *("transit",) * 2,
        *("clothing", "hotel", "groceries", "bar", "cash"),
    )
)
"""What a traveller pays for, repeated by weight."""

TERMINALS_A_CUSTOMER = 0.9
REMOTE_SHARE = 0.12  # of all terminals
NEW_MERCHANT = 0.75  # else the terminal belongs to the merchant before it
_NOTE = 10  # a cash machine's smallest note


class Terminal(NamedTuple):
    """Where a payment is taken: a shop's POS, an ATM, an online merchant, a bank.

    `country` is the merchant's; `place` is null where there is none to walk to.
    `opens` and `closes` are minutes of the local day.
    """

    id: str
    merchant_id: str
    category: Category
    city: City
    place: Place | None
    opens: float
    closes: float

    def open_at(self, minute: int) -> bool:
        """Say whether it takes payments in that minute of the local day.

        >>> bar = CATEGORY["bar"]
        >>> one = Terminal("T1", "M1", bar, CITIES[0], None, 17 * 60, 27 * 60)
        >>> [one.open_at(hour * 60) for hour in (2, 12, 23)]
        [True, False, True]
        """
        return self.opens <= minute < self.closes or minute < self.closes - 1440


def amount(rng: Random, category: Category, level: float = 0.0) -> float:
    """Draw an amount in the major unit; `level` is the customer's, a logarithm."""
    drawn = category.typical * exp(level + category.spread * rng.gauss(0.0, 1.0))
    if category.channel == "atm":
        return max(_NOTE, round(drawn / _NOTE) * _NOTE)
    return max(drawn, 0.3)


def popular(rng: Random, count: int) -> int:
    """Draw one of so many: the first are the most popular.

    >>> popular(Random(1), 1)
    0
    """
    return int(count * rng.random() ** 2)


class Market:
    """Every terminal there is, by city and category; those without a place apart."""

    def __init__(self, rng: Random, *, customers: int) -> None:
        self.street: dict[City, dict[Category, list[Terminal]]] = {}
        self.remote: dict[Category, list[Terminal]] = {}
        self._rng = rng
        self._terminals = 0
        self._merchants = 0
        everyone = sum(city.population for city in CITIES)
        terminals = customers * TERMINALS_A_CUSTOMER
        self._fill(self.remote, REMOTE, CITIES, terminals * REMOTE_SHARE)
        for city in CITIES:
            share = city.population / everyone * (1 - REMOTE_SHARE)
            self.street[city] = {}
            self._fill(self.street[city], STREET, (city,), terminals * share)

    def _fill(
        self,
        shelf: dict[Category, list[Terminal]],
        categories: Sequence[Category],
        cities: Sequence[City],
        size: float,
    ) -> None:
        """Open about so many terminals, at least two of every category."""
        shops = sum(category.shops for category in categories)
        for category in categories:
            count = max(2, round(size * category.shops / shops))
            shelf[category] = list(self._open(category, cities, count))

    def _open(
        self, category: Category, cities: Sequence[City], count: int
    ) -> Iterator[Terminal]:
        """Open terminals; one in four belongs to the merchant before it."""
        rng = self._rng
        city = cities[0]
        for number in range(count):
            if not number or rng.random() < NEW_MERCHANT:
                self._merchants += 1
                city = rng.choice(cities)
            self._terminals += 1
            yield Terminal(
                f"T{self._terminals:05d}",
                f"M{self._merchants:05d}",
                category,
                city,
                near(city, rng) if category in STREET else None,
                category.opens * 60,
                category.closes * 60,
            )

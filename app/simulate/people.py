"""People: customers with homes, cards, a phone and habits."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians
from random import Random
from zlib import crc32

from faker.factory import Factory
from faker.generator import Generator

from app.events.payments import DeviceType, Place
from app.simulate.cities import CITIES, City, near
from app.simulate.habits import HABITS, Habit
from app.simulate.merchants import CATEGORY, Category, Market, Terminal, popular

TEST_BIN = "400000"  # Visa's range for test cards
PAYMENTS_A_DAY = 2.2  # of the average customer
SLOTS = 48
TABLETS = 8  # one in so many phones is a tablet
LOCALES = {
    "AT": "de_AT",
    "BE": "fr_BE",
    "CH": "de_CH",
    "CZ": "cs_CZ",
    "DE": "de_DE",
    "DK": "da_DK",
    "ES": "es_ES",
    "FI": "fi_FI",
    "FR": "fr_FR",
    "GB": "en_GB",
    "GR": "el_GR",
    "HU": "hu_HU",
    "IE": "en_IE",
    "IT": "it_IT",
    "NL": "nl_NL",
    "NO": "no_NO",
    "PL": "pl_PL",
    "PT": "pt_PT",
    "RO": "ro_RO",
    "SE": "sv_SE",
}
_SECOND_CARD = 0.3
_CANDIDATES = 4  # terminals of which the nearest to home becomes a favourite


@dataclass(slots=True)
class Customer:
    """A customer; the name is for people to read and never leaves the simulator.

    `level` is the logarithm of how much more than others they spend, `rate` their
    payments a day. `slots` are favourite terminals, repeated by how often they are
    used; `online` those of them that need no walk. The first card pays in shops,
    the last one online. `device` is the phone.
    """

    id: str
    name: str
    city: City
    home: Place
    habit: Habit
    level: float
    rate: float
    cards: tuple[str, ...]
    device: str
    slots: list[Terminal]
    online: list[Terminal]
    beneficiaries: tuple[str, ...]


def card_number(body: str) -> str:
    """Add the digit that checks the others (Luhn, ISO/IEC 7812-1).

    >>> card_number("453957876362148")
    '4539578763621486'
    """
    doubled = sum(sum(divmod(int(digit) * 2, 10)) for digit in body[::-2])
    plain = sum(int(digit) for digit in body[-2::-2])
    return f"{body}{-(doubled + plain) % 10}"


def phone(rng: Random) -> str:
    """Make a phone's id."""
    return f"phone-{rng.getrandbits(48):012x}"


def device_type(device: str) -> DeviceType:
    """Say what kind of device an id is of: one phone in eight is a tablet.

    >>> device_type("browser-1"), device_type("phone-0"), device_type("phone-1")
    ('desktop', 'mobile', 'tablet')
    """
    if device.startswith("browser-"):
        return "desktop"
    return "mobile" if crc32(device.encode()) % TABLETS else "tablet"


def account(rng: Random) -> str:
    """Make an account at another bank."""
    return f"A{rng.randrange(10**9):09d}"


def people(
    rng: Random,
    market: Market,
    *,
    count: int,
    payments_a_day: float = PAYMENTS_A_DAY,
) -> Iterator[Customer]:
    """Make customers: where they live is weighed by population."""
    names = _names(rng)
    cities = rng.choices(CITIES, [city.population for city in CITIES], k=count)
    habits = rng.choices(HABITS, [habit.share for habit in HABITS], k=count)
    numbers = iter(rng.sample(range(10**9), count * 2))
    for number, (city, habit) in enumerate(zip(cities, habits, strict=True)):
        home = near(city, rng)
        cards = 2 if rng.random() < _SECOND_CARD else 1
        slots = _favourites(rng, market, city=city, home=home, habit=habit)
        known = (f"C{rng.randrange(count):06d}" for _ in range(2))
        yield Customer(
            id=f"C{number:06d}",
            name=names[city.country].format("name"),
            city=city,
            home=home,
            habit=habit,
            level=rng.gauss(0.0, 0.3),
            rate=rng.gammavariate(3.0, payments_a_day / 3.0),
            cards=tuple(
                card_number(f"{TEST_BIN}{next(numbers):09d}") for _ in range(cards)
            ),
            device=phone(rng),
            slots=slots,
            online=[terminal for terminal in slots if not terminal.place],
            beneficiaries=(*known, account(rng), account(rng)),
        )


def _names(rng: Random) -> dict[str, Generator]:
    """Make a source of names for each country; all draw from one seed."""
    names = {}
    for country, locale in LOCALES.items():
        names[country] = Factory.create(locale, ["faker.providers.person"], Generator())
        names[country].random = rng
    return names


def _favourites(
    rng: Random, market: Market, *, city: City, home: Place, habit: Habit
) -> list[Terminal]:
    """Pick the terminals a customer goes to, most of them near home."""
    online = rng.betavariate(3.0, 3.0) * 2  # how much more online than others
    names = list(habit.mix)
    weights = [
        habit.mix[name] * (1.0 if CATEGORY[name] in market.street[city] else online)
        for name in names
    ]
    narrow = cos(radians(city.latitude))

    def away(terminal: Terminal) -> float:
        place = terminal.place
        if place is None:
            return 0.0
        east = (place.longitude - home.longitude) * narrow
        return east * east + (place.latitude - home.latitude) ** 2

    def favourite(category: Category) -> Terminal:
        shelf = market.street[city].get(category) or market.remote[category]
        candidates = [shelf[popular(rng, len(shelf))] for _ in range(_CANDIDATES)]
        return min(candidates, key=away)

    known: dict[str, list[Terminal]] = {}
    slots = [market.remote[CATEGORY["mail order"]][0]]
    for name in rng.choices(names, weights, k=SLOTS - 1):
        usual = known.setdefault(name, [])
        if len(usual) < 3 and rng.random() < 1 / (1 + len(usual)):  # noqa: PLR2004
            usual.append(favourite(CATEGORY[name]))
        slots.append(usual[int(len(usual) * rng.random())])
    return slots

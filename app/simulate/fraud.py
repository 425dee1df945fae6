"""Fraud: nine scenarios, each with the trace that it leaves in the payments."""

from collections.abc import Iterator, Sequence
from datetime import date
from math import exp
from random import Random

from app.features.places import distance_m
from app.simulate.cities import CITIES, HOUR, City, offset
from app.simulate.habits import poisson
from app.simulate.merchants import CATEGORY, Market, Terminal, popular
from app.simulate.payments import MINUTE, Order, midnight
from app.simulate.people import Customer, account, phone

USUAL = 26.0  # the average customer's average payment, in the major unit
INCIDENTS = {
    "card-testing": 0.27,
    "account-takeover": 0.5,
    "cloned-card": 0.6,
    "compromised-terminal": 0.11,
    "mule-ring": 0.11,
    "credential-stuffing": 0.7,
    "bot-farm": 0.15,
    "money-cycle": 0.16,
    "fan-in": 0.13,
}
"""New incidents a day among 1,000 customers."""

COMPROMISED_DAYS = 21
TAMPERED = 0.75  # share of payments at a compromised terminal
WORTH_IT = range(3, 10)  # payments a day: enough to gain by, too few to stand out
CLONED_KM = 700.0  # from home, at least
_MULES = 5
_BOTS = 8
_CLONE_BUYS = ("cash", "electronics", "clothing", "cash", "groceries")
_ALIVE = ("games", "media", "mail order")
_BIG = ("mail order", "crypto", "travel agency")


def card_testing(
    rng: Random, market: Market, *, victim: Customer, at: int
) -> Iterator[Order]:
    """Yield tiny online payments seconds apart, then one or two big ones.

    The tiny ones find out whether a stolen number is alive.
    """
    device = phone(rng)
    alive = _remote(rng, market, _ALIVE)
    for _ in range(rng.randint(7, 14)):
        yield Order(at, victim, alive, rng.randint(30, 220), device)
        at += round(rng.uniform(6, 70) * MINUTE / 60)
    for _ in range(rng.randint(1, 2)):
        at += round(rng.uniform(1, 12) * MINUTE)
        big = _cents(rng, victim, low=6, high=18)
        yield Order(at, victim, _remote(rng, market, _BIG), big, device)


def account_takeover(
    rng: Random, market: Market, *, victim: Customer, at: int
) -> Iterator[Order]:
    """Yield large transfers from a new device to accounts never paid before."""
    device = phone(rng)
    thieves = [account(rng) for _ in range(rng.randint(1, 3))]
    bank = _remote(rng, market, ("transfer",))
    for _ in range(rng.randint(3, 6)):
        cents = _cents(rng, victim, low=8, high=30)
        yield Order(at, victim, bank, cents, device, rng.choice(thieves))
        at += round(rng.uniform(2, 20) * MINUTE)


def cloned_card(rng: Random, market: Market, *, seen: Order) -> Iterator[Order]:
    """Yield payments in another country, minutes after the owner paid at home."""
    victim = seen.customer
    streets = market.street[_far_from(rng, victim.city)]
    at = seen.at
    for _ in range(rng.randint(3, 7)):
        at += round(rng.uniform(5, 45) * MINUTE)
        terminal = rng.choice(streets[CATEGORY[rng.choice(_CLONE_BUYS)]])
        cents = _cents(rng, victim, low=1.5, high=9)
        if terminal.category.channel == "atm":
            cents = max(round(cents, -3), 2_000)
        yield Order(at, victim, terminal, cents)


def tampered(rng: Random, order: Order) -> Order:
    """Return what a compromised terminal makes of an honest order: it takes more."""
    return order._replace(
        amount=round(order.amount * rng.uniform(1.3, 2.6)),
        scenario="compromised-terminal",
    )


def mule_ring(
    rng: Random, market: Market, *, customers: Sequence[Customer], at: int
) -> Iterator[Order]:
    """Yield transfers of tricked customers to mules, and of the mules to the ring.

    The money leaves a mule within hours, less a commission.
    """
    mules = rng.sample(customers, min(_MULES, len(customers)))
    ring = [account(rng) for _ in range(3)]
    for mule in mules:
        then, received = at, 0
        for _ in range(rng.randint(1, 3)):
            then += round(rng.uniform(5, 120) * MINUTE)
            payer = rng.choice(customers)
            cents = _cents(rng, payer, low=9, high=28)
            received += cents
            bank = _remote(rng, market, ("transfer",))
            yield Order(then, payer, bank, cents, payer.device, mule.id)
        parts = rng.randint(1, 2)
        for _ in range(parts):
            then += round(rng.uniform(15, 120) * MINUTE)
            passed_on = round(received / parts * rng.uniform(0.9, 0.96))
            bank = _remote(rng, market, ("transfer",))
            yield Order(then, mule, bank, passed_on, mule.device, rng.choice(ring))


def credential_stuffing(
    rng: Random, market: Market, *, victim: Customer, at: int
) -> Iterator[Order]:
    """Yield transfers from an account that a password stolen elsewhere opened.

    Fewer and smaller than a takeover's: who buys passwords by the thousand is quick.
    """
    device = phone(rng)
    thief = account(rng)
    bank = _remote(rng, market, ("transfer",))
    for _ in range(rng.randint(1, 3)):
        cents = _cents(rng, victim, low=2, high=9)
        yield Order(at, victim, bank, cents, device, thief)
        at += round(rng.uniform(1, 6) * MINUTE)


def bot_farm(
    rng: Random, market: Market, *, customers: Sequence[Customer], at: int
) -> Iterator[Order]:
    """Yield small payments of accounts that one script runs, at one merchant.

    Each is ordinary; together they are the same thing at the same minutes.
    """
    shop = _remote(rng, market, ("games",))
    bots = rng.sample(customers, min(_BOTS, len(customers)))
    devices = {bot.id: f"emulator-{rng.getrandbits(32):08x}" for bot in bots}
    for _ in range(rng.randint(2, 3)):
        for bot in bots:
            then = at + round(rng.uniform(0, 4) * MINUTE)
            yield Order(then, bot, shop, rng.randint(900, 1_100), devices[bot.id])
        at += round(rng.uniform(40, 80) * MINUTE)


def money_cycle(
    rng: Random, market: Market, *, customers: Sequence[Customer], at: int
) -> Iterator[Order]:
    """Yield transfers that bring money round to where it came from, within the day.

    Each who gets it sends it on, less a little: AMLSim's cycle.
    """
    ring = rng.sample(customers, min(rng.randint(4, 7), len(customers)))
    cents = _cents(rng, ring[0], low=9, high=28)
    bank = _remote(rng, market, ("transfer",))
    for payer, payee in zip(ring, [*ring[1:], ring[0]], strict=True):
        yield Order(at, payer, bank, cents, payer.device, payee.id)
        at += round(rng.uniform(10, 150) * MINUTE)
        cents = round(cents * rng.uniform(0.93, 0.99))


def fan_in(
    rng: Random, market: Market, *, customers: Sequence[Customer], at: int
) -> Iterator[Order]:
    """Yield transfers of many, each below what is noticed, to one new account.

    AMLSim's fan-in.
    """
    collector = account(rng)
    bank = _remote(rng, market, ("transfer",))
    for payer in rng.sample(customers, min(rng.randint(5, 9), len(customers))):
        at += round(rng.uniform(2, 60) * MINUTE)
        cents = _cents(rng, payer, low=3, high=7)
        yield Order(at, payer, bank, cents, payer.device, collector)


class Underworld:
    """All fraud against the bank: it adds to a day's honest orders, or changes them.

    `activity` is how often there is fraud, for as many customers, against elsewhere.
    """

    def __init__(
        self,
        rng: Random,
        customers: Sequence[Customer],
        market: Market,
        *,
        activity: float = 1.0,
    ) -> None:
        self._rng = rng
        self._customers = customers
        self._market = market
        self._thousands = len(customers) * activity / 1000
        self._compromised: dict[str, int] = {}  # until when
        self._app_rng = _branched(rng)
        self._ring_rng = _branched(self._app_rng)

    def day(self, day: date, honest: Sequence[Order]) -> Iterator[Order]:
        """Yield a local day's orders: the honest ones as they came out, and fraud."""
        self._compromise(honest)
        for order in honest:
            until = self._compromised.get(order.terminal.id)
            if until and order.at < until and self._rng.random() < TAMPERED:
                yield tampered(self._rng, order)
            else:
                yield order
        for scenario in ("card-testing", "account-takeover", "cloned-card"):
            for _ in range(self._incidents(scenario)):
                for order in self._against_one(scenario, day, honest):
                    yield order._replace(scenario=scenario)
        for _ in range(self._incidents("mule-ring")):
            at = midnight(day) + round(self._rng.uniform(7, 20) * HOUR)
            for order in mule_ring(
                self._rng, self._market, customers=self._customers, at=at
            ):
                yield order._replace(scenario="mule-ring")
        yield from self._by_the_app(day)

    def _by_the_app(self, day: date) -> Iterator[Order]:
        """Yield what is stolen by way of the app, by day."""
        rng, market = self._app_rng, self._market
        for _ in range(self._incidents("credential-stuffing", rng)):
            at = midnight(day) + round(rng.uniform(6, 20) * HOUR)
            victim = rng.choice(self._customers)
            for order in credential_stuffing(rng, market, victim=victim, at=at):
                yield order._replace(scenario="credential-stuffing")
        for _ in range(self._incidents("bot-farm", rng)):
            at = midnight(day) + round(rng.uniform(6, 20) * HOUR)
            for order in bot_farm(rng, market, customers=self._customers, at=at):
                yield order._replace(scenario="bot-farm")
        yield from self._laundered(day)

    def _laundered(self, day: date) -> Iterator[Order]:
        """Yield money that is sent so that nobody sees where it came from, by day."""
        rng = self._ring_rng
        for scenario, pattern in (("money-cycle", money_cycle), ("fan-in", fan_in)):
            for _ in range(self._incidents(scenario, rng)):
                at = midnight(day) + round(rng.uniform(5, 14) * HOUR)
                for order in pattern(
                    rng, self._market, customers=self._customers, at=at
                ):
                    yield order._replace(scenario=scenario)

    def _incidents(self, scenario: str, rng: Random | None = None) -> int:
        return poisson(rng or self._rng, INCIDENTS[scenario] * self._thousands)

    def _against_one(
        self, scenario: str, day: date, honest: Sequence[Order]
    ) -> Iterator[Order]:
        rng, market = self._rng, self._market
        victim = rng.choice(self._customers)
        local = midnight(day) - offset(victim.city, day)
        if scenario == "card-testing":
            at = local + round(rng.uniform(0, 24) * HOUR)
            return card_testing(rng, market, victim=victim, at=at)
        if scenario == "account-takeover":
            at = local + round(rng.uniform(0.5, 4.5) * HOUR)
            return account_takeover(rng, market, victim=victim, at=at)
        at_home = [
            order
            for order in rng.sample(honest, min(50, len(honest)))
            if order.terminal.place and order.terminal.city == order.customer.city
        ]
        return cloned_card(rng, market, seen=at_home[0]) if at_home else iter(())

    def _compromise(self, honest: Sequence[Order]) -> None:
        """Take over terminals, by how many payments they took today."""
        count = self._incidents("compromised-terminal")
        if not count or not honest:
            return
        busy: dict[str, int] = {}
        for order in honest:
            if order.terminal.category.channel == "pos":
                busy[order.terminal.id] = busy.get(order.terminal.id, 0) + 1
        worth = [name for name, paid in busy.items() if paid in WORTH_IT]
        until = honest[0].at + COMPROMISED_DAYS * 24 * HOUR
        for name in self._rng.sample(worth, min(count, len(worth))):
            self._compromised[name] = until


def _branched(rng: Random) -> Random:
    """Return another source of chance, from which to draw leaves the first alone."""
    branch = Random()  # noqa: S311 - a simulation, no secret
    branch.setstate(rng.getstate())
    branch.seed(branch.getrandbits(64))
    return branch


def _remote(rng: Random, market: Market, names: Sequence[str]) -> Terminal:
    """Draw a merchant that needs no walk: the more customers the likelier."""
    shelf = market.remote[CATEGORY[rng.choice(names)]]
    return shelf[popular(rng, len(shelf))]


def _cents(rng: Random, victim: Customer, *, low: float, high: float) -> int:
    """Draw so many times what the victim usually pays, in minor units."""
    return round(rng.uniform(low, high) * USUAL * exp(victim.level) * 100)


def _far_from(rng: Random, home: City) -> City:
    """Draw a city in another country, too far to be at within the hour."""
    here = home.place
    return rng.choice(
        [
            city
            for city in CITIES
            if city.country != home.country
            and distance_m(here, city.place) > CLONED_KM * 1000
        ]
    )

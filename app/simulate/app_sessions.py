"""App sessions: what customers and thieves do in the app around their orders.

Addresses and network numbers are of ranges that are nobody's (RFC 2544, 5737, 6996).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from zlib import crc32

from app.events.app_events import Kind, StatedAppEvent
from app.events.payments import DeviceType
from app.features.clock import SECOND, moment
from app.simulate.cities import CITIES
from app.simulate.payments import MINUTE, Order
from app.simulate.people import Customer, device_type

COUNTRIES = sorted({city.country for city in CITIES})
FIRST_NETWORK = 64_512
ANONYMOUS = (65_001, 65_002, 65_003)
"""Networks that hide who uses them."""
LOOK, TRANSFER, PAY, SCRIPT = "look", "transfer", "pay", "script"
BEFORE_SHOPPING = 0.12  # share of payments in a shop that follow a look at the app
BEFORE_PAYING = 0.3  # of those online
WRONG_PASSWORD = 0.06  # of log-ins
AWAY = 0.04  # of honest sessions are from another network than the usual
LEAVES = 0.4  # log out, instead of just going

_LOOKS = {
    "/ACCOUNTS/ACCOUNTS_FULL": {
        "/ACCOUNTS/STATEMENTS": 5,
        "/CARDS/FETCHCARDS": 3,
        "/CAMPAIGN/GETCAMPAIGNS": 1,
        "/PROFILE/USERPROFILE": 1,
    },
    "/ACCOUNTS/STATEMENTS": {
        "/TRANSACTIONS/SERIES/POST": 4,
        "/ACCOUNTS/DETAILS": 2,
        "/CARDS/FETCHCARDS": 2,
    },
    "/CARDS/FETCHCARDS": {
        "/CARDS/STATEMENT": 5,
        "/ACCOUNTS/ACCOUNTS_FULL": 2,
        "/BILLPAYMENTS/RECENTTRANSACTIONS": 1,
    },
    "/CARDS/STATEMENT": {"/ACCOUNTS/ACCOUNTS_FULL": 3, "/CARDS/FETCHCARDS": 1},
    "/TRANSACTIONS/SERIES/POST": {"/ACCOUNTS/STATEMENTS": 3, "/LOANS/LIST": 1},
    "/ACCOUNTS/DETAILS": {"/ACCOUNTS/STATEMENTS": 2, "/ACCOUNTS/ACCOUNTS_FULL": 2},
    "/CAMPAIGN/GETCAMPAIGNS": {"/CAMPAIGN/GETBALANCE": 3, "/CARDS/FETCHCARDS": 2},
    "/CAMPAIGN/GETBALANCE": {"/ACCOUNTS/ACCOUNTS_FULL": 1},
    "/PROFILE/USERPROFILE": {"/ACCOUNTS/ACCOUNTS_FULL": 1},
    "/BILLPAYMENTS/RECENTTRANSACTIONS": {"/ACCOUNTS/STATEMENTS": 1},
    "/LOANS/LIST": {"/ACCOUNTS/ACCOUNTS_FULL": 1},
}
"""What follows what when people look around, with its weight."""
_TRANSFERS = ("/ACCOUNTS/BENEFICIARIES", "/ACCOUNTS/GENERICTRANSFER")
_PAYS = ("/CARDS/FETCHCARDS", "/CARDS/VALIDATE")
_SCRIPT = ("/CARDS/CREATE", "/CARDS/LOAD_VIRTUAL_CARD", "/CARDS/VALIDATE")
_AGENTS: dict[DeviceType, tuple[str, ...]] = {
    "mobile": (
        "BankApp/5.2 (iPhone; iOS 17.5)",
        "BankApp/5.2 (Android 14)",
        "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36",
    ),
    "desktop": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko Firefox/127.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15",
    ),
    "bot": ("python-requests/2.32.3", "okhttp/4.12.0"),
}


class Seat(NamedTuple):
    """From where somebody uses the app. `round_trip_ms` is the mean."""

    ip: str
    network: int
    country: str
    device: str
    device_type: DeviceType
    user_agent: str
    round_trip_ms: float


@dataclass(slots=True)
class AppSessions:
    """Makes the app events that lead to each order; their ids begin with `name`."""

    rng: Random
    customers: Sequence[Customer]
    name: str
    _number: int = 0
    _thief: Seat | None = None
    _incident: tuple[str, str | None, str | None] = ("", None, None)

    def before(self, order: Order) -> Iterator[StatedAppEvent]:
        """Yield what was done in the app up to an order, in the order of event time."""
        if order.scenario in _THIEVES:
            yield from self._theft(order)
        elif order.scenario not in {"card-testing", "cloned-card"}:
            yield from self._everyday(order)

    def _everyday(self, order: Order) -> Iterator[StatedAppEvent]:
        """Yield an honest customer's session, also one who was tricked into it."""
        rng, customer = self.rng, order.customer
        channel = order.terminal.category.channel
        share = {"transfer": 1.0, "online": BEFORE_PAYING}.get(channel, BEFORE_SHOPPING)
        if rng.random() >= share:
            return
        kinds: list[tuple[Kind, str | None]] = [("action", one) for one in self._walk()]
        if channel == "transfer":
            kinds += [("action", one) for one in _TRANSFERS]
            if order.beneficiary not in customer.beneficiaries:
                kinds.insert(-1, ("beneficiary-added", "/ACCOUNTS/BENEFICIARIES"))
        elif channel == "online":
            kinds += [("action", _PAYS[0]), ("card-viewed", _PAYS[1])]
        elif rng.random() < LEAVES:
            kinds.append(("log-out", None))
        failures = int(rng.random() < WRONG_PASSWORD) + int(rng.random() < 0.01)  # noqa: PLR2004
        seat = self._seat(customer)
        yield from self._session(order, seat, kinds, failures=failures, pace=9.0)

    def _theft(self, order: Order) -> Iterator[StatedAppEvent]:
        """Yield a thief's session: whole before the first order, then in between."""
        rng = self.rng
        incident = order.scenario or "", order.customer.id, order.device
        if order.scenario == "bot-farm":
            kinds: list[tuple[Kind, str | None]] = [("action", one) for one in _SCRIPT]
            seat = _bot(order.device or "")
            yield from self._session(order, seat, kinds * 2, pace=0.25)
            return
        again = incident == self._incident and self._thief is not None
        seat = self._thief if again and self._thief else _thief(rng, order)
        self._incident, self._thief = incident, seat
        if again:
            between: list[tuple[Kind, str | None]] = [
                ("beneficiary-added", _TRANSFERS[0]),
                ("action", _TRANSFERS[1]),
            ]
            yield from self._session(order, seat, between, log_in=False, pace=4.0)
            return
        kinds = [("action", "/ACCOUNTS/ACCOUNTS_FULL"), ("action", "/CARDS/FETCHCARDS")]
        if rng.random() < 0.5:  # noqa: PLR2004 - every other
            kinds.append(("card-viewed", "/CARDS/PRODUCT_DETAILS"))
        if rng.random() < 0.7:  # noqa: PLR2004 - most
            kinds.append(("limit-changed", "/PROFILE/SETOPERATIONLIMIT"))
        kinds += [
            ("beneficiary-added", "/ACCOUNTS/BENEFICIARIES"),
            ("action", "/ACCOUNTS/GENERICTRANSFER"),
        ]
        reset = False
        failures = 0
        if order.scenario == "credential-stuffing":
            yield from self._stuffing(order, seat)
        else:
            failures = rng.choice((0, 1, 2, 4, 6))
            reset = rng.random() < 0.4  # noqa: PLR2004 - some
        if reset:
            kinds.insert(0, ("password-reset", "/AUTHENTICATION/INITIALIZEPASSWORD"))
        yield from self._session(order, seat, kinds, failures=failures, pace=4.0)

    def _stuffing(self, order: Order, seat: Seat) -> Iterator[StatedAppEvent]:
        """Yield log-ins that a botnet tries with passwords stolen elsewhere."""
        rng = self.rng
        tried = rng.sample(self.customers, min(40, len(self.customers)))
        at = order.at - 25 * MINUTE
        for customer in tried:
            at += rng.randrange(1, 6 * SECOND)
            yield self._event(
                customer,
                at,
                seat._replace(
                    ip=f"203.0.113.{rng.randrange(1, 255)}",
                    device=f"bot-{rng.getrandbits(32):08x}",
                ),
                kind="log-in",
                action="/AUTHENTICATION/LOGON",
                outcome="failure",
            )

    def _session(
        self,
        order: Order,
        seat: Seat,
        kinds: Sequence[tuple[Kind, str | None]],
        *,
        pace: float,
        failures: int = 0,
        log_in: bool = True,
    ) -> Iterator[StatedAppEvent]:
        """Yield a session that ends at an order, `pace` seconds an event on average."""
        rng = self.rng
        logons: list[tuple[Kind, str | None]] = [("log-in", "/AUTHENTICATION/LOGON")]
        whole = logons * (failures + log_in) + list(kinds)
        gaps = [round(rng.gammavariate(3.0, pace / 3.0) * SECOND) for _ in whole]
        at = order.at - sum(gaps) - rng.randrange(SECOND)
        for place, ((kind, action), gap) in enumerate(zip(whole, gaps, strict=True)):
            yield self._event(
                order.customer,
                at,
                seat,
                kind=kind,
                action=action,
                outcome="failure" if place < failures else "success",
                beneficiary=order.beneficiary if kind == "beneficiary-added" else None,
            )
            at += gap

    def _walk(self) -> list[str]:
        """Draw what somebody looks at, from the first page on."""
        rng = self.rng
        walk = ["/ACCOUNTS/ACCOUNTS_FULL"]
        for _ in range(rng.randrange(1, 6)):
            following = _LOOKS[walk[-1]]
            walk += rng.choices(list(following), list(following.values()))
        return walk

    def _seat(self, customer: Customer) -> Seat:
        """Return from where a customer uses the app; now and then from elsewhere."""
        rng = self.rng
        number = crc32(customer.id.encode())
        kind: DeviceType = "desktop" if number % 10 < 2 else "mobile"  # noqa: PLR2004 - a fifth
        agents = _AGENTS[kind]
        network = number % 4
        if rng.random() < AWAY:
            network = rng.randrange(4)
        place = COUNTRIES.index(customer.city.country)
        device = customer.device if kind == "mobile" else f"browser-{number:08x}"
        return Seat(
            f"198.{18 + number % 2}.{number // 2 % 256}.{number // 512 % 254 + 1}",
            FIRST_NETWORK + place * 4 + network,
            customer.city.country,
            device,
            device_type(device),
            agents[number // 7 % len(agents)],
            35.0 + number % 30,
        )

    def _event(
        self,
        customer: Customer,
        at: int,
        seat: Seat,
        *,
        kind: Kind,
        action: str | None,
        outcome: str = "success",
        beneficiary: str | None = None,
    ) -> StatedAppEvent:
        self._number += 1
        return StatedAppEvent(
            f"{self.name}-E{self._number:09d}",
            moment(at),
            customer.id,
            kind,
            action,
            "failure" if outcome == "failure" else "success",
            seat.ip,
            seat.network,
            seat.country,
            seat.user_agent if kind == "log-in" else None,
            seat.device,
            seat.device_type,
            max(1, round(self.rng.gauss(seat.round_trip_ms, 8.0))),
            beneficiary,
            synthetic=True,
        )


_THIEVES = {"account-takeover", "credential-stuffing", "bot-farm"}


def _thief(rng: Random, order: Order) -> Seat:
    """Return from where a thief comes: a new device, behind somebody else's address."""
    stuffed = order.scenario == "credential-stuffing"
    kind: DeviceType = "bot" if stuffed else "desktop"
    return Seat(
        f"203.0.113.{rng.randrange(1, 255)}",
        rng.choice(ANONYMOUS),
        rng.choice(COUNTRIES),
        order.device or "unknown",
        kind,
        rng.choice(_AGENTS[kind]),
        rng.uniform(120.0, 320.0),
    )


def _bot(device: str) -> Seat:
    """Return from where a farm's script comes: one network for all."""
    agent = _AGENTS["bot"][1]
    return Seat("192.0.2.7", ANONYMOUS[0], "NL", device, "bot", agent, 15.0)

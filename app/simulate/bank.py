"""The bank: everybody's payments in the order of event time, and their labels."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import dropwhile, islice, takewhile
from math import inf
from operator import attrgetter
from random import Random
from zlib import crc32

import msgspec

from app.events.labels import Label
from app.events.payments import Transaction
from app.features.clock import SECOND
from app.simulate.app_sessions import AppSessions
from app.simulate.cities import EARLIEST_ZONE, HOUR
from app.simulate.fraud import Underworld
from app.simulate.merchants import Market
from app.simulate.payments import Everyday, Order, midnight
from app.simulate.people import PAYMENTS_A_DAY, people
from app.sources.chunks import Chunk, DueAppEvent, DueLabel

CHUNK = 2_000
TICK = SECOND // 100  # live payments closer together leave together
LABEL_DELAY = timedelta(days=7)
START = date(2026, 1, 5)

_encode = msgspec.json.Encoder().encode
_at = attrgetter("at")


class Bank:
    """A bank with so many customers: the same bytes for the same arguments.

    `name` begins the ids of its payments, and another bank has another. Without
    `trips` nobody leaves their city; without `app` nobody has the bank's app. Where
    customers pay less often than `PAYMENTS_A_DAY` there are as many fewer merchants,
    and frauds, for each of them.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        customers: int = 5_000,
        start: date = START,
        fraud: bool = True,
        trips: bool = True,
        app: bool = True,
        payments_a_day: float = PAYMENTS_A_DAY,
    ) -> None:
        activity = payments_a_day / PAYMENTS_A_DAY
        stated = f"{seed} {customers} {start} {fraud} {trips}"
        stated += f" {payments_a_day}" if activity != 1 else ""
        self.name = _name(stated)
        self._start = start
        rng = random_of(f"people {seed}")
        self.market = Market(rng, customers=round(customers * activity))
        self.customers = list(
            people(rng, self.market, count=customers, payments_a_day=payments_a_day)
        )
        self._everyday = Everyday(
            random_of(f"payments {seed}"), self.customers, self.market, trips=trips
        )
        self._app_seed = f"app {seed}" if app else None
        self._underworld = (
            Underworld(
                random_of(f"fraud {seed}"),
                self.customers,
                self.market,
                activity=activity,
            )
            if fraud
            else None
        )

    def chunks(
        self, *, limit: int | None = None, until: int | None = None
    ) -> Iterator[Chunk]:
        """Yield payments, at most so many and before a time; else without end."""
        orders: Iterator[Order] = self.orders()
        if until is not None:
            orders = takewhile(lambda order: order.at < until, orders)
        return self._chunks(islice(orders, limit))

    def live(
        self,
        *,
        rate: float,
        since: int,
        clock: Callable[[], int] | None = None,
        limit: int | None = None,
    ) -> Iterator[Chunk]:
        """Yield the payments since a time until now, then so many a second from now on.

        The bank's days go on as fast as the rate uses them up, but each payment has
        the time at which it is due by the clock (microseconds from the epoch), which is
        the wall's by default.
        """
        clock = clock or wall_clock
        now = clock()
        orders: Iterable[Order] = dropwhile(
            lambda order: order.at < since, self.orders()
        )
        orders = _live(orders, now, rate=rate, clock=clock)
        self.name = _name(f"{self.name} {now}")  # tomorrow's run pays anew
        return self._chunks(islice(orders, limit), live_from=now)

    def orders(self) -> Iterator[Order]:
        """Yield payment orders in the order of event time, from the start on, UTC.

        There is no end. To be called once: its people grow older.
        """
        start = midnight(self._start)
        day = self._start
        waiting: list[Order] = []
        while True:
            honest = list(self._everyday.day(day))
            waiting += self._underworld.day(day, honest) if self._underworld else honest
            waiting.sort(key=_at)
            day += timedelta(days=1)
            # No later day's order comes before the first city's midnight.
            complete_until = midnight(day) - EARLIEST_ZONE * HOUR
            ready = bisect_left(waiting, complete_until, key=_at)
            yield from waiting[bisect_left(waiting, start, hi=ready, key=_at) : ready]
            del waiting[:ready]

    def _chunks(
        self, orders: Iterable[Order], *, live_from: float = inf
    ) -> Iterator[Chunk]:
        """Give ids and put together what leaves together."""
        seed = self._app_seed
        app = AppSessions(random_of(seed), self.customers, self.name) if seed else None
        chunk = Chunk([], [], [], [])
        for number, order in enumerate(orders):
            at = order.at
            full = len(chunk.ids) == CHUNK
            if full or (at >= live_from and chunk.ids and at > chunk.times[0] + TICK):
                yield chunk
                chunk = Chunk([], [], [], [])
            if app:
                chunk.app_events.extend(_app_events(app, order))
            transaction = order.transaction(f"{self.name}-{number:09d}")
            key = transaction.customer_id.encode()
            chunk.ids.append(transaction.id)
            chunk.keys.append(key)
            chunk.values.append(_encode(transaction))
            chunk.times.append(at)
            if order.scenario:
                chunk.labels.append(_chargeback(transaction, order, key))
        if chunk.ids:
            yield chunk


def wall_clock() -> int:
    """Return the present, in microseconds from the epoch."""
    return time.time_ns() // 1000


def _live(
    orders: Iterable[Order], now: int, *, rate: float, clock: Callable[[], int]
) -> Iterator[Order]:
    """Space out evenly, from when it is their turn, the orders that come after now."""
    first, number = 0, 0
    for order in orders:
        if order.at < now:
            yield order
            continue
        first = first or clock()
        yield order._replace(at=first + round(number * SECOND / rate))
        number += 1


def _app_events(app: AppSessions, order: Order) -> Iterator[DueAppEvent]:
    """Yield what was done in the app before an order, as it goes to Kafka."""
    for event in app.before(order):
        key = event.customer_id.encode()
        yield DueAppEvent(order.at, event.id, key, _encode(event))


def _chargeback(transaction: Transaction, order: Order, key: bytes) -> DueLabel:
    label = Label(
        transaction.id,
        transaction.customer_id,
        transaction.terminal_id,
        transaction.occurred_at,
        transaction.occurred_at + LABEL_DELAY,
        fraud=True,
        scenario=order.scenario,
        synthetic=True,
    )
    due = order.at + LABEL_DELAY // timedelta(microseconds=1)
    return DueLabel(due, transaction.id, key, _encode(label))


def _name(stated: str) -> str:
    return f"S{crc32(stated.encode()):08x}"


def random_of(seed: str) -> Random:
    """Return a source of chance that a text seeds: the same for the same text."""
    return Random(seed)  # noqa: S311 - a simulation, no secret

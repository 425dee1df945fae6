"""The log: a file's payments with their features, as the live road computes them."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.app_events import captured_app_event
from app.capture import captured
from app.detection.moving import Watcher
from app.errors import BadRecord
from app.events.app_events import AppEvent
from app.events.labels import Label
from app.events.payments import Payment
from app.events.readings import Alarms, Fixes
from app.features.aggregates import hashed
from app.features.catalogue import (
    FRAUDS_ELSEWHERE,
    NAMES,
    UNKNOWN_MERCHANT,
    USUAL_RATIO,
)
from app.features.clock import DAY, microseconds
from app.features.customers import CustomerRow
from app.features.merchants import MerchantRow
from app.features.telling import label_of
from app.features.terminals import TerminalRow
from app.privacy.tokens import Tokens
from app.scoring.decide import Vector
from app.sketches.groups import grouped
from app.sources.chunks import Chunk, DueLabel

_label = msgspec.json.Decoder(Label).decode
_TOKENS = Tokens(bytes(32), key_id="none")  # no token leaves this module


@dataclass(frozen=True, slots=True)
class Log:
    """Payments in the order of event time, as parallel arrays.

    Attributes:
        days: days from the epoch to the payment, UTC.
        customers: a number for each customer, from 0.
        frauds: whether the payment was a fraud, known when its label is due.
        vectors: one row a payment, one column a feature; NaN for null.
        names: the features.
        left_out: payments that capture refused, or that came twice.
    """

    days: NDArray[np.int64]
    customers: NDArray[np.int64]
    frauds: NDArray[np.bool_]
    vectors: NDArray[np.float64]
    names: tuple[str, ...]
    left_out: int = 0

    def table(
        self, rows: NDArray[np.int64], names: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return some payments' features of those names, one row a payment."""
        columns = np.array([self.names.index(name) for name in names], np.int64)
        return self.vectors[np.ix_(rows, columns)]

    @property
    def first_day(self) -> int:
        """The day of the first payment."""
        return int(self.days[0])

    @property
    def end_day(self) -> int:
        """The day after the last payment."""
        return int(self.days[-1]) + 1


Whereabouts = Callable[[Payment], Fixes | None]
Felt = Callable[[Payment], Alarms | None]


class Road:
    """Capture, customers and terminals in one process, without a broker.

    The same code as the agents', in the order of event time; a label is learnt when
    it is due, an app event before the payments that it is about. `whereabouts` says
    what a customer's phone told before a payment, `felt` what the terminal's cash
    machine did; with a `watcher`, which customers move together is told after each
    event that shows it.
    """

    def __init__(
        self,
        currency: str,
        *,
        whereabouts: Whereabouts | None = None,
        felt: Felt | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._currency = currency
        self._whereabouts = whereabouts
        self._felt = felt
        self._watcher = watcher
        self._now = datetime.now(UTC)  # what capture holds against dates ahead
        self._customers: dict[str, CustomerRow] = {}
        self._terminals: dict[str, TerminalRow] = {}
        self._merchants: dict[int, MerchantRow] = {}
        self._due: deque[DueLabel] = deque()

    def vectors(self, chunk: Chunk) -> list[Vector | None]:
        """Return each payment's features in the catalogue's order; None if refused."""
        return [one and one[1] for one in self.profiled(chunk)]

    def profiled(self, chunk: Chunk) -> list[tuple[Payment, Vector] | None]:
        """Return payments as captured, each with its features; None if refused."""
        found: list[tuple[Payment, Vector] | None] = []
        labels = iter(chunk.labels)
        upcoming = next(labels, None)
        app_events = deque(chunk.app_events)
        for identity, value, at in zip(
            chunk.ids, chunk.values, chunk.times, strict=True
        ):
            while self._due and self._due[0].due <= at:
                self._learn(_label(self._due.popleft().value))
            while app_events and app_events[0].due <= at:
                self._use(app_events.popleft().value)
            found.append(self._profile(value))
            if upcoming and upcoming.transaction_id == identity:
                self._due.append(upcoming)
                upcoming = next(labels, None)
        return found

    def _profile(self, value: bytes) -> tuple[Payment, Vector] | None:
        try:
            payment = captured(
                value,
                received_at=self._now,
                captured_at=self._now,
                tokens=_TOKENS,
                currency=self._currency,
            )
        except BadRecord:
            return None
        customer = self._customers.get(payment.customer_id)
        if customer is None:
            customer = self._customers[payment.customer_id] = CustomerRow()
        elif customer.seen(payment.id):
            return None
        if self._whereabouts and (told := self._whereabouts(payment)):
            customer.fixes(told)
        profile = customer.profile(payment)
        terminal = self._terminals.get(payment.terminal_id)
        if terminal is None:
            terminal = self._terminals[payment.terminal_id] = TerminalRow()
        if self._felt and (raised := self._felt(payment)):
            terminal.alarm(raised)
        vector = profile + terminal.profile(
            payment, profile[USUAL_RATIO], elsewhere=profile[FRAUDS_ELSEWHERE]
        )
        vector += self._of_merchant(payment)
        self._watch(payment)
        return payment, vector

    def _of_merchant(self, payment: Payment) -> list[float | None]:
        """Return a merchant's features, then count the payment at once.

        The road tells when its day is over, long before a window is about it.
        """
        if payment.merchant_id is None:
            return UNKNOWN_MERCHANT
        name = hashed(payment.merchant_id)
        merchant = self._merchants.get(name)
        if merchant is None:
            merchant = self._merchants[name] = MerchantRow()
        day = microseconds(payment.occurred_at) // DAY
        features = merchant.profile(day, payment.terminal_id)
        merchant.add(day, 1)
        return features

    def _use(self, value: bytes) -> None:
        event = captured_app_event(
            value, received_at=self._now, captured_at=self._now, tokens=_TOKENS
        )
        self._customers.setdefault(event.customer_id, CustomerRow()).use(event)
        self._watch(event)

    def _learn(self, label: Label) -> None:
        if label.customer_id in self._customers:
            self._customers[label.customer_id].label(label)
        terminal = self._terminals.get(label.terminal_id)
        if terminal and terminal.label(label) and (m := terminal.merchant_of(label)):
            self._merchants[m].label(label_of(m, label))
        self._watch(label)

    def _watch(self, event: Payment | AppEvent | Label) -> None:
        found = self._watcher.learn(event) if self._watcher else None
        for told in grouped(found, lambda _: 0) if found else ():
            for customer in told.customers:
                self._customers.setdefault(customer, CustomerRow()).join(told)


def read_log(
    chunks: Iterable[Chunk],
    *,
    currency: str,
    names: Sequence[str] = NAMES,
    progress: Callable[[int], None] | None = None,
) -> Log:
    """Send chunks through the road and keep the named features of each payment.

    `progress` is told after each chunk how many payments it held.
    """
    road = Road(currency)
    columns = [NAMES.index(name) for name in names]
    numbers: dict[bytes, int] = {}
    days, customers, frauds, vectors = [], [], [], []
    left_out = 0
    for chunk in chunks:
        found = road.vectors(chunk)
        kept = [place for place, vector in enumerate(found) if vector is not None]
        left_out += len(found) - len(kept)
        stolen = {label.transaction_id for label in chunk.labels}
        full = [vector for vector in found if vector is not None]
        table = np.array(full, np.float64).reshape(len(full), len(NAMES))
        vectors.append(table[:, columns])
        days.append(np.array([chunk.times[place] for place in kept], np.int64) // DAY)
        customers.append(
            np.array(
                [numbers.setdefault(chunk.keys[p], len(numbers)) for p in kept],
                np.int64,
            )
        )
        frauds.append(np.array([chunk.ids[p] in stolen for p in kept], np.bool_))
        if progress:
            progress(len(found))
    if not days:
        days, customers, frauds = [np.empty(0, np.int64)], [np.empty(0, np.int64)], []
        frauds, vectors = [np.empty(0, np.bool_)], [np.empty((0, len(columns)))]
    return Log(
        np.concatenate(days),
        np.concatenate(customers),
        np.concatenate(frauds),
        np.concatenate(vectors),
        tuple(names),
        left_out,
    )

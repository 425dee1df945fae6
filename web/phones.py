"""Phones: where devices are and were, as the workers' pulses tell it."""

import time
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from app.events.decisions import Decision
from app.events.pulses import Pulse
from app.events.readings import Fix

MOST_FIXES = 1_800
"""Fixes kept of a device: half an hour, when it tells one a second."""
MOST_DEVICES = 2_000
MOST_PAYMENTS = 50
"""Kept of a customer with a phone, the newest."""
SILENCE = 60.0
"""Seconds after which a device that says nothing counts as silent."""

_when = attrgetter("occurred_at")


@dataclass
class Trail:
    """A device's fixes by event time; `heard_at` is when it was last heard of.

    `version` grows whenever there is something new to draw.
    """

    device_id: str
    customer_id: str | None
    synthetic: bool
    fixes: list[Fix] = field(default_factory=list)
    payments: dict[str, Decision] = field(default_factory=dict)
    heard_at: float = 0.0
    version: int = 0


class Phones:
    """Adds up the positions of pulses, device by device."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._trails: dict[str, Trail] = {}
        self._of_customer: dict[str, set[str]] = {}

    def add(self, pulse: Pulse) -> None:
        """Take a pulse."""
        now = self._clock()
        for position in pulse.positions:
            trail = self._trails.pop(position.device_id, None)
            customer = position.customer_id
            if trail is None:
                trail = Trail(position.device_id, customer, position.synthetic)
                if customer:
                    mine = self._of_customer.setdefault(customer, set())
                    mine.add(position.device_id)
            self._trails[position.device_id] = trail  # the one heard last is last
            if not _known(trail.fixes, position.fix):
                insort(trail.fixes, position.fix, key=_when)
                del trail.fixes[:-MOST_FIXES]
                trail.version += 1
            trail.heard_at = now
        while len(self._trails) > MOST_DEVICES:
            gone = self._trails.pop(next(iter(self._trails)))
            if gone.customer_id:
                self._of_customer[gone.customer_id].discard(gone.device_id)
        for decision in pulse.recent:
            self._paid(decision)

    def _paid(self, decision: Decision) -> None:
        payment = decision.payment
        if payment.place is None:
            return
        for device in self._of_customer.get(payment.customer_id, ()):
            trail = self._trails[device]
            if decision.id not in trail.payments:
                trail.payments[decision.id] = decision
                trail.version += 1
            while len(trail.payments) > MOST_PAYMENTS:
                del trail.payments[next(iter(trail.payments))]

    def trails(self) -> list[Trail]:
        """Return every device's trail, by id."""
        return [self._trails[name] for name in sorted(self._trails)]

    def trail(self, device_id: str) -> Trail | None:
        """Return one device's trail."""
        return self._trails.get(device_id)

    def silent(self, trail: Trail) -> bool:
        """Whether nothing was heard of a device for a minute."""
        return self._clock() - trail.heard_at > SILENCE


def _known(fixes: list[Fix], fix: Fix) -> bool:
    """Whether a fix was heard before: a pulse may come twice."""
    if not fixes or fixes[-1].occurred_at < fix.occurred_at:
        return False
    return fix in fixes

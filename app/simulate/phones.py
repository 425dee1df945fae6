"""Phones: where the made-up bank's customers have theirs when their cards are used."""

from collections.abc import Sequence
from datetime import timedelta
from math import cos, radians
from random import Random

from app.events.payments import Payment, Place
from app.events.readings import Fix, Fixes
from app.simulate.people import Customer

LEFT_AT_HOME = 0.05  # of payments in shops
POOR = 0.03  # of fixes
OLDEST = 300.0  # seconds: a phone that lies still tells its place so often
APART_M = 30.0  # of a phone and the terminal that its owner pays at
METRE = 1 / 111_195  # degrees of latitude


class Pockets:
    """The phones of a share of the customers.

    Who pays in a shop has the phone there, but for the few times that it was left at
    home; whose card was cloned has it wherever they were last. A fix is up to five
    minutes old, and now and then only good to kilometres.
    """

    def __init__(
        self, rng: Random, customers: Sequence[Customer], *, share: float
    ) -> None:
        self._rng = rng
        self._at = {one.id: one.home for one in customers if rng.random() < share}
        self._homes = dict(self._at)

    def fixes(self, payment: Payment, scenario: str) -> Fixes | None:
        """Return what a phone told last before a payment; None for who has none."""
        rng, customer = self._rng, payment.customer_id
        if customer not in self._at:
            return None
        there = payment.place is not None and scenario != "cloned-card"
        if there and payment.place:
            left = rng.random() < LEFT_AT_HOME
            self._at[customer] = self._homes[customer] if left else payment.place
        place = self._near(self._at[customer])
        at = payment.occurred_at - timedelta(seconds=round(rng.uniform(5, OLDEST), 3))
        accuracy = 2_000.0 if rng.random() < POOR else round(rng.uniform(4, 50), 1)
        fix = Fix(at, place.latitude, place.longitude, accuracy)
        device = f"phone-of-{customer}"
        return Fixes(customer, device, at, [fix], synthetic=True)

    def _near(self, place: Place) -> Place:
        rng = self._rng
        north, east = rng.gauss(0, APART_M), rng.gauss(0, APART_M)
        narrow = max(0.01, cos(radians(place.latitude)))
        return Place(
            place.latitude + north * METRE, place.longitude + east * METRE / narrow
        )

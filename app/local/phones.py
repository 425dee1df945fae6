"""Phones and a cash machine of the demo: sealed, and robbed; and real recordings."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from app.errors import ServiceError
from app.events.payments import Place
from app.local.devices import AGAIN, Device, device_id, keep_pushing, register
from app.privacy.envelopes import Keys
from app.simulate.cities import CITIES
from app.simulate.journeys import Journey
from app.simulate.locks import Lock
from app.simulate.machines import Machine
from app.simulate.merchants import Terminal
from app.simulate.people import Customer
from app.sources.pushing import push
from app.sources.recordings import messages, read

WALKERS, DRIVERS = 6, 4
FIRST_THEFT, BETWEEN = 30.0, 120.0  # seconds
ROTATED_AFTER = 60  # messages, one a second


class Phones:
    """Devices that push to a worker of the demo, for as long as it runs.

    `client` asks that worker in the name of one who may register devices. All but
    recordings are made up, and seal what they send with the bank's `keys`; each takes
    the next of these after so many messages.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        customers: Sequence[Customer],
        recordings: Sequence[Path] = (),
        keys: Keys,
        every: float = 1.0,
        rotated_after: int = ROTATED_AFTER,
    ) -> None:
        self._client = client
        self._customers = customers
        self._recordings = recordings
        self._keys = keys
        self._every = every
        self._rotated_after = rotated_after

    async def carry(self) -> None:
        """Register all and let them push, until cancelled."""
        async with self._client as client, asyncio.TaskGroup() as group:
            carriers = self._customers[: WALKERS + DRIVERS]
            for number, customer in enumerate(carriers):
                driver = number >= WALKERS
                journey = Journey(
                    customer.home,
                    mps=13.0 if driver else 1.4,
                    span_m=3_000.0 if driver else 500.0,
                    phase=float(number),
                )
                name = f"{'driver' if driver else 'walker'}-{number + 1}"
                wanted = {"id": name, "customer_id": customer.id}
                group.create_task(self._push(client, wanted, journey))
            for path in self._recordings:
                group.create_task(self._replay(client, path))
            if self._customers:
                group.create_task(self._steal(client, self._customers[0]))
                terminal = busiest(self._customers)
                wanted = {
                    "id": "cash-machine-1",
                    "kind": "atm",
                    "terminal_id": terminal.id,
                    "name": f"Cash machine in {terminal.city.name}",
                }
                group.create_task(self._push(client, wanted, Machine()))

    async def _push(
        self, client: httpx.AsyncClient, wanted: dict[str, Any], device: Device
    ) -> None:
        path = await register(client, wanted | {"synthetic": True})
        lock = Lock(self._keys, wanted["id"], self._rotated_after)
        await keep_pushing(client, path, device, lock, every=self._every)

    async def _replay(self, client: httpx.AsyncClient, path: Path) -> None:
        """Let a recorded phone go its way again and again, at its own pace."""
        recording = await asyncio.to_thread(read, path)
        owner = f"owner-of-{path.stem}"[:64]
        wanted = {"id": device_id(path.stem), "customer_id": owner}
        to = await register(client, wanted)
        while True:
            shift = time.time_ns() - recording.start_ns
            told = messages(recording, shift_ns=shift)
            with suppress(ServiceError, ExceptionGroup):
                await push(str(client.base_url.join(to)), told, pace=1.0)
            await asyncio.sleep(AGAIN)

    async def _steal(self, client: httpx.AsyncClient, victim: Customer) -> None:
        """Use a copy of a card far from its owner's phone, now and then."""
        far = max(CITIES, key=lambda city: _apart(city.place, victim.home))
        await asyncio.sleep(FIRST_THEFT)
        while True:
            payment = {
                "id": f"cloned-{uuid.uuid4().hex[:12]}",
                "occurred_at": datetime.now(UTC).isoformat(),
                "customer_id": victim.id,
                "terminal_id": "P-far-away",
                "amount": 8_900,
                "currency": "EUR",
                "place": {
                    "latitude": far.place.latitude,
                    "longitude": far.place.longitude,
                },
                "synthetic": True,
            }
            with suppress(httpx.TransportError):
                await client.post("/v1/transactions", json=payment)
            await asyncio.sleep(BETWEEN)


def _apart(one: Place, other: Place) -> float:
    return abs(one.latitude - other.latitude) + abs(one.longitude - other.longitude)


def busiest(customers: Sequence[Customer]) -> Terminal:
    """Return the cash machine that most of the customers' cash is drawn at."""
    drawn: Counter[Terminal] = Counter()
    for customer in customers:
        for terminal in customer.slots:
            if terminal.category.channel == "atm":
                drawn[terminal] += 1
    return max(drawn, key=lambda one: (drawn[one], one.id))

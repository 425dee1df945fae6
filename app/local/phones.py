"""Phones of the demo: walkers, drivers, a card that is cloned, and real recordings."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from app.errors import ServiceError
from app.events.payments import Place
from app.simulate.cities import CITIES
from app.simulate.journeys import Journey
from app.simulate.people import Customer
from app.sources.pushing import push
from app.sources.recordings import messages, read

WALKERS, DRIVERS = 6, 4
FIRST_THEFT, BETWEEN = 30.0, 120.0  # seconds
AGAIN = 2.0


class Phones:
    """Phones that push to a worker of the demo for as long as it runs.

    A worker that is killed meanwhile costs the messages of that time: life has no
    replay.
    """

    def __init__(
        self,
        address: str,
        login: tuple[str, str],
        *,
        customers: Sequence[Customer],
        recordings: Sequence[Path] = (),
    ) -> None:
        self._address = address
        self._login = login
        self._customers = customers[: WALKERS + DRIVERS]
        self._recordings = recordings

    async def carry(self) -> None:
        """Register all and let them push, until cancelled."""
        async with (
            httpx.AsyncClient(
                base_url=self._address,
                auth=self._login,
                timeout=10,
                trust_env=False,
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            for number, customer in enumerate(self._customers):
                driver = number >= WALKERS
                journey = Journey(
                    customer.home,
                    mps=13.0 if driver else 1.4,
                    span_m=3_000.0 if driver else 500.0,
                    phase=float(number),
                )
                name = f"{'driver' if driver else 'walker'}-{number + 1}"
                group.create_task(self._walk(client, name, customer.id, journey))
            for path in self._recordings:
                group.create_task(self._replay(client, path))
            if self._customers:
                group.create_task(self._steal(client, self._customers[0]))

    async def _walk(
        self, client: httpx.AsyncClient, name: str, customer: str, journey: Journey
    ) -> None:
        path = await _register(client, name, customer, synthetic=True)
        session, number = uuid.uuid4().hex, 0
        while True:
            body = journey.message(number, session=session, now_ns=time.time_ns())
            with suppress(httpx.TransportError):
                await client.post(path, json=body)
            number += 1
            await asyncio.sleep(1.0)

    async def _replay(self, client: httpx.AsyncClient, path: Path) -> None:
        """Let a recorded phone go its way again and again, at its own pace."""
        recording = await asyncio.to_thread(read, path)
        to = await _register(
            client, path.stem, f"owner-of-{path.stem}"[:64], synthetic=False
        )
        while True:
            shift = time.time_ns() - recording.start_ns
            told = messages(recording, shift_ns=shift)
            with suppress(ServiceError, ExceptionGroup):
                await push(f"{self._address}{to}", told, pace=1.0)
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


async def _register(
    client: httpx.AsyncClient, name: str, customer: str, *, synthetic: bool
) -> str:
    """Register a phone; return where it pushes to."""
    wanted: dict[str, Any] = {
        "id": "".join(c if c.isalnum() or c in "_-" else "-" for c in name)[:64],
        "customer_id": customer,
        "synthetic": synthetic,
    }
    while True:
        with suppress(httpx.TransportError):
            told = await client.post("/v1/devices", json=wanted)
            if told.status_code == httpx.codes.CREATED:
                path: str = told.json()["path"]
                return path
        await asyncio.sleep(AGAIN)

"""Devices of the demo: registered with the bank, pushing for as long as it runs."""

import asyncio
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import httpx

from app.simulate.locks import Lock

AGAIN = 2.0


class Device(Protocol):
    """What measures something, and says it in messages of the Sensor Logger app."""

    def message(self, number: int, *, session: str, now_ns: int) -> dict[str, Any]:
        """Return the message `number` of a session."""


def device_id(name: str) -> str:
    """Return a name as the id of a device.

    >>> device_id("my drive.zip")
    'my-drive-zip'
    """
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in name)[:64]


async def register(client: httpx.AsyncClient, wanted: Mapping[str, Any]) -> str:
    """Register a device, however long the bank takes; return where it pushes to."""
    while True:
        with suppress(httpx.TransportError):
            told = await client.post("/v1/devices", json=wanted)
            if told.status_code == httpx.codes.CREATED:
                path: str = told.json()["path"]
                return path
        await asyncio.sleep(AGAIN)


async def keep_pushing(
    client: httpx.AsyncClient, path: str, device: Device, lock: Lock, *, every: float
) -> None:
    """Push a message in so many seconds, until cancelled.

    A worker that is killed meanwhile costs the messages of that time: life has no
    replay.
    """
    session, number = uuid.uuid4().hex, 0
    while True:
        message = device.message(number, session=session, now_ns=time.time_ns())
        with suppress(httpx.TransportError):
            await client.post(path, content=lock.sealed(number, message))
        number += 1
        await asyncio.sleep(every)

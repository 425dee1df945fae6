"""Two workers that decide, and a client of each: what changes hot is tested on them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.local.ports import free_port
from tests.road import Road
from tests.web.site import PASSWORD

NAMES = "one", "two"
PATIENCE = 240.0
SOON = 30.0
"""Seconds in which a change must be everywhere, unasked. The product says one, and it
is milliseconds; but here other tests run, and a machine may stall."""


@asynccontextmanager
async def deciding(
    road: Road, *, patience: float = PATIENCE
) -> AsyncIterator[dict[str, Any]]:
    """Have two workers of a road that decide; give the road, and clients by name."""
    found: dict[str, Any] = {"road": road}
    with road.running():
        for name in NAMES:
            start(found, name)
        await ready(found, patience=patience)
        try:
            yield found
        finally:
            for name in NAMES:
                await found[name].aclose()


def start(site: dict[str, Any], name: str) -> None:
    """Start a worker, or its successor."""
    port = free_port()
    site["road"].environment["SMARTBANK_WEB_PORT"] = str(port)
    site["road"].start(name)
    site[name] = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        auth=("mia", PASSWORD),
        timeout=60,
        trust_env=False,
    )


async def ready(site: dict[str, Any], *, patience: float = PATIENCE) -> None:
    """Wait until both workers have half of the partitions, and know it."""
    async with asyncio.timeout(patience):
        for name in NAMES:
            while await shares(site[name]) != [2, 2]:  # noqa: ASYNC110 - told by HTTP
                await asyncio.sleep(0.1)


async def soon(told: Callable[[], Awaitable[bool]]) -> float:
    """Wait until a change is known; return after how many seconds."""
    started = time.monotonic()
    async with asyncio.timeout(SOON):
        while not await told():  # noqa: ASYNC110 - told by HTTP
            await asyncio.sleep(0)
    return time.monotonic() - started


async def shares(client: httpx.AsyncClient) -> list[int]:
    """Ask how many partitions each worker that decides has."""
    try:
        found = await client.get("/v1/workers")
    except httpx.TransportError:
        return []
    workers = found.json()["workers"] if found.status_code == 200 else []
    return [
        len(one["owned"].get("terminal-activity", []))
        for one in workers
        if one["role"] == "score"
    ]

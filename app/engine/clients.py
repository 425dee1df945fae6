"""Kafka's clients: started and stopped whole, whatever is cancelled meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar


class Client(Protocol):
    """A consumer or a producer."""

    async def start(self) -> None:
        """Connect."""
        ...

    async def stop(self) -> None:
        """Close every connection."""
        ...


C = TypeVar("C", bound=Client)
R = TypeVar("R")


@asynccontextmanager
async def running(client: C) -> AsyncIterator[C]:
    """Have a client started, and stopped afterwards.

    aiokafka's own leave connections and tasks behind where they are given up half-way.
    """
    try:
        await whole(client.start())
        yield client
    finally:
        await whole(client.stop())


async def whole(work: Coroutine[Any, Any, R]) -> R:
    """Do work to its end, even for one who is cancelled: that takes effect after it."""
    doing = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait([doing])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from doing.exception()
    return doing.result()

"""Sealing: what is personal goes into a store only under its customer's key."""

import asyncio
from collections.abc import Sequence

from agents.sinks.delivery import Refused, Sink
from app.archive import Decided
from app.customer_keys import CustomerKeys
from app.errors import ServiceError


class Sealing:
    """A store behind a lock: decisions reach it with what is personal sealed.

    Where the keys cannot be had it counts as away. Without a key of the bank decisions
    go on as they are.
    """

    def __init__(self, sink: Sink[Decided], keys: CustomerKeys) -> None:
        self.name = sink.name
        self.away: tuple[type[Exception], ...] = (*sink.away, ServiceError)
        self._sink = sink
        self._keys = keys

    async def prepare(self) -> None:
        """Make the store ready."""
        await self._sink.prepare()

    async def write(self, batch: Sequence[Decided]) -> Refused:
        """Write all that the store will have."""
        if self._keys:
            batch = await asyncio.to_thread(self._keys.sealed, batch)
        return await self._sink.write(batch)

    async def close(self) -> None:
        """Let go of the store."""
        await self._sink.close()

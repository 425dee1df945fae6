"""Waiters: callers that want a payment's decision as soon as it is made."""

import asyncio
from collections.abc import Awaitable, Iterable

from app.events.decisions import Decision


class Waiters:
    """Hands decisions made in this process to those who wait for them."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Decision]] = {}
        self._telling: set[asyncio.Future[None]] = set()

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def expect(self, transaction_id: str) -> "asyncio.Future[Decision]":
        """Return the future of a decision; two that wait for one share it."""
        waiting = self._waiting.get(transaction_id)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[transaction_id] = waiting
        return waiting

    def forget(self, transaction_id: str) -> None:
        """Stop waiting."""
        self._waiting.pop(transaction_id, None)

    def tell(self, made: Iterable[Decision], *, published: Awaitable[None]) -> None:
        """Hand decisions to those who wait for them, once they are published.

        Until then a crash could still make another decision of them. Where publishing
        fails nobody is told: the worker stops, and its successor decides again.
        """
        waited = [one for one in made if one.id in self._waiting]
        telling = asyncio.ensure_future(self._tell(waited, published))
        self._telling.add(telling)
        telling.add_done_callback(self._told)

    async def _tell(
        self, waited: Iterable[Decision], published: Awaitable[None]
    ) -> None:
        await published
        for decision in waited:
            self.resolve(decision)

    def _told(self, telling: "asyncio.Future[None]") -> None:
        self._telling.discard(telling)
        if not telling.cancelled():
            telling.exception()  # told by the publisher

    def resolve(self, decision: Decision) -> None:
        """Hand a decision to whoever waits for it."""
        waiting = self._waiting.pop(decision.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(decision)

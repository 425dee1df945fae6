"""Waiters: callers that want a payment's decision as soon as it is made."""

import asyncio

from app.events.decisions import Decision


class Waiters:
    """Hands decisions made in this process to those who wait for them."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Decision]] = {}

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

    def resolve(self, decision: Decision) -> None:
        """Hand a decision to whoever waits for it."""
        waiting = self._waiting.pop(decision.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(decision)

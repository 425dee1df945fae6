"""Awaiting: the decisions on payments, wherever in the cluster they are made."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from msgspec import Raw, Struct

from app.engine.partitioner import partition_for
from app.events.decisions import Decision
from app.events.payments import Transaction
from app.topics import TERMINAL_ACTIVITY
from web.auth import Caller
from web.context import Context
from web.problems import Problem
from web.state import owned

PATIENCE = 10.0
"""Seconds that a caller waits for decisions."""

LOOK_BACK = 0.5
"""Seconds between two looks into the archive, for payments decided before."""

WAITS = "/internal/waits"


class _Named(Struct):
    id: str


_name = msgspec.json.Decoder(_Named).decode
_encode = msgspec.json.Encoder().encode


class Awaiting:
    """Collects decisions from this worker, from others, and from the archive.

    Listening starts before the payments are sent: a decision can be made before the
    answer of Kafka has come back.
    """

    def __init__(
        self, context: Context, caller: Caller, payments: Sequence[Transaction]
    ) -> None:
        self._context = context
        self._caller = caller
        self._payments = payments
        self._found: dict[str, Raw] = {}
        self._all = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.pending = {payment.id for payment in payments}

    def decisions(self) -> list[Raw]:
        """Return the decisions that have come, in the order of the payments."""
        ids = dict.fromkeys(payment.id for payment in self._payments)
        return [self._found[one] for one in ids if one in self._found]

    async def all(self) -> None:
        """Wait for all decisions, at most ten seconds."""
        self._tasks.append(asyncio.create_task(self._look_back()))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._all.wait()
        except TimeoutError:
            return

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen to whoever will decide; the archive covers for who cannot be asked."""
        here, elsewhere = self._owners()
        waiters = self._context.waiters
        async with AsyncExitStack() as stack:
            expected = {one: waiters.expect(one) for one in here}
            for future in expected.values():
                future.add_done_callback(self._made)
            try:
                for url, ids in elsewhere.items():
                    await self._ask(stack, url, ids)
                yield
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                for one, future in expected.items():
                    if not future.done():
                        waiters.forget(one)

    def _owners(self) -> tuple[list[str], dict[str, list[str]]]:
        """Return the ids decided here, and those of each other worker."""
        topic = TERMINAL_ACTIVITY.name
        mine = owned(self._context.app).get(topic, ())
        partitions = self._context.settings.partitions
        here: list[str] = []
        elsewhere: dict[str, list[str]] = {}
        for payment in self._payments:
            key = payment.terminal_id.encode()
            if partition_for(key, partitions) in mine:
                here.append(payment.id)
            elif url := self._context.cluster.owner(topic, key):
                elsewhere.setdefault(url, []).append(payment.id)
        return here, elsewhere

    async def _ask(self, stack: AsyncExitStack, url: str, ids: list[str]) -> None:
        asking = self._context.forwarder.lines(url, WAITS, _encode(ids), self._caller)
        try:
            lines = await stack.enter_async_context(asking)
            await anext(lines)  # an empty line: the other worker listens
        except (Problem, StopAsyncIteration):
            return
        self._tasks.append(asyncio.create_task(self._hear(lines)))

    async def _hear(self, lines: AsyncIterator[bytes]) -> None:
        async for line in lines:
            self._add(_name(line).id, Raw(line))

    def _made(self, made: "asyncio.Future[Decision]") -> None:
        if not made.cancelled():
            decision = made.result()
            self._add(decision.id, Raw(_encode(decision)))

    async def _look_back(self) -> None:
        while self.pending:
            await asyncio.sleep(LOOK_BACK)
            if self._context.app.should_stop:
                self._all.set()  # the caller is told what is pending, and asks again
                return
            for one in list(self.pending):
                try:
                    found = await self._context.decision(one)
                except Problem:
                    break  # no archive now: the decision may come all the same
                if found is not None:
                    self._add(one, Raw(_encode(found)))

    def _add(self, identity: str, decision: Raw) -> None:
        if identity in self.pending:
            self.pending.discard(identity)
            self._found[identity] = decision
            if not self.pending:
                self._all.set()


async def stream(context: Context, ids: Sequence[str]) -> AsyncIterator[bytes]:
    """Yield an empty line at once, then the decisions made here, one a line."""
    waiters = context.waiters
    waiting = {waiters.expect(one): one for one in ids}
    try:
        yield b"\n"
        async with asyncio.timeout(PATIENCE + 1):
            left = set(waiting)
            while left:
                made, left = await asyncio.wait(
                    left, return_when=asyncio.FIRST_COMPLETED
                )
                for one in made:
                    yield _encode(one.result()) + b"\n"
    except TimeoutError:
        return
    finally:
        for future, identity in waiting.items():
            if not future.done():
                waiters.forget(identity)

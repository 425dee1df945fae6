"""Delivery: hands batches to one store, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from mode import Service

WAITING = 100
"""Batches that wait for a store, at most; then the agent waits too."""
MOST = 1_000
"""Records written at once, about, when batches wait."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds between two attempts

T = TypeVar("T")
In = TypeVar("In")
In_contra = TypeVar("In_contra", contravariant=True)
Refused = Mapping[int, str]
"""Why a store will never have some of a batch, by their place in it."""


class Sink(Protocol[In_contra]):
    """A store that records are written to. Writing one again changes nothing."""

    name: str
    away: tuple[type[Exception], ...]
    """What is raised while it is away, or will not have anything now."""

    async def prepare(self) -> None:
        """Make the store ready."""
        ...

    async def write(self, batch: Sequence[In_contra]) -> Refused:
        """Write all that it will have."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...


@dataclass(frozen=True)
class Parcel(Generic[In]):
    """One batch on its way; `refused` resolves to what the store will not have."""

    batch: Sequence[In]
    refused: asyncio.Future[Refused]


class Delivery(Service, Generic[In]):
    """Delivers to one sink: batches that wait are merged, a failed write is repeated.

    A write holds about `most` records; for a store that is better written to seldom,
    it waits up to `linger` seconds for so many. `away_since` is when the store was
    first missed, in loop time; None while it answers.
    """

    def __init__(
        self, sink: Sink[In], *, most: int = MOST, linger: float = 0.0
    ) -> None:
        super().__init__()
        self.sink = sink
        self.away_since: float | None = None
        self._most = most
        self._linger = linger
        self._queue: asyncio.Queue[Parcel[In]] = asyncio.Queue(WAITING)

    async def put(self, batch: Sequence[In]) -> asyncio.Future[Refused]:
        """Hand over a batch; waits while too many wait.

        The future resolves when the store has all but those that it refused.
        """
        refused: asyncio.Future[Refused] = self.loop.create_future()
        await self._queue.put(Parcel(batch, refused))
        return refused

    @Service.task
    async def _deliver(self) -> None:
        await self._attempt(self.sink.prepare)
        while not self.should_stop:
            parcels = await self._gather()
            merged = [one for parcel in parcels for one in parcel.batch]
            refused: Refused = {}
            if merged:  # of a batch of dead letters nothing is left
                refused = await self._attempt(partial(self.sink.write, merged))
            start = 0
            for parcel in parcels:
                end = start + len(parcel.batch)
                mine = {p - start: w for p, w in refused.items() if start <= p < end}
                parcel.refused.set_result(mine)
                start = end

    async def _gather(self) -> list[Parcel[In]]:
        """Take what waits, and what comes soon."""
        parcels = [await self._queue.get()]
        size, end = len(parcels[0].batch), self.loop.time() + self._linger
        while size < self._most:
            try:
                if self._queue.empty():
                    async with asyncio.timeout_at(end):
                        parcels.append(await self._queue.get())
                else:
                    parcels.append(self._queue.get_nowait())
            except TimeoutError:
                break
            size += len(parcels[-1].batch)
        return parcels

    async def _attempt(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what needs the store, again and again until it is done."""
        pause = FIRST_PAUSE
        while True:
            try:
                result = await work()
            except self.sink.away as error:
                if self.away_since is None:
                    self.away_since = self.loop.time()
                    self.log.warning("%s is away, trying on: %s", self.sink.name, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if self.away_since is not None:
                    gone = self.loop.time() - self.away_since
                    self.log.warning("%s is back after %.1f s", self.sink.name, gone)
                    self.away_since = None
                return result

    async def on_stop(self) -> None:
        """Let go of the store; what waits is delivered by the next to own it."""
        await self.sink.close()

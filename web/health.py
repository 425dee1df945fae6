"""Health: whether this worker still gets anywhere.

A consumer can stop without an error; Kafka is asked, past it, how far the logs go.
"""

import time
from collections.abc import Awaitable, Callable

from mode import Service

from app.engine.application import Application

INTERVAL = 5.0
PATIENCE = 30.0
"""Seconds without progress, though there is work, after which a worker is stuck."""

Tp = tuple[str, int]
Ends = Callable[[list[Tp]], Awaitable[dict[Tp, int]]]


class Progress:
    """Which partitions have work and have not moved for too long."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[Tp, tuple[int, float]] = {}

    def look(self, done: dict[Tp, int], ends: dict[Tp, int]) -> list[Tp]:
        """Return the stuck partitions: offsets done and ends of logs are given."""
        now = self._clock()
        waiting: dict[Tp, tuple[int, float]] = {}
        for tp, offset in done.items():
            if offset < ends.get(tp, 0):
                at, since = self._waiting.get(tp, (offset, now))
                waiting[tp] = offset, since if at == offset else now
        self._waiting = waiting
        return sorted(tp for tp, (_, t) in waiting.items() if now - t > PATIENCE)


class Health(Service):
    """Looks every five seconds; `stuck` names the partitions that do not move."""

    def __init__(self, app: Application, ends: Ends) -> None:
        super().__init__()
        self._app = app
        self._ends = ends
        self._progress = Progress()
        self.stuck: list[Tp] = []

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(INTERVAL)
            done = self._done()
            self.stuck = self._progress.look(done, await self._ends(sorted(done)))

    def _done(self) -> dict[Tp, int]:
        """Return the offset below which all is done, by partition.

        Leaves out what waits for a store: that is no fault of this worker.
        """
        engine = self._app.engine
        if not engine.sought:
            return {}
        return {
            (tp.topic, tp.partition): engine.settled.get(tp, position)
            for tp, position in engine.positions.items()
            if tp not in engine.sources or not engine.sources[tp].waiting
        }

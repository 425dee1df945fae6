"""Retention: what is older than it may be is let go of, in every store, each hour."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from mode import Service

from app.errors import SmartbankError
from app.influx import Influx
from app.keeping import archive
from app.keeping.elastic import Indices
from app.keeping.kafka import Topics
from app.keeping.mongo import Documents
from app.keeping.table import kept_days
from app.main import app, settings

HOUR = 3600.0
days = kept_days(settings)


class Retention(Service):
    """Has every store let go of what is too old; one that is away waits an hour."""

    @Service.task
    async def _keep(self) -> None:
        while not self.should_stop and not app.engine.started:
            await self.sleep(0.5)  # until then the topics may not be there
        while not self.should_stop:
            for enforce in (topics, documents, indices, files, series):
                await self._attempt(enforce)
            await self.sleep(HOUR)

    async def _attempt(self, enforce: Callable[[], Awaitable[None]]) -> None:
        try:
            await enforce()
        except (SmartbankError, OSError) as error:
            self.log.warning("retention waits an hour: %s", error)


async def topics() -> None:
    """Have Kafka keep topics for so long."""
    await Topics(settings).enforce(days)


async def documents() -> None:
    """Have Mongo keep documents for so long."""
    await Documents(settings).enforce(days)


async def indices() -> None:
    """Drop what is too old in Elasticsearch."""
    await Indices(settings).enforce(days, now=datetime.now(UTC))


async def files() -> None:
    """Delete files of this machine's archive that are too old."""
    root = settings.archive
    await asyncio.to_thread(archive.enforce, root, days, now=datetime.now(UTC))


async def series() -> None:
    """Have InfluxDB keep readings for so long."""
    if influx := Influx.of(settings):
        await asyncio.to_thread(influx.ensure, days["influx.readings"])


app.first.append(Retention())

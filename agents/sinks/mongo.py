"""Mongo: decisions in the archive."""

from collections.abc import Sequence

from pymongo.errors import PyMongoError

from app.archive import Archive, Decided


class MongoSink(Archive):
    """The archive as a sink."""

    name = "Mongo"
    away: tuple[type[Exception], ...] = (PyMongoError,)

    async def write(self, batch: Sequence[Decided]) -> dict[int, str]:
        """Write decisions, after which tokens cards have now."""
        await self.changed(batch)
        return await super().write(batch)

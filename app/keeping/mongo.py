"""Mongo: indexes by which it lets go of documents, with the end that is set."""

from collections.abc import Mapping

from pymongo.errors import PyMongoError

from app.archive import ASIDE, COLLECTION
from app.errors import ServiceError
from app.mongo import client_of
from app.settings import Settings

INDEX = "kept"
DAY = 24 * 3600
FIELDS = {COLLECTION: "decided_at", ASIDE: "aside_at"}
"""By collection, the date that an age is counted from."""


class Documents:
    """The collections that let go of documents. Raises ServiceError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def found(self) -> dict[str, int]:
        """Return for how many days collections keep, by `mongo.NAME`; 0 for ever."""
        return await self._ask({})

    async def enforce(self, days: Mapping[str, int]) -> None:
        """Have collections keep for so many days."""
        await self._ask(days)

    async def _ask(self, wanted: Mapping[str, int]) -> dict[str, int]:
        settings, found = self._settings, {}
        client = client_of(settings)
        try:
            for name, field in FIELDS.items():
                collection = client[settings.database][name]
                told = (await collection.index_information()).get(INDEX, {})
                days = int(told.get("expireAfterSeconds", 0)) // DAY
                due = wanted.get(f"mongo.{name}", days)
                if due != days:
                    if told:
                        await collection.drop_index(INDEX)
                    if due:
                        await collection.create_index(
                            field, name=INDEX, expireAfterSeconds=due * DAY
                        )
                found[f"mongo.{name}"] = due
        except PyMongoError as error:
            message = f"Mongo does not answer: {error}"
            raise ServiceError(message) from error
        finally:
            client.close()
        return found

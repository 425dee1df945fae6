"""Mongo: the tokens in its decisions, and which token became which."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from app.archive import CHANGES, COLLECTION
from app.errors import ServiceError
from app.mongo import blocking_client_of
from app.rekeying.tokens import Counts, counted, renamed
from app.settings import Settings

PORTION = 1_000
FIELD = "payment.card.token"


@contextmanager
def opened(settings: Settings) -> Iterator["Documents"]:
    """Give the settings' database for a while.

    Raises:
        ServiceError: Mongo is away, then or while it is used.
    """
    client = blocking_client_of(settings)
    try:
        yield Documents(client[settings.database])
    except PyMongoError as error:
        message = f"Mongo does not answer: {error}"
        raise ServiceError(message) from error
    finally:
        client.close()


class Documents:
    """The decisions in Mongo, as far as they name cards."""

    def __init__(self, database: Any) -> None:
        self._decisions = database[COLLECTION]
        self._changes = database[CHANGES]

    def names(self) -> dict[str, str]:
        """Return which token became which."""
        return {one["_id"]: one["token"] for one in self._changes.find()}

    def forget(self, key_id: str) -> int:
        """Forget what tokens of a key became; return how many there were."""
        gone: int = self._changes.delete_many({"_id": _of(key_id)}).deleted_count
        return gone

    def counts(self) -> Counts:
        """Return how many decisions name cards, by the key of the token."""
        per_token = [{"$group": {"_id": f"${FIELD}", "count": {"$sum": 1}}}]
        named = [{"$match": {FIELD: {"$exists": True}}}, *per_token]
        return counted(
            (one["_id"], one["count"]) for one in self._decisions.aggregate(named)
        )

    def rename(self, key_id: str, names: Mapping[str, str]) -> int:
        """Rename the cards of a key that are known; return in how many decisions."""
        count, writes = 0, []
        for one in self._decisions.find({FIELD: _of(key_id)}, {FIELD: 1}):
            token = one["payment"]["card"]["token"]
            if token in names:
                new = {"$set": {FIELD: renamed(token, names)}}
                writes.append(UpdateOne({"_id": one["_id"]}, new))
            if len(writes) >= PORTION:
                count += self._write(writes)
        return count + self._write(writes)

    def _write(self, writes: list[UpdateOne]) -> int:
        if not writes:
            return 0
        count: int = self._decisions.bulk_write(writes, ordered=False).modified_count
        writes.clear()
        return count


def _of(key_id: str) -> dict[str, str]:
    return {"$regex": f"^{key_id}_"}

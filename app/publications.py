"""Publications: counts with noise as they were published, and what a day has left.

The first answer to a question stands: who asks again gets the same noise, so that
asking often tells no more. Each new question spends some of its day's budget.
"""

from datetime import date, datetime
from typing import Any, Protocol

from msgspec import Struct, convert, to_builtins
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from app.mongo import client_of
from app.privacy.questions import By, Of, Question
from app.settings import Settings

COLLECTION = "published"
_SLACK = 1e-9  # sums of fractions


class Publication(Struct, frozen=True):
    """An answer as it was published; `epsilon` is what it spent of its day's budget.

    With or without what one customer did that day, any answer is at most exp(epsilon)
    times as likely. `most` payments of a customer count. `error` is how far a count is
    off, in the mean, before none is let below 0.
    """

    day: date
    of: Of
    by: By
    epsilon: float
    most: int
    error: float
    counts: dict[str, int]
    published_at: datetime

    @property
    def id(self) -> str:
        """The question's name."""
        return Question(self.day, self.of, self.by).id


class Publications(Protocol):
    """Keeps what was published."""

    async def find(self, question: Question) -> Publication | None:
        """Return what was answered."""
        ...

    async def spend(self, day: date, epsilon: float, *, budget: float) -> bool:
        """Take some of a day's budget; return whether there was enough."""
        ...

    async def keep(self, made: Publication) -> Publication:
        """Keep an answer; return the one that stands, the first."""
        ...

    async def spent(self, day: date) -> float:
        """Return how much of a day's budget is gone."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...


class MongoPublications:
    """Publications in the collection `published`, the same for all workers.

    Its methods raise PyMongoError where Mongo is away, or refuses.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = client_of(settings)
        self._kept = self._client[settings.database][COLLECTION]

    async def find(self, question: Question) -> Publication | None:
        """Return what was answered."""
        found = await self._kept.find_one({"_id": question.id})
        return _read(found) if found else None

    async def spend(self, day: date, epsilon: float, *, budget: float) -> bool:
        """Take some of a day's budget; return whether there was enough.

        One operation of the store: two who ask at once cannot take the same.
        """
        left = {"$lte": budget - epsilon + _SLACK}
        try:
            await self._kept.find_one_and_update(
                {"_id": _budget(day), "spent": left},
                {"$inc": {"spent": epsilon}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # it is there, and more is spent
            return False
        return True

    async def keep(self, made: Publication) -> Publication:
        """Keep an answer; return the one that stands, the first."""
        try:
            await self._kept.insert_one({"_id": made.id, **to_builtins(made)})
        except DuplicateKeyError:
            return _read(await self._kept.find_one({"_id": made.id}) or {})
        return made

    async def spent(self, day: date) -> float:
        """Return how much of a day's budget is gone."""
        found = await self._kept.find_one({"_id": _budget(day)})
        return float(found["spent"]) if found else 0.0

    async def close(self) -> None:
        """Close the connections."""
        self._client.close()


class MemoryPublications:
    """Publications of one process."""

    def __init__(self) -> None:
        self.kept: dict[str, Publication] = {}
        self._spent: dict[date, float] = {}

    async def find(self, question: Question) -> Publication | None:
        """Return what was answered."""
        return self.kept.get(question.id)

    async def spend(self, day: date, epsilon: float, *, budget: float) -> bool:
        """Take some of a day's budget; return whether there was enough."""
        spent = await self.spent(day) + epsilon
        if spent > budget + _SLACK:
            return False
        self._spent[day] = spent
        return True

    async def keep(self, made: Publication) -> Publication:
        """Keep an answer; return the one that stands, the first."""
        return self.kept.setdefault(made.id, made)

    async def spent(self, day: date) -> float:
        """Return how much of a day's budget is gone."""
        return self._spent.get(day, 0.0)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


def _budget(day: date) -> str:
    return f"{day.isoformat()} budget"


def _read(document: dict[str, Any]) -> Publication:
    return convert(document, Publication)

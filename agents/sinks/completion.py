"""Completion: labels that name only their transaction, completed from the archive."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from pymongo.errors import PyMongoError

from app.archive import Archive, Place
from app.events.labels import Label, TransactionLabel

Publish = Callable[[Sequence[Label]], Awaitable[None]]
"""Brings labels to the raw topic; returns when Kafka has them."""


class Completion:
    """The archive as a sink of labels: what it knows goes on, the rest is set aside.

    A label that goes on twice, after a crash, is learnt once.
    """

    name = "Mongo"
    away: tuple[type[Exception], ...] = (PyMongoError,)

    def __init__(self, archive: Archive, publish: Publish) -> None:
        self._archive = archive
        self._publish = publish

    async def prepare(self) -> None:
        """Do nothing: the archive makes its collections by itself."""

    async def write(self, batch: Sequence[TransactionLabel]) -> dict[int, str]:
        """Publish the labels of payments that are there, in the order of knowledge."""
        places = await self._archive.places({one.transaction_id for one in batch})
        known = [one for one in batch if one.transaction_id in places]
        known.sort(key=lambda one: one.labelled_at)
        await self._publish(
            [complete(one, places[one.transaction_id]) for one in known]
        )
        await self._archive.take_back(known)
        await self._archive.set_aside(
            (one for one in batch if one.transaction_id not in places),
            looked_at=datetime.now(UTC),
        )
        return {}

    async def close(self) -> None:
        """Close the archive."""
        await self._archive.close()


def complete(label: TransactionLabel, place: Place) -> Label:
    """Return a label with its payment's place."""
    return Label(
        label.transaction_id,
        place.customer_id,
        place.terminal_id,
        place.occurred_at,
        max(label.labelled_at, place.occurred_at),  # clocks differ
        label.fraud,
        label.kind,
        label.scenario,
        label.author,
        label.synthetic,
    )

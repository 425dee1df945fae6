"""Archive: every decision in Mongo, the first one written stands."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import bson
import msgspec
from bson.errors import InvalidDocument
from msgspec.structs import replace
from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.errors import BulkWriteError

from app.errors import SealError
from app.events.decisions import Decision
from app.events.labels import TransactionLabel
from app.mongo import DUPLICATE, client_of
from app.privacy.personal import DataKey, ToOpen, no_keys, put_back
from app.settings import Settings

COLLECTION = "decisions"
ASIDE = "labels_aside"
CHANGES = "token_changes"
_LOOKED_AT = (
    *("outcome", "score", "hits", "features.peer_group_size"),
    *("payment", "personal", "occurred_at"),
)
_INDEXES = (
    [("payment.customer_id", ASCENDING), ("occurred_at", DESCENDING)],
    [("payment.terminal_id", ASCENDING), ("occurred_at", DESCENDING)],
    [("outcome", ASCENDING), ("occurred_at", DESCENDING)],
)


class Decided(NamedTuple):
    """A decision as it came down the log; `decided_at` is when Kafka took it.

    `partition` and `offset` are its place in the topic. For stores that hold what is
    personal sealed, the decision is without, and `personal` is that. `was` is the token
    that the card had by the bank's key before; the decision is without it.
    """

    decision: Decision
    wire: bytes
    decided_at: datetime
    partition: int
    offset: int
    personal: bytes = b""
    was: str = ""


class Place(msgspec.Struct, frozen=True):
    """Whose a payment was, where it was made and when."""

    customer_id: str
    terminal_id: str
    occurred_at: datetime


def renamed(one: Decided) -> Decided:
    """Return a decision as stores have it: a card goes by its newest token only."""
    payment, card = one.decision.payment, one.decision.payment.card
    if card is None or card.was is None:
        return one
    newest = replace(payment, card=replace(card, was=None))
    decision = replace(one.decision, payment=newest)
    return one._replace(
        decision=decision, wire=msgspec.json.encode(decision), was=card.was
    )


class Archive:
    """Decisions in the collection `decisions` of the settings' Mongo database.

    A document is the decision's JSON, its `id` as `_id`, with `occurred_at` (of the
    payment) and `decided_at` as dates to sort by, and what is personal sealed in
    `personal`. Labels of payments that are not there yet wait in `labels_aside`.
    """

    def __init__(self, settings: Settings, *, to_open: ToOpen = no_keys) -> None:
        self._to_open = to_open
        self._client = client_of(settings)
        self._decisions = self._client[settings.database][COLLECTION]
        self._aside = self._client[settings.database][ASIDE]
        self._changes = self._client[settings.database][CHANGES]

    async def prepare(self) -> None:
        """Create the indexes that are missing.

        Raises:
            PyMongoError: Mongo is away, or refuses.
        """
        for keys in _INDEXES:
            await self._decisions.create_index(keys)

    async def write(self, batch: Sequence[Decided]) -> dict[int, str]:
        """Insert what is not there yet; return why others were refused, by place.

        Raises:
            PyMongoError: Mongo is away, or refuses; some may have been written.
        """
        documents = [_document(one) for one in batch]
        refused: dict[int, str] = {}
        try:
            await self._decisions.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details["writeConcernErrors"]:
                raise
            for told in error.details["writeErrors"]:
                if told["code"] != DUPLICATE:
                    refused[told["index"]] = told["errmsg"]
        except (InvalidDocument, OverflowError):
            refused = _unfit(documents)
            fit = [place for place in range(len(batch)) if place not in refused]
            if fit:
                rest = await self.write([batch[place] for place in fit])
                refused |= {fit[place]: why for place, why in rest.items()}
        return refused

    async def decision(self, transaction_id: str) -> dict[str, Any] | None:
        """Return a payment's decision with its `decided_at`, or None.

        Raises:
            PyMongoError, ServiceError: Mongo is away, or refuses.
        """
        found = await self._decisions.find_one({"_id": transaction_id})
        return (await self._opened([found]))[0] if found else None

    async def _opened(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return documents as decisions, with what is personal back in its place.

        Where the customer's key was destroyed, `erased` is true instead; where it is
        another one than it was sealed with, or the seal was changed, `unreadable`.
        """
        sealed = {one["payment"]["customer_id"] for one in found if "personal" in one}
        keys = await asyncio.to_thread(self._to_open, sealed) if sealed else {}
        return [_told(one, keys) for one in found]

    async def of_customer(self, customer_id: str, most: int) -> list[dict[str, Any]]:
        """Return a customer's newest decisions, without what they were made from.

        Raises:
            PyMongoError, ServiceError: Mongo is away, or refuses.
        """
        wanted = {"payment.customer_id": customer_id}
        found = self._decisions.find(wanted, dict.fromkeys(_LOOKED_AT, 1))
        newest = found.sort("occurred_at", DESCENDING).limit(most)
        return await self._opened([one async for one in newest])

    async def places(self, transaction_ids: Iterable[str]) -> dict[str, Place]:
        """Return the places of those payments that are there.

        Raises:
            PyMongoError: Mongo is away, or refuses.
        """
        fields = [f"payment.{field}" for field in Place.__struct_fields__]
        found = self._decisions.find({"_id": {"$in": list(transaction_ids)}}, fields)
        return {
            one["_id"]: msgspec.convert(one["payment"], Place) async for one in found
        }

    async def set_aside(
        self, labels: Iterable[TransactionLabel], *, looked_at: datetime
    ) -> None:
        """Keep labels of payments that are not there yet; twice is once.

        Raises:
            PyMongoError: Mongo is away, or refuses.
        """
        writes = [
            UpdateOne(
                {"_id": _label_id(label)},
                {
                    "$set": {
                        "label": msgspec.to_builtins(label),
                        "looked_at": looked_at,
                    },
                    "$setOnInsert": {"aside_at": looked_at},
                },
                upsert=True,
            )
            for label in labels
        ]
        if writes:
            await self._aside.bulk_write(writes, ordered=False)

    async def aside(self, most: int) -> list[TransactionLabel]:
        """Return labels that were set aside, those looked at longest ago first.

        Raises:
            PyMongoError: Mongo is away, or refuses.
        """
        found = self._aside.find().sort("looked_at", ASCENDING).limit(most)
        return [msgspec.convert(one["label"], TransactionLabel) async for one in found]

    async def take_back(self, labels: Iterable[TransactionLabel]) -> None:
        """Keep labels aside no longer.

        Raises:
            PyMongoError: Mongo is away, or refuses.
        """
        ids = [_label_id(label) for label in labels]
        if ids:
            await self._aside.delete_many({"_id": {"$in": ids}})

    async def changed(self, batch: Iterable[Decided]) -> None:
        """Keep which token a card has now for one of the bank's key before.

        Raises:
            PyMongoError: Mongo is away, or refuses.
        """
        writes = [
            UpdateOne(
                {"_id": one.was},
                {
                    "$set": {"token": one.decision.payment.card.token},
                    "$max": {"seen_at": one.decided_at},
                },
                upsert=True,
            )
            for one in {one.was: one for one in batch if one.was}.values()
            if one.decision.payment.card
        ]
        if writes:
            await self._changes.bulk_write(writes, ordered=False)

    async def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _label_id(label: TransactionLabel) -> str:
    return f"{label.transaction_id} {label.kind} {label.labelled_at.isoformat()}"


def _told(found: dict[str, Any], keys: Mapping[str, DataKey]) -> dict[str, Any]:
    del found["occurred_at"]
    identity, personal = found.pop("_id"), found.pop("personal", None)
    if personal is not None:
        key = keys.get(found["payment"]["customer_id"])
        try:
            if key is None:
                found["erased"] = True
            else:
                put_back(found, key.open(bytes(personal), decision=identity))
        except SealError:
            found["unreadable"] = True
    return {"id": identity, **found}


def _document(one: Decided) -> dict[str, Any]:
    document = msgspec.to_builtins(one.decision)
    if one.personal:
        document["personal"] = one.personal
    return {
        "_id": document.pop("id"),
        **document,
        "occurred_at": one.decision.payment.occurred_at.astimezone(UTC),
        "decided_at": one.decided_at,
    }


def _unfit(documents: Sequence[dict[str, Any]]) -> dict[int, str]:
    """Return what BSON cannot hold, by place."""
    unfit = {}
    for place, document in enumerate(documents):
        try:
            bson.encode(document)
        except (InvalidDocument, OverflowError) as error:
            unfit[place] = str(error)
    return unfit

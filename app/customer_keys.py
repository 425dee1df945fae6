"""Customer keys: one data key a customer in Mongo, wrapped by the bank's key.

Destroying a customer's key erases what the stores hold sealed, wherever it is.
"""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from pymongo import WriteConcern
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern

from app.archive import Decided
from app.errors import BadRecord, ServiceError, SettingError
from app.mongo import DUPLICATE, blocking_client_of
from app.privacy.envelopes import KEY_BYTES, Entropy, Keys
from app.privacy.personal import DataKey, parted
from app.settings import Settings

COLLECTION = "customer_keys"
KEPT_SECONDS, KEPT_MOST = 300.0, 100_000
"""How long, and how many, keys are kept open to seal with; none is to read with."""
_PORTION = 1_000

_encode = msgspec.json.Encoder().encode


class Erasure(Struct, frozen=True):
    """That a customer's key was destroyed, when, by whom and why."""

    customer_id: str
    erased_at: datetime
    author: str
    reason: str


class CustomerKeys:
    """The collection `customer_keys` of the settings' Mongo database.

    A document is a customer's id with the wrapped key and the id of the bank's key, or,
    once erased, with who did it, when and why. Blocking: for threads. Every method
    raises ServiceError where Mongo is away.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        entropy: Entropy = os.urandom,
    ) -> None:
        self._bank = Keys.parse(settings.customer_keys, setting="customer_keys")
        self._clock, self._entropy = clock, entropy
        self._client = client = blocking_client_of(settings)
        self._keys = client[settings.database].get_collection(
            COLLECTION,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern("majority"),
        )
        self._kept: dict[str, DataKey | None] = {}
        self._kept_until = 0.0

    def __bool__(self) -> bool:
        """Whether the bank has a key: without one nothing is sealed."""
        return bool(self._bank)

    def sealed(self, batch: Sequence[Decided]) -> list[Decided]:
        """Return decisions as stores are to have them.

        What is personal is sealed; of an erased customer it is left out.
        """
        if not self:
            return list(batch)
        found = [(one, *parted(one.decision)) for one in batch]
        keys = self._to_seal(
            {one.decision.payment.customer_id for one, _, mine in found if mine}
        )
        sealed = []
        for one, left, mine in found:
            if mine is None:
                sealed.append(one)
                continue
            key = keys[left.payment.customer_id]
            personal = key and key.seal(mine, decision=left.id, entropy=self._entropy)
            sealed.append(
                one._replace(
                    decision=left, wire=_encode(left), personal=personal or b""
                )
            )
        return sealed

    def _to_seal(self, customers: Collection[str]) -> Mapping[str, DataKey | None]:
        """Return the keys of customers, made where missing; None of the erased."""
        now = self._clock()
        if now >= self._kept_until or len(self._kept) > KEPT_MOST:
            self._kept, self._kept_until = {}, now + KEPT_SECONDS
        kept = self._kept
        if missing := [one for one in customers if one not in kept]:
            with _mongo():
                found = self._find(missing)
                if new := [one for one in missing if one not in found]:
                    self._make(new)
                    found |= self._find(new)  # another worker may have been first
            if len(found) < len(missing):
                message = "customer keys: not all that were made can be read yet"
                raise ServiceError(message)
            kept.update(found)
        # A copy: another thread may erase meanwhile. Who is gone by now is erased.
        return {one: kept.get(one) for one in customers}

    def to_open(self, customers: Iterable[str]) -> dict[str, DataKey]:
        """Return those keys of customers that are there."""
        with _mongo():
            return {name: key for name, key in self._find([*customers]).items() if key}

    def _find(self, customers: Sequence[str]) -> dict[str, DataKey | None]:
        found: dict[str, DataKey | None] = {}
        for start in range(0, len(customers), _PORTION):
            wanted = {"$in": customers[start : start + _PORTION]}
            for one in self._keys.find({"_id": wanted}):
                found[one["_id"]] = DataKey(self._unwrap(one)) if "key" in one else None
        return found

    def _make(self, customers: Sequence[str]) -> None:
        documents = [
            {"_id": name, **self._wrap(name, self._entropy(KEY_BYTES))}
            for name in customers
        ]
        try:
            self._keys.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            told = error.details
            others = [one for one in told["writeErrors"] if one["code"] != DUPLICATE]
            if others or told["writeConcernErrors"]:
                raise

    def _wrap(self, customer: str, key: bytes) -> dict[str, Any]:
        wrapped = self._bank.seal(key, device=customer, entropy=self._entropy)
        return {"kid": self._bank.newest, "key": wrapped}

    def _unwrap(self, document: Mapping[str, Any]) -> bytes:
        try:
            return self._bank.open(bytes(document["key"]), device=document["_id"])
        except BadRecord as error:
            message = (
                f"customer keys: one wrapped by {document['kid']!r} does not open: "
                f"{error}; SMARTBANK_CUSTOMER_KEYS must name every key in use"
            )
            raise ServiceError(message) from error

    def erase(
        self, customer: str, *, author: str, reason: str, at: datetime
    ) -> Erasure:
        """Destroy a customer's key, for ever; return the first time it was done.

        Raises:
            SettingError: nothing is sealed here: the bank has no key.
        """
        if not self:
            message = (
                "SMARTBANK_CUSTOMER_KEYS: not set, so that nothing is sealed in the "
                "stores, and destroying keys would erase nothing"
            )
            raise SettingError(message)
        told = {"erased_at": at, "author": author, "reason": reason}
        found: Mapping[str, Any] | None = None
        with _mongo():
            while not found or "erased_at" not in found:  # a key was made in between
                self._keys.update_one(
                    {"_id": customer, "erased_at": {"$exists": False}},
                    {"$set": told, "$unset": {"key": "", "kid": ""}},
                    upsert=False,
                )
                self._keys.update_one(
                    {"_id": customer}, {"$setOnInsert": told}, upsert=True
                )
                found = self._keys.find_one({"_id": customer})
        self._kept.pop(customer, None)
        return _erasure(found)

    def erasure(self, customer: str) -> Erasure | None:
        """Return that a customer's key was destroyed, or None."""
        wanted = {"_id": customer, "erased_at": {"$exists": True}}
        with _mongo():
            found = self._keys.find_one(wanted)
        return _erasure(found) if found else None

    def erasures(self) -> list[Erasure]:
        """Return whose keys were destroyed, newest first."""
        with _mongo():
            found = self._keys.find({"erased_at": {"$exists": True}})
            return [_erasure(one) for one in found.sort("erased_at", -1)]

    def wrapped(self) -> dict[str, int]:
        """Return how many keys each key of the bank wraps, by its id."""
        with _mongo():
            return {
                kid: self._keys.count_documents({"kid": kid})
                for kid in sorted(self._keys.distinct("kid"))
            }

    def rewrap(self) -> int:
        """Wrap all keys with the bank's newest; return how many were with another.

        The data keys stay, so nothing that is sealed is touched.
        """
        count = 0
        with _mongo():
            for one in self._keys.find(
                {"kid": {"$exists": True, "$ne": self._bank.newest}}
            ):
                wrapped = self._wrap(one["_id"], self._unwrap(one))
                same = {"_id": one["_id"], "kid": one["kid"]}  # not erased meanwhile
                count += self._keys.update_one(same, {"$set": wrapped}).modified_count
        return count

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _erasure(document: Mapping[str, Any]) -> Erasure:
    return Erasure(
        document["_id"],
        document["erased_at"],
        document["author"],
        document["reason"],
    )


@contextmanager
def _mongo() -> Iterator[None]:
    """Say in one line that Mongo is away.

    Raises:
        ServiceError: it is.
    """
    try:
        yield
    except PyMongoError as error:
        message = f"customer keys: Mongo does not answer: {error}"
        raise ServiceError(message) from error

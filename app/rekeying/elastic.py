"""Elastic: the tokens in Elasticsearch's decisions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from app.errors import ServiceError
from app.rekeying.tokens import Counts, renamed
from app.settings import Settings

TIMEOUT = 60  # seconds
PORTION = 1_000
FIELD = "payment.card.token"


@contextmanager
def opened(settings: Settings) -> Iterator["Indices"]:
    """Give the settings' indices for a while.

    Raises:
        ServiceError: Elasticsearch is away, then or while it is used.
    """
    client = Elasticsearch(settings.elastic, request_timeout=TIMEOUT, max_retries=0)
    try:
        yield Indices(client, f"{settings.database}-decisions-*")
    except (ApiError, TransportError) as error:
        message = f"Elasticsearch does not answer: {error}"
        raise ServiceError(message) from error
    finally:
        client.close()


class Indices:
    """The decisions in Elasticsearch, as far as they name cards."""

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self._client = client
        self._index = index

    def counts(self, key_ids: list[str]) -> Counts:
        """Return how many decisions name cards by tokens of each of some keys."""
        self._client.indices.refresh(index=self._index)
        found = {
            key_id: self._client.count(index=self._index, query=_of(key_id))["count"]
            for key_id in key_ids
        }
        return {key_id: count for key_id, count in found.items() if count}

    def rename(self, key_id: str, names: Mapping[str, str]) -> int:
        """Rename the cards of a key that are known; return in how many decisions."""
        self._client.indices.refresh(index=self._index)
        count = 0
        for found in self._pages(key_id):
            operations: list[dict[str, Any]] = []
            for one in found:
                token = one["_source"]["payment"]["card"]["token"]
                if token in names:
                    card = {"card": {"token": renamed(token, names)}}
                    where = {"_index": one["_index"], "_id": one["_id"]}
                    operations += [{"update": where}, {"doc": {"payment": card}}]
            if operations:
                told = self._client.bulk(operations=operations)
                if told["errors"]:
                    message = "Elasticsearch refuses to rename cards; run it again"
                    raise ServiceError(message)
                count += len(operations) // 2
        return count

    def _pages(self, key_id: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the decisions with tokens of a key, in the order of their ids."""
        after: list[Any] | None = None
        while True:
            told = self._client.search(
                index=self._index,
                size=PORTION,
                query=_of(key_id),
                source_includes=[FIELD],
                sort=["id", "_index"],
                search_after=after,
            )
            found = told["hits"]["hits"]
            if not found:
                return
            after = found[-1]["sort"]
            yield found


def _of(key_id: str) -> dict[str, Any]:
    return {"prefix": {FIELD: f"{key_id}_"}}

"""Elastic: documents in Elasticsearch, for search; the first one written stands."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, Generic, TypeVar

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from agents.sinks.documents import Kind
from app.settings import Settings

_CREATED, _EXISTS = 201, 409
_LATER = {429, 503}  # the node is busy, or a shard is not there yet
_TIMEOUT = 30  # seconds
_SETTINGS = {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    # However many aggregates are declared, a decision is never refused for it.
    "mapping.total_fields.ignore_dynamic_beyond_limit": True,
}
_encode = msgspec.json.Encoder().encode
T = TypeVar("T")


class BusyError(Exception):
    """Elasticsearch will have some of a bulk only later."""


class ElasticSink(Generic[T]):
    """Documents of one kind, in one index a month of event time, UTC.

    An index is named `{database}-{kind}-{year}.{month}`: `smartbank-decisions-2018.04`.
    """

    name = "Elasticsearch"
    away: tuple[type[Exception], ...] = (ApiError, TransportError, BusyError)

    def __init__(self, settings: Settings, kind: Kind[T]) -> None:
        self._kind = kind
        self._index = f"{settings.database}-{kind.name}"
        self._client = AsyncElasticsearch(
            settings.elastic, request_timeout=_TIMEOUT, max_retries=0
        )

    async def prepare(self) -> None:
        """Put the index template, and what is new of it into indices that are there."""
        pattern = f"{self._index}-*"
        await self._client.indices.put_index_template(
            name=self._index,
            index_patterns=[pattern],
            template={"settings": _SETTINGS, "mappings": self._kind.mappings},
        )
        if await self._client.indices.get(index=pattern):
            await self._client.indices.put_mapping(index=pattern, **self._kind.mappings)

    async def write(self, batch: Sequence[T]) -> dict[int, str]:
        """Create what is not there yet; return why others were refused, by place."""
        lines: Sequence[Any] = [line for one in batch for line in self._lines(one)]
        reply = await self._client.bulk(operations=lines)
        refused = {}
        for place, item in enumerate(reply["items"]):
            told = item["create"]
            if told["status"] in _LATER:
                raise BusyError(told["error"]["reason"])
            if told["status"] not in {_CREATED, _EXISTS}:
                error = told["error"]
                cause = error.get("caused_by", {}).get("reason", "")
                refused[place] = f"{error['reason']} {cause}".strip()
        return refused

    def _lines(self, one: T) -> Iterator[bytes]:
        document = self._kind.document(one)
        index = f"{self._index}-{document.at.astimezone(UTC):%Y.%m}"
        yield _encode({"create": {"_index": index, "_id": document.id}})
        yield document.body

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

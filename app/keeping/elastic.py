"""Elastic: indices and documents that are dropped by age."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from app.errors import ServiceError
from app.settings import Settings

TIMEOUT = 60  # seconds
PORTION = 1_000
FIELDS = {
    "decisions": "decided_at",
    "app-events": "captured_at",
    "readings": "received_at",
}
"""By kind, the date that an age is counted from; its indices are `DATABASE-KIND-*`."""


class Indices:
    """The indices of the product. Every method raises ServiceError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def oldest(self) -> dict[str, datetime]:
        """Return the date of the oldest document of each kind, by `elastic.KIND`."""
        found = {}
        async with self._client() as client:
            for kind, field in FIELDS.items():
                first, _ = await _range(client, self._indices(kind), field)
                if first:
                    found[f"elastic.{kind}"] = first
        return found

    async def enforce(self, days: Mapping[str, int], *, now: datetime) -> None:
        """Drop what is older: whole indices where all of it is, else documents."""
        async with self._client() as client:
            for kind, field in FIELDS.items():
                if kept := days.get(f"elastic.{kind}"):
                    before = now - timedelta(days=kept)
                    for index in await client.indices.get(index=self._indices(kind)):
                        await _drop(client, index, field, before)

    def _indices(self, kind: str) -> str:
        return f"{self._settings.database}-{kind}-*"

    def _client(self) -> "_Client":
        return _Client(self._settings.elastic)


class _Client:
    """A client whose errors say in one line that the store is away."""

    def __init__(self, address: str) -> None:
        self._client = AsyncElasticsearch(
            address, request_timeout=TIMEOUT, max_retries=0
        )

    async def __aenter__(self) -> AsyncElasticsearch:
        return self._client

    async def __aexit__(self, _: object, error: object, __: object) -> None:
        await self._client.close()
        if isinstance(error, ApiError | TransportError):
            message = f"Elasticsearch does not answer: {error}"
            raise ServiceError(message) from error


async def _drop(
    client: AsyncElasticsearch, index: str, field: str, before: datetime
) -> None:
    first, last = await _range(client, index, field)
    if last and last < before:
        await client.indices.delete(index=index)
        return
    while first and first < before:  # by hand: not every server deletes by query
        found = await client.search(
            index=index,
            size=PORTION,
            source=False,
            query={"range": {field: {"lt": before.isoformat()}}},
        )
        ids = [one["_id"] for one in found["hits"]["hits"]]
        if not ids:
            return
        gone = [{"delete": {"_id": identity}} for identity in ids]
        told = await client.bulk(index=index, operations=gone, refresh=True)
        if told["errors"]:
            message = f"{index}: Elasticsearch lets go of nothing"
            raise ServiceError(message)


async def _range(
    client: AsyncElasticsearch, index: str, field: str
) -> tuple[datetime | None, datetime | None]:
    """Return the oldest and the newest date of what can be found."""
    told = await client.search(
        index=index,
        size=0,
        aggs={name: {name: {"field": field}} for name in ("min", "max")},
    )
    if "aggregations" not in told:  # no index of that name
        return None, None
    values = [told["aggregations"][name]["value"] for name in ("min", "max")]
    first, last = (
        value and datetime.fromtimestamp(value / 1000, UTC) for value in values
    )
    return first, last

"""Elastic: decisions in Elasticsearch, for search; the first one written stands."""

from collections.abc import Sequence
from typing import Any

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from app.archive import Decided
from app.settings import Settings

_CREATED, _EXISTS = 201, 409
_LATER = {429, 503}  # the node is busy, or a shard is not there yet
_TIMEOUT = 30  # seconds
_encode = msgspec.json.Encoder().encode


class BusyError(Exception):
    """Elasticsearch will have some of a bulk only later."""


class ElasticSink:
    """Decisions in one index a month of event time: `{database}-decisions-2018.04`.

    A document is the decision's own JSON with `decided_at` and, where the payment
    has a place, `location`, a geo point; what is personal is sealed in `personal`.
    """

    name = "Elasticsearch"
    away: tuple[type[Exception], ...] = (ApiError, TransportError, BusyError)

    def __init__(self, settings: Settings) -> None:
        self._index = f"{settings.database}-decisions"
        self._client = AsyncElasticsearch(
            settings.elastic, request_timeout=_TIMEOUT, max_retries=0
        )

    async def prepare(self) -> None:
        """Put the index template."""
        await self._client.indices.put_index_template(
            name=self._index,
            index_patterns=[f"{self._index}-*"],
            template={
                "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
                "mappings": MAPPINGS,
            },
        )

    async def write(self, batch: Sequence[Decided]) -> dict[int, str]:
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

    def _lines(self, one: Decided) -> tuple[bytes, bytes]:
        payment = one.decision.payment
        more: dict[str, Any] = {"decided_at": one.decided_at}
        if one.personal:
            more["personal"] = one.personal
        if payment.place:
            more["location"] = {
                "lat": payment.place.latitude,
                "lon": payment.place.longitude,
            }
        index = f"{self._index}-{payment.occurred_at:%Y.%m}"
        action = _encode({"create": {"_index": index, "_id": one.decision.id}})
        return action, one.wire[:-1] + b"," + _encode(more)[1:]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


_DATE = {"type": "date"}
MAPPINGS: dict[str, Any] = {
    "dynamic_templates": [
        {
            "features": {
                "path_match": "features.*",
                "mapping": {"type": "double"},
            }
        },
        {"times": {"match": "*_at", "mapping": _DATE}},
        {
            "words": {
                "match_mapping_type": "string",
                "mapping": {"type": "keyword", "ignore_above": 256},
            }
        },
    ],
    "date_detection": False,
    "properties": {
        "decided_at": _DATE,
        "personal": {"type": "binary"},
        "location": {"type": "geo_point"},
        "score": {"type": "double"},
        "hits": {
            "properties": {
                "reason": {"type": "text"},
                "score": {"type": "double"},
                "threshold": {"type": "double"},
                "value": {"type": "double"},
            }
        },
        "contributions": {
            "properties": {
                "reason": {"type": "text"},
                "value": {"type": "double"},
                "log_odds": {"type": "double"},
            }
        },
        "shadow_probability": {"type": "double"},
        "payment": {"properties": {"amount": {"type": "long"}}},
    },
}
"""Names are keywords, features are doubles, times are dates, reasons are text."""

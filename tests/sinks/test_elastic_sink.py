"""The search store, on a real Elasticsearch."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from elasticsearch import AsyncElasticsearch

from agents.sinks import documents
from agents.sinks.elastic import ElasticSink
from app.archive import Decided
from app.events.decisions import Contribution
from app.events.payments import Place
from app.local.server import Server
from app.settings import Settings
from tests.sensors.builders import NOON
from tests.sinks.decided import a_decided
from tests.sinks.test_documents import an_app_event, some_readings

PARIS = Place(48.8566, 2.3522)


@pytest.fixture
def settings(elastic: Server) -> Settings:
    return Settings(elastic=elastic.address, database=f"elastic-{uuid4().hex[:8]}")


@pytest.fixture
async def sink(settings: Settings) -> AsyncIterator[ElasticSink[Decided]]:
    sink = ElasticSink(settings, documents.DECISIONS)
    await sink.prepare()
    yield sink
    await sink.close()


@pytest.fixture
async def client(elastic: Server) -> AsyncIterator[AsyncElasticsearch]:
    client = AsyncElasticsearch(elastic.address, request_timeout=60)
    yield client
    await client.close()


async def test_decisions_are_found_by_feature_place_rule_and_time(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    told = [Contribution("amount", 812.0, 2.47, "amount of 812.00 raises the risk")]
    flagged = a_decided("tx-1", place=PARIS, contributions=told)
    assert await sink.write([flagged, a_decided("tx-2")]) == {}
    index = f"{settings.database}-decisions-2026.05"
    await client.indices.refresh(index=index)

    async def found(query: Mapping[str, Any]) -> list[str]:
        reply = await client.search(
            index=f"{settings.database}-decisions-*", query=query
        )
        return sorted(hit["_id"] for hit in reply["hits"]["hits"])

    near = {"geo_distance": {"distance": "10km", "location": "48.85,2.35"}}
    assert await found(near) == ["tx-1"]
    assert await found({"range": {"features.amount": {"gte": 41.5}}}) == [
        "tx-1",
        "tx-2",
    ]
    assert await found({"term": {"hits.rule": "large-amount"}}) == ["tx-1", "tx-2"]
    assert await found({"match": {"hits.reason": "limit"}}) == ["tx-1", "tx-2"]
    assert await found({"match": {"contributions.reason": "risk"}}) == ["tx-1"]
    assert await found({"range": {"contributions.log_odds": {"gt": 2.4}}}) == ["tx-1"]
    assert await found({"range": {"decided_at": {"lt": "2026-05-04"}}}) == []


async def test_the_first_decision_written_stands(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    await sink.write([a_decided("tx-1", outcome="decline")])

    refused = await sink.write([a_decided("tx-1", outcome="approve")])
    index = f"{settings.database}-decisions-2026.05"
    found = await client.get(index=index, id="tx-1")

    assert refused == {}
    assert found["_source"]["outcome"] == "decline"


async def test_each_month_of_event_time_has_its_index(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    april = datetime(2018, 4, 30, 23, 59, tzinfo=UTC)

    await sink.write([a_decided("tx-1", occurred_at=april), a_decided("tx-2")])
    found = await client.indices.get(index=f"{settings.database}-decisions-*")

    assert sorted(found) == [
        f"{settings.database}-decisions-2018.04",
        f"{settings.database}-decisions-2026.05",
    ]


async def test_what_does_not_fit_the_mapping_is_refused_with_the_reason(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    batch = [a_decided("tx-1"), a_decided("tx-2", amount=2**70), a_decided("tx-3")]

    refused = await sink.write(batch)

    assert list(refused) == [1]
    assert "amount" in refused[1]
    assert await client.exists(
        index=f"{settings.database}-decisions-2026.05", id="tx-3"
    )


async def test_app_events_and_readings_are_found_and_a_repeat_changes_nothing(
    client: AsyncElasticsearch, settings: Settings
) -> None:
    failed = an_app_event("E1", outcome="failure")
    events = ElasticSink(settings, documents.APP_EVENTS)
    readings = ElasticSink(settings, documents.READINGS)
    for _ in range(2):
        await events.prepare()
        assert await events.write([failed, an_app_event("E2")]) == {}
        await readings.prepare()
        assert await readings.write([some_readings()]) == {}

    async def count(name: str, **term: Any) -> int:
        index = f"{settings.database}-{name}-2026.05"
        await client.indices.refresh(index=index)
        return (await client.count(index=index, query={"term": term}))["count"]

    assert await count("app-events", outcome="success") == 1
    assert await count("app-events", outcome="failure") == 1
    assert await count("app-events", kind="log-in") == 2
    assert await count("readings", sensors="location") == 1
    assert await count("readings", received_at=NOON.isoformat()) == 1
    await events.close()
    await readings.close()


async def test_an_index_of_before_learns_the_fields_that_are_new(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    index = f"{settings.database}-decisions-2026.05"
    words = {"match_mapping_type": "string", "mapping": {"type": "keyword"}}
    await client.indices.create(
        index=index,
        mappings={"dynamic": True, "dynamic_templates": [{"words": words}]},
    )
    await client.index(index=index, document={"payment": {"channel": "pos"}})

    await sink.prepare()
    await sink.write([a_decided("tx-1", device_type="tablet", outcome="decline")])
    await client.indices.refresh(index=index)
    query = {"term": {"payment.device_type": "tablet"}}
    found = await client.search(
        index=index, query=query, aggs={"rate": {"avg": {"field": "declined"}}}
    )

    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["tx-1"]
    assert found["aggregations"]["rate"]["value"] == 1.0


async def test_a_field_that_is_not_mapped_is_kept_and_an_aggregate_can_be_searched(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    one = a_decided("tx-1")
    decision = msgspec.structs.replace(
        one.decision, features=one.decision.features | {"declined_online_1h": 3.0}
    )
    await sink.write([one._replace(decision=decision)])
    index = f"{settings.database}-decisions-2026.05"
    later = {"payment": {"fax": "1"}, "features": {"amount": 3.0}}
    await client.index(index=index, id="tx-2", document=later)
    await client.indices.refresh(index=index)
    query = {"term": {"features.declined_online_1h": 3}}
    found = await client.search(index=index, query=query)
    fields = (await client.indices.get_mapping(index=index))[index]["mappings"]

    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["tx-1"]
    assert "fax" not in fields["properties"]["payment"]["properties"]
    kept = await client.get(index=index, id="tx-2")
    assert kept["_source"] == later


async def test_a_month_is_that_of_utc_whatever_the_payment_s_zone(
    sink: ElasticSink[Decided], client: AsyncElasticsearch, settings: Settings
) -> None:
    there = timezone(timedelta(hours=2))
    at = datetime(2026, 6, 1, 1, tzinfo=there)

    await sink.write([a_decided("tx-1", occurred_at=at)])

    index = f"{settings.database}-decisions-2026.05"
    assert await client.exists(index=index, id="tx-1")

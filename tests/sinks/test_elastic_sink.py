"""The search store, on a real Elasticsearch."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import AsyncElasticsearch

from agents.sinks.elastic import ElasticSink
from app.events.decisions import Contribution
from app.events.payments import Place
from app.local.server import Server
from app.settings import Settings
from tests.sinks.decided import a_decided

PARIS = Place(48.8566, 2.3522)


@pytest.fixture
def settings(elastic: Server) -> Settings:
    return Settings(elastic=elastic.address, database=f"elastic-{uuid4().hex[:8]}")


@pytest.fixture
async def sink(settings: Settings) -> AsyncIterator[ElasticSink]:
    sink = ElasticSink(settings)
    await sink.prepare()
    yield sink
    await sink.close()


@pytest.fixture
async def client(elastic: Server) -> AsyncIterator[AsyncElasticsearch]:
    client = AsyncElasticsearch(elastic.address)
    yield client
    await client.close()


async def test_decisions_are_found_by_feature_place_rule_and_time(
    sink: ElasticSink, client: AsyncElasticsearch, settings: Settings
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
    sink: ElasticSink, client: AsyncElasticsearch, settings: Settings
) -> None:
    await sink.write([a_decided("tx-1", outcome="decline")])

    refused = await sink.write([a_decided("tx-1", outcome="approve")])
    index = f"{settings.database}-decisions-2026.05"
    found = await client.get(index=index, id="tx-1")

    assert refused == {}
    assert found["_source"]["outcome"] == "decline"


async def test_each_month_of_event_time_has_its_index(
    sink: ElasticSink, client: AsyncElasticsearch, settings: Settings
) -> None:
    april = datetime(2018, 4, 30, 23, 59, tzinfo=UTC)

    await sink.write([a_decided("tx-1", occurred_at=april), a_decided("tx-2")])
    found = await client.indices.get(index=f"{settings.database}-decisions-*")

    assert sorted(found) == [
        f"{settings.database}-decisions-2018.04",
        f"{settings.database}-decisions-2026.05",
    ]


async def test_what_does_not_fit_the_mapping_is_refused_with_the_reason(
    sink: ElasticSink, client: AsyncElasticsearch, settings: Settings
) -> None:
    batch = [a_decided("tx-1"), a_decided("tx-2", amount=2**70), a_decided("tx-3")]

    refused = await sink.write(batch)

    assert list(refused) == [1]
    assert "amount" in refused[1]
    assert await client.exists(
        index=f"{settings.database}-decisions-2026.05", id="tx-3"
    )

"""Each store, a real one, lets go of what is too old and of nothing else."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from click.testing import CliRunner
from elasticsearch import AsyncElasticsearch

from agents.sinks import documents
from agents.sinks.elastic import ElasticSink
from app.archive import Archive
from app.cli import main
from app.errors import ServiceError
from app.events.labels import TransactionLabel
from app.keeping import archive
from app.keeping.elastic import Indices
from app.keeping.kafka import Topics
from app.keeping.mongo import Documents
from app.keeping.table import DAY_MS, kept_days
from app.local.server import Server
from app.parquet.files import write
from app.parquet.frames import decisions_frame
from app.settings import Settings
from app.topics import ensure_topics
from tests.sinks.decided import DECIDED_AT, a_decided

NOW = DECIDED_AT + timedelta(days=10)
AWAY = Settings(
    kafka="127.0.0.1:9",
    mongo="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50",
    elastic="http://127.0.0.1:9",
)


def a_database() -> str:
    return f"keeping-{uuid4().hex[:8]}"


async def told(topics: Topics, name: str, days: int) -> dict[str, int]:
    """Wait, at most two minutes, until brokers have heard; return what they say."""
    found: dict[str, int] = {}
    for _ in range(1200):
        found = await topics.found()
        if found[f"topic.{name}"] == days:
            break
        await asyncio.sleep(0.1)
    return found


async def test_a_topic_keeps_for_as_long_as_is_set_and_what_else_it_was_told_stays(
    kafka: Server,
):
    settings = Settings(kafka=kafka.address)
    await ensure_topics(settings)
    topics = Topics(settings)
    days = kept_days(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    name = "labels-applied"
    own = {
        "cleanup.policy": "compact",
        "retention.ms": str(DAY_MS),
        "max.compaction.lag.ms": "7777777",
    }
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, own)])
    await admin.close()

    before = await told(topics, name, 1)
    await topics.enforce({f"topic.{name}": 0})
    for_ever = await told(topics, name, 0)
    await topics.enforce(days)
    after = await told(topics, name, days[f"topic.{name}"])
    config = (await topics._ask({}))[name]  # noqa: SLF001 - what Kafka says

    assert before[f"topic.{name}"] == 1
    assert for_ever[f"topic.{name}"] == 0
    assert config["max.compaction.lag.ms"] == "7777777"
    assert config["segment.ms"] == str(DAY_MS)
    assert config["cleanup.policy"] == "delete"
    assert {name: after[name] for name in days if name in after} == {
        name: kept for name, kept in days.items() if name.startswith("topic.")
    }


async def test_mongo_has_an_index_with_the_end_that_is_set(mongo: Server):
    settings = Settings(mongo=mongo.address, database=a_database())
    store = Archive(settings)
    await store.write([a_decided("tx-1")])
    label = TransactionLabel("tx-2", DECIDED_AT, fraud=True)
    for day in (1, 2):
        await store.set_aside([label], looked_at=NOW + timedelta(days=day))
    aside = await store._aside.find_one() or {}  # noqa: SLF001 - what the index sees
    documents = Documents(settings)

    found = [await documents.found()]
    for days in (400, 30, 0):
        await documents.enforce({"mongo.decisions": days, "mongo.labels_aside": 90})
        found.append(await documents.found())
    await store.close()

    assert [one["mongo.decisions"] for one in found] == [0, 400, 30, 0]
    assert [one["mongo.labels_aside"] for one in found] == [0, 90, 90, 90]
    assert aside["aside_at"] == NOW + timedelta(days=1)
    assert aside["looked_at"] == NOW + timedelta(days=2)


async def test_elasticsearch_drops_old_indices_whole_and_of_others_the_old_part(
    elastic: Server,
):
    settings = Settings(elastic=elastic.address, database=a_database())
    sink = ElasticSink(settings, documents.DECISIONS)
    await sink.prepare()
    april = datetime(2018, 4, 30, tzinfo=UTC)
    new = a_decided("new")._replace(decided_at=NOW)
    gone = a_decided("gone", occurred_at=april)
    await sink.write([gone, a_decided("old"), new])
    await sink.close()
    client = AsyncElasticsearch(elastic.address, request_timeout=60)
    every = f"{settings.database}-decisions-*"
    await client.indices.refresh(index=every)
    indices = Indices(settings)

    oldest = await indices.oldest()
    await indices.enforce({"elastic.decisions": 0}, now=NOW)
    await indices.enforce({"elastic.decisions": 11}, now=NOW)
    kept = (await client.count(index=every))["count"]
    await indices.enforce({"elastic.decisions": 9}, now=NOW)
    await client.indices.refresh(index=every)
    names = list(await client.indices.get(index=every))
    left = [one["_id"] for one in (await client.search(index=every))["hits"]["hits"]]
    await client.close()

    assert oldest == {
        "elastic.decisions": DECIDED_AT.replace(microsecond=250_000),
    }
    assert kept == 3
    assert names == [f"{settings.database}-decisions-2026.05"]
    assert left == ["new"]


async def test_an_index_that_is_not_there_holds_nothing_too_old(elastic: Server):
    indices = Indices(Settings(elastic=elastic.address, database=a_database()))

    await indices.enforce({"elastic.decisions": 1}, now=NOW)

    assert await indices.oldest() == {}


def test_the_archive_drops_files_nobody_wrote_to_for_so_long(tmp_path: Path):
    other = datetime(2026, 5, 5, tzinfo=UTC)
    days = [a_decided("a"), a_decided("b", at=(1, 0))]
    old, new = write(tmp_path / "decisions", decisions_frame(days))
    (alone,) = write(
        tmp_path / "decisions", decisions_frame([a_decided("c", occurred_at=other)])
    )
    for path, age in ((old, 12), (alone, 11), (new, 3)):
        at = (NOW - timedelta(days=age)).timestamp()
        os.utime(path, (at, at))

    told = archive.oldest(tmp_path)
    counts = [
        archive.enforce(tmp_path, {"archive.decisions": kept}, now=NOW)
        for kept in (0, 12, 10)
    ]

    assert told == {"archive.decisions": NOW - timedelta(days=12)}
    assert counts == [0, 0, 2]
    assert [*(tmp_path / "decisions").iterdir()] == [new.parent]
    assert [*new.parent.iterdir()] == [new]


async def test_a_store_that_is_away_is_said_to_be_away():
    for asked, words in (
        (Topics(AWAY).found(), "Kafka does not answer"),
        (Documents(AWAY).found(), "Mongo does not answer"),
        (Indices(AWAY).oldest(), "Elasticsearch does not answer"),
    ):
        with pytest.raises(ServiceError, match=words):
            await asked


def test_the_command_shows_what_is_not_as_set(
    mongo: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fields = {"mongo": mongo.address, "database": a_database()}
    fields |= {"data_dir": str(tmp_path), "elastic": AWAY.elastic, "kafka": AWAY.kafka}
    for name, value in fields.items():
        monkeypatch.setenv(f"SMARTBANK_{name.upper()}", value)
    write(tmp_path / "archive" / "decisions", decisions_frame([a_decided("a")]))

    told = CliRunner().invoke(main, ["retention"])
    rows = {line.split()[0]: line for line in told.output.splitlines() if line.strip()}

    assert told.exit_code == 1
    assert "Kafka does not answer" in rows["topic.decisions"]
    assert "Elasticsearch does not answer" in rows["elastic.decisions"]
    assert rows["mongo.decisions"].rstrip().endswith("for ever")
    assert "the oldest is 1 day old" in rows["archive.decisions"]
    assert msgspec.json.encode(rows["archive.labels"]).count(b"nothing there") == 1

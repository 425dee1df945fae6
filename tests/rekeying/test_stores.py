"""Each store, a real one, counts tokens by their key and renames those it can."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from elasticsearch import Elasticsearch

from agents.sinks.documents import DECISIONS
from agents.sinks.elastic import ElasticSink
from agents.sinks.mongo import MongoSink
from app.archive import Decided
from app.archive import renamed as as_stored
from app.errors import ServiceError
from app.events.payments import Card
from app.local.server import Server
from app.parquet.files import write
from app.parquet.frames import decisions_frame
from app.rekeying import archive, listed
from app.rekeying.elastic import opened as elastic_opened
from app.rekeying.mongo import opened as mongo_opened
from app.settings import Settings
from tests.rules.test_lists import an_entry
from tests.sinks.decided import a_decided

NAMES = {"k1_a": "k2_a", "k0_a": "k1_a"}


def paid(identity: str, token: str, was: str | None = None, **fields: Any) -> Decided:
    card = Card(token, "1234", was)
    return as_stored(a_decided(identity, card=card, **fields))


BATCH = [
    paid("tx-1", "k1_a", at=(0, 0)),
    paid("tx-2", "k1_b", at=(0, 1)),
    paid("tx-3", "k2_a", "k1_a", at=(0, 2)),
    a_decided("tx-4", at=(0, 3)),
]


def a_database() -> str:
    return f"rekeying-{uuid4().hex[:8]}"


def test_stores_know_a_card_by_its_newest_token_only() -> None:
    one = BATCH[2]

    assert one.was == "k1_a"
    assert b"k1_a" not in one.wire
    assert one.decision.payment.card == Card("k2_a", "1234")
    assert as_stored(BATCH[3]) is BATCH[3]


async def test_mongo_learns_what_became_which_and_renames_it(mongo: Server) -> None:
    settings = Settings(mongo=mongo.address, database=a_database())
    sink = MongoSink(settings)
    for _ in range(2):
        await sink.write(BATCH)
    await sink.close()

    with mongo_opened(settings) as documents:
        names = documents.names()
        before = documents.counts()
        count = documents.rename("k1", names), documents.rename("k1", names)
        after = documents.counts()
        gone = documents.forget("k1"), documents.forget("k1")

    assert names == {"k1_a": "k2_a"}
    assert (before, after) == ({"k1": 2, "k2": 1}, {"k1": 1, "k2": 2})
    assert (count, gone) == ((1, 0), (1, 0))


async def test_elasticsearch_renames_and_leaves_the_rest_of_a_decision(
    elastic: Server,
) -> None:
    settings = Settings(elastic=elastic.address, database=a_database())
    sink = ElasticSink(settings, DECISIONS)
    await sink.prepare()
    await sink.write(BATCH)
    await sink.close()

    with elastic_opened(settings) as indices:
        before = indices.counts(["k1", "k2", "k3"])
        count = indices.rename("k1", NAMES), indices.rename("k1", NAMES)
        after = indices.counts(["k1", "k2"])
    client = Elasticsearch(elastic.address, request_timeout=60)
    index = f"{settings.database}-decisions-2026.05"
    found = client.get(index=index, id="tx-1")["_source"]
    client.close()

    assert (before, after) == ({"k1": 2, "k2": 1}, {"k1": 1, "k2": 2})
    assert count == (1, 0)
    assert found["payment"]["card"] == {"token": "k2_a", "last4": "1234"}
    assert found["payment"]["customer_id"] == "c-1"


def test_the_archive_renames_and_its_files_stay_as_old_as_they_were(
    tmp_path: Path,
) -> None:
    (path,) = write(tmp_path / "decisions", decisions_frame(BATCH))
    os.utime(path, (1_000, 1_000))
    whole = pl.read_parquet(path)

    before = archive.counts(tmp_path)
    count = archive.rename(tmp_path, "k1", NAMES), archive.rename(tmp_path, "k1", NAMES)
    after = pl.read_parquet(path)

    assert before == {"k1": 2, "k2": 1}
    assert count == (1, 0)
    assert archive.counts(tmp_path) == {"k1": 1, "k2": 2}
    assert after["card"].to_list() == ["k2_a", "k1_b", "k2_a", None]
    assert after.drop("card").equals(whole.drop("card"))
    assert path.stat().st_mtime == 1_000
    assert [*path.parent.iterdir()] == [path]


def test_a_listed_card_is_listed_anew_and_taken_off_by_its_old_token() -> None:
    known = an_entry(kind="card", value="k1_a")
    unknown = an_entry(kind="card", value="k1_b")

    new, old = listed.renamings([known, unknown], "k1", NAMES)

    assert (new.value, new.removed, new.reason) == ("k2_a", False, "stolen")
    assert (old.value, old.removed, old.author) == ("k1_a", True, "mia")
    assert listed.counts([known, unknown, new]) == {"k1": 2, "k2": 1}


async def test_stores_that_are_away_are_said_to_be_away() -> None:
    away = Settings(
        kafka="127.0.0.1:9",
        mongo="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50",
        elastic="http://127.0.0.1:9",
    )

    with (
        pytest.raises(ServiceError, match="Mongo does not answer"),
        mongo_opened(away) as documents,
    ):
        documents.names()
    with (
        pytest.raises(ServiceError, match="Elasticsearch does not answer"),
        elastic_opened(away) as indices,
    ):
        indices.rename("k1", NAMES)
    with pytest.raises(ServiceError, match="Kafka does not answer"):
        await listed.cards(away)

"""Stores behind a lock, on real servers: what is personal opens with its key only."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import polars as pl
import pytest
from elasticsearch import AsyncElasticsearch
from pymongo import MongoClient
from pymongo.errors import BulkWriteError

from agents.sinks import documents
from agents.sinks.elastic import ElasticSink
from agents.sinks.mongo import MongoSink
from agents.sinks.parquet import ParquetSink
from agents.sinks.sealing import Sealing
from app.archive import Archive, Decided
from app.customer_keys import CustomerKeys
from app.errors import ServiceError, SettingError
from app.events.decisions import Hit
from app.events.payments import Card, Place
from app.local.server import Server
from app.parquet import files
from app.parquet.frames import decisions_frame
from app.settings import Settings
from tests.sinks.decided import a_decided

NOW = datetime(2026, 5, 5, tzinfo=UTC)
OLD, NEW = "k1:" + "11" * 32, "k2:" + "22" * 32
TELLING = ("4711", "52.52437", "anns-phone", "DE-ann-42", "lost by Ann")


def telling(identity: str, customer: str = "ann") -> Decided:
    """Build a decision that tells much of its customer."""
    one = a_decided(
        identity,
        customer_id=customer,
        card=Card("k1_token", "4711"),
        place=Place(52.52437, 13.41053),
        device_id="anns-phone",
        beneficiary_id="DE-ann-42",
    )
    hit = Hit("block-list", None, None, "card 4711 lost by Ann", 0.0, "decline")
    decision = msgspec.structs.replace(one.decision, hits=[hit])
    return one._replace(decision=decision, wire=msgspec.json.encode(decision))


@pytest.fixture
def settings(mongo: Server, tmp_path: Path) -> Settings:
    return Settings(
        mongo=mongo.address,
        database=f"sealing-{uuid4().hex[:8]}",
        customer_keys=OLD,
        data_dir=str(tmp_path),
    )


@pytest.fixture
async def keys(settings: Settings) -> AsyncIterator[CustomerKeys]:
    keys = CustomerKeys(settings)
    yield keys
    keys.close()


async def read(settings: Settings, keys: CustomerKeys, identity: str) -> Any:
    """Return a decision as the archive tells it."""
    archive = Archive(settings, to_open=keys.to_open)
    try:
        return await archive.decision(identity)
    finally:
        await archive.close()


async def write(sink: Any, keys: CustomerKeys, batch: Sequence[Decided]) -> None:
    locked = Sealing(sink, keys)
    await locked.prepare()
    assert await locked.write(batch) == {}
    await locked.close()


def frame(folder: Path, keys: CustomerKeys) -> pl.DataFrame:
    columns = ("device_id", "beneficiary_id", "card", "hits")
    return pl.concat(files.decisions(folder, columns, to_open=keys.to_open)).sort("id")


async def test_no_store_can_be_read_once_the_key_is_destroyed(
    settings: Settings, keys: CustomerKeys, elastic: Server, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(settings, elastic=elastic.address)
    batch = [telling("tx-1"), telling("tx-2", "bob"), a_decided("tx-3", card=None)]
    await write(MongoSink(settings), keys, batch)
    await write(ElasticSink(settings, documents.DECISIONS), keys, batch)
    parquet = ParquetSink(tmp_path / "decisions", frame=decisions_frame)
    await write(parquet, keys, batch)

    before = await read(settings, keys, "tx-1")
    told = frame(tmp_path, keys)
    with MongoClient[dict[str, Any]](settings.mongo) as client:
        kept = client[settings.database]["decisions"]
        raw = str([*kept.find()])
        kept.insert_one({**(kept.find_one("tx-2") or {}), "_id": "tx-9"})
    client = AsyncElasticsearch(settings.elastic, request_timeout=60)
    await client.indices.refresh(index=f"{settings.database}-*")
    found = await client.search(index=f"{settings.database}-*", size=9)
    await client.close()
    raw += str(found["hits"]["hits"])
    raw += str(pl.read_parquet(tmp_path / "decisions").rows())
    keys.erase("ann", author="mia", reason="asked", at=NOW)
    await write(MongoSink(settings), keys, [telling("tx-4")])
    ann, bob, late, moved = [
        await read(settings, keys, f"tx-{n}") for n in (1, 2, 4, 9)
    ]
    after = frame(tmp_path, keys)

    assert len(found["hits"]["hits"]) == 3
    assert [one for one in TELLING if one in raw] == []
    del before["decided_at"]
    assert before == msgspec.json.decode(batch[0].wire)
    assert told["device_id"].to_list() == ["anns-phone", "anns-phone", None]
    assert told["beneficiary_id"].to_list() == ["DE-ann-42", "DE-ann-42", None]
    assert ann["erased"] is True
    assert ann["features"] == before["features"]
    assert moved["unreadable"] is True
    assert [one for one in TELLING if one in str([ann, late, moved])] == []
    assert [one for one in TELLING if one in str(bob)] == [*TELLING]
    assert after["device_id"].to_list() == [None, "anns-phone", None]


async def test_an_erasure_is_kept_with_who_and_why_and_done_once(
    keys: CustomerKeys,
) -> None:
    keys.sealed([telling("tx-1")])

    first = keys.erase("ann", author="mia", reason="asked", at=NOW)
    again = keys.erase("ann", author="joe", reason="again", at=datetime.now(UTC))
    never_seen = keys.erase("zoe", author="mia", reason="asked", at=NOW)

    assert again == first
    assert sorted(one.customer_id for one in keys.erasures()) == ["ann", "zoe"]
    assert keys.sealed([telling("tx-2", "zoe")])[0].personal == b""
    assert never_seen.author == "mia"


async def test_two_workers_seal_with_one_key(settings: Settings) -> None:
    workers = [CustomerKeys(settings) for _ in range(2)]
    names = [f"c-{number}" for number in range(50)]
    batches = [[telling(f"{n}-{side}", n) for n in names] for side in "ab"]

    sealed = await asyncio.gather(
        *(
            asyncio.to_thread(worker.sealed, batch)
            for worker, batch in zip(workers, batches, strict=True)
        )
    )
    opened = workers[0].to_open(names)

    for one in (*sealed[0], *sealed[1]):
        key = opened[one.decision.payment.customer_id]
        assert key.open(one.personal, decision=one.decision.id).last4 == "4711"
    for worker in workers:
        worker.close()


async def test_a_rotation_wraps_keys_anew_and_leaves_what_is_sealed(
    settings: Settings, keys: CustomerKeys
) -> None:
    await write(MongoSink(settings), keys, [telling("tx-1"), telling("tx-2", "bob")])
    both = CustomerKeys(msgspec.structs.replace(settings, customer_keys=f"{OLD},{NEW}"))
    new = CustomerKeys(msgspec.structs.replace(settings, customer_keys=NEW))
    both.erase("bob", author="mia", reason="asked", at=NOW)

    with pytest.raises(ServiceError, match="'k1' does not open"):
        new.to_open(["ann"])
    assert (both.wrapped(), both.rewrap(), both.rewrap()) == ({"k1": 1}, 1, 0)
    found = await read(settings, new, "tx-1")

    assert new.wrapped() == {"k2": 1}
    assert found["payment"]["device_id"] == "anns-phone"
    for one in (both, new):
        one.close()


async def test_keys_are_kept_for_minutes_not_for_ever(settings: Settings) -> None:
    now = [0.0]
    worker, other = CustomerKeys(settings, clock=lambda: now[0]), CustomerKeys(settings)
    worker.sealed([telling("tx-1")])
    other.erase("ann", author="mia", reason="asked", at=NOW)

    soon = worker.sealed([telling("tx-2")])[0].personal
    now[0] = 300.0
    later = worker.sealed([telling("tx-3")])[0].personal

    assert soon
    assert later == b""
    for one in (worker, other):
        one.close()


async def test_without_a_key_of_the_bank_nothing_is_sealed_nor_erased(
    settings: Settings,
) -> None:
    keys = CustomerKeys(msgspec.structs.replace(settings, customer_keys=""))
    batch = [telling("tx-1")]

    assert keys.sealed(batch) == batch
    with pytest.raises(SettingError, match="CUSTOMER_KEYS: not set"):
        keys.erase("ann", author="mia", reason="asked", at=NOW)
    await write(MongoSink(settings), keys, batch)
    found = await read(settings, keys, "tx-1")

    assert found["payment"]["device_id"] == "anns-phone"
    keys.close()


async def test_a_mongo_that_is_away_is_said_to_be_away(settings: Settings) -> None:
    away = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50"
    keys = CustomerKeys(msgspec.structs.replace(settings, mongo=away))

    with pytest.raises(ServiceError, match="Mongo does not answer"):
        keys.sealed([telling("tx-1")])
    assert ServiceError in Sealing(MongoSink(settings), keys).away
    keys.close()


async def test_who_is_erased_while_a_batch_is_sealed_stops_no_worker(
    settings: Settings,
) -> None:
    batch = [telling("tx-1"), telling("tx-2", "bob")]
    erasing = False

    def entropy(size: int) -> bytes:
        if erasing:
            for name in ("ann", "bob"):
                worker.erase(name, author="mia", reason="asked", at=NOW)
        return bytes(size)

    worker = CustomerKeys(settings, entropy=entropy)
    worker.sealed(batch)
    erasing = True

    sealed = worker.sealed(batch)

    assert len(sealed) == 2
    assert worker.to_open(["ann", "bob"]) == {}
    assert [one.personal for one in worker.sealed(batch)] == [b"", b""]
    worker.close()


async def test_a_key_that_is_made_while_its_customer_is_erased_goes_too(
    settings: Settings, keys: CustomerKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CustomerKeys(settings)
    update = keys._keys.update_one  # noqa: SLF001 - between its two updates

    def updated(*what: Any, upsert: bool) -> None:
        if upsert:
            other.sealed([telling("tx-1")])
        update(*what, upsert=upsert)

    monkeypatch.setattr(keys._keys, "update_one", updated)  # noqa: SLF001

    erasure = keys.erase("ann", author="mia", reason="asked", at=NOW)

    assert (erasure.customer_id, erasure.erased_at) == ("ann", NOW)
    assert keys.to_open(["ann"]) == {}
    other.close()


@pytest.mark.parametrize(
    ("concerns", "words"),
    [
        ([], "not all that were made can be read"),
        ([{"code": 64, "errmsg": "timed out"}], "Mongo does not answer: batch op"),
    ],
)
async def test_nothing_is_sealed_with_a_key_that_may_be_lost(
    keys: CustomerKeys,
    monkeypatch: pytest.MonkeyPatch,
    concerns: list[Any],
    words: str,
) -> None:
    insert = keys._keys.insert_many  # noqa: SLF001 - its answers

    def inserted(documents: Any, **how: Any) -> None:
        if concerns:
            insert(documents, **how)
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": concerns})

    monkeypatch.setattr(keys._keys, "insert_many", inserted)  # noqa: SLF001

    with pytest.raises(ServiceError, match=words):
        keys.sealed([telling("tx-1")])

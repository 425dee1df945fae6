"""The archive, on a server that speaks Mongo's protocol."""

from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec
import pytest

from app.archive import Archive
from app.local.server import Server
from app.settings import Settings
from tests.sinks.decided import DECIDED_AT, a_decided


@pytest.fixture
async def archive(mongo: Server) -> AsyncIterator[Archive]:
    settings = Settings(mongo=mongo.address, database=f"archive-{uuid4().hex[:8]}")
    archive = Archive(settings)
    await archive.prepare()
    yield archive
    await archive.close()


async def test_a_decision_comes_back_as_it_was_published(archive: Archive) -> None:
    one = a_decided("tx-1")

    assert await archive.write([one]) == {}
    found = await archive.decision("tx-1")

    assert found is not None
    assert found.pop("decided_at") == DECIDED_AT
    assert found == msgspec.json.decode(one.wire)


async def test_a_decision_that_is_not_there_is_none(archive: Archive) -> None:
    assert await archive.decision("tx-1") is None


async def test_the_first_decision_written_stands(archive: Archive) -> None:
    await archive.write([a_decided("tx-1", outcome="decline")])

    refused = await archive.write(
        [a_decided("tx-1", outcome="approve"), a_decided("tx-2", outcome="approve")]
    )
    first, second = await archive.decision("tx-1"), await archive.decision("tx-2")

    assert refused == {}
    assert first is not None
    assert first["outcome"] == "decline"
    assert second is not None


async def test_what_bson_cannot_hold_is_refused_and_the_rest_is_written(
    archive: Archive,
) -> None:
    batch = [a_decided("tx-1"), a_decided("tx-2", amount=2**70), a_decided("tx-3")]

    refused = await archive.write(batch)

    assert list(refused) == [1]
    assert "8-byte ints" in refused[1]
    assert await archive.decision("tx-2") is None
    assert await archive.decision("tx-3") is not None


async def test_preparing_twice_is_preparing_once(archive: Archive) -> None:
    await archive.prepare()

    await archive.write([a_decided("tx-1")])

    assert await archive.decision("tx-1") is not None

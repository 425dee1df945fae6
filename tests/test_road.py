"""The whole road: real workers, a real Kafka, the Handbook's payments."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.local.kafka import kafka_server
from app.local.server import Server
from app.sources.column_map import load_map
from app.sources.files import read
from app.sources.sender import Options, Report, Sender
from app.topics import ensure_topics
from tests.handbook import batch_features, payments
from tests.road import Road, decisions, digest, table_digest

CHANGELOGS = (
    "smartbank-score-customers-changelog",
    "smartbank-score-terminals-changelog",
)
KILLS = 20


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Server]:
    """A Kafka that no other test's records are in."""
    server = kafka_server(tmp_path / "kafka")
    if "missing" in server.stand_in:
        pytest.skip(server.stand_in)
    server.start()
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


async def replay(road: Road, file: Path, *, limit: int, meanwhile=None) -> Report:
    """Send the first payments of a file, and do something while they are decided."""
    await ensure_topics(road.settings)
    _, chunks = read(file, columns=load_map("handbook"), limit=limit)
    sender = Sender(road.settings, Options(patience=90))
    sending = asyncio.create_task(sender.send(chunks))
    if meanwhile:
        await meanwhile(sender)
    return await sending


@pytest.mark.slow
async def test_as_many_decisions_as_payments_and_every_feature_as_in_batch(
    own_kafka: Server, handbook: Path, tmp_path: Path
) -> None:
    frame = payments(handbook, days=22)
    with Road(own_kafka.address, tmp_path / "road").running("one") as road:
        report = await replay(road, handbook, limit=len(frame))
    found = await decisions(own_kafka.address)

    assert len(frame) > 200_000
    assert report.decided == report.sent == len(frame) == len(found)
    assert report.duplicated == 0
    expected = batch_features(frame)
    worst = dict.fromkeys(expected.columns, 0.0)
    for identity, truth in zip(
        frame["TRANSACTION_ID"], expected.itertuples(index=False), strict=True
    ):
        features = msgspec.json.decode(found[str(identity)][0])["features"]
        for name, true in zip(expected.columns, truth, strict=True):
            worst[name] = max(worst[name], abs(features[name] - true))
    assert len(worst) == 15
    assert max(worst.values()) < 1e-9


async def result(road: Road) -> tuple[str, list[tuple[int, str]]]:
    """Return the digests of all decisions and of every table."""
    found = await decisions(road.kafka)
    tables = [await table_digest(road.kafka, topic) for topic in CHANGELOGS]
    return digest(found), tables


@pytest.mark.slow
async def test_workers_killed_at_random_lose_nothing_and_change_nothing(
    handbook: Path, tmp_path: Path
) -> None:
    limit = 100_000
    chance = random.Random(20180401)  # noqa: S311 - no secret is made
    when = sorted(chance.sample(range(2_000, limit - 2_000), KILLS))

    async def kill_now_and_then(sender: Sender) -> None:
        for decided in when:
            while sender.report.decided < decided:  # noqa: ASYNC110 - a count, no event
                await asyncio.sleep(0.01)
            name = chance.choice(["one", "two"])
            road.kill(name)
            road.start(name)

    outcomes = []
    for run, meanwhile in (("calm", None), ("killed", kill_now_and_then)):
        server = kafka_server(tmp_path / run / "kafka")
        server.start()
        try:
            server.wait_until_ready()
            road = Road(server.address, tmp_path / run)
            with road.running("one", "two"):
                report = await replay(road, handbook, limit=limit, meanwhile=meanwhile)
                for name in list(road.workers):
                    assert road.stop(name) == 0
            found = await decisions(server.address)
            outcomes.append(await result(road))
        finally:
            server.stop()

        assert report.lost == 0
        assert len(found) == limit
        for repeats in found.values():
            assert len(set(repeats)) == 1

    assert outcomes[0] == outcomes[1]

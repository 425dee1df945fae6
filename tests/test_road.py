"""The whole road: real workers, a real Kafka, the Handbook's payments."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import pytest

from app.local.kafka import kafka_server
from app.local.server import Server
from app.sources.column_map import load_map
from app.sources.files import read
from app.sources.sender import Options, Report, Sender
from app.topics import ensure_topics
from tests.conftest import serving
from tests.handbook import batch_features, payments
from tests.road import Road, decisions, digest, table_digest

CHANGELOGS = (
    "smartbank-score-customers-changelog",
    "smartbank-score-terminals-changelog",
)
KILLS = 20
LIMIT = 100_000  # payments
FROZEN = 15.0  # seconds, longer than Kafka waits for a worker
AWAY = 15.0

Meanwhile = Callable[[Road, Server, Sender], Awaitable[None]]


async def replay(
    road: Road,
    file: Path,
    *,
    limit: int,
    meanwhile: Callable[[Sender], Awaitable[None]] | None = None,
) -> Report:
    """Send the first payments of a file, and do something while they are decided."""
    await ensure_topics(road.settings)
    _, chunks = read(file, columns=load_map("handbook"), limit=limit)
    sender = Sender(road.settings, Options(patience=180))
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


@dataclass
class Ran:
    """What a run left: its report, its decisions and the digests of all it made."""

    report: Report
    found: dict[str, list[bytes]]
    made: tuple[str, list[tuple[int, str]]]

    def lost_nothing(self) -> bool:
        """Say that each payment has a decision, and each repeat is the same."""
        return (
            self.report.lost == 0
            and len(self.found) == LIMIT
            and all(len(set(repeats)) == 1 for repeats in self.found.values())
        )


async def run(
    folder: Path, handbook: Path, meanwhile: Meanwhile | None = None, *, kept: bool
) -> Ran:
    """Replay payments on a Kafka of its own with two workers, then stop them."""
    with serving(kafka_server, folder / "kafka") as server:
        road = Road(server.address, folder, kept=kept)
        with road.running("one", "two"):
            disturb = partial(meanwhile, road, server) if meanwhile else None
            report = await replay(road, handbook, limit=LIMIT, meanwhile=disturb)
            for name in list(road.workers):
                # One that was just started again may be told before it has begun.
                assert road.stop(name) in {0, -signal.SIGTERM}
        return Ran(report, await decisions(server.address), await result(road))


@pytest.fixture(scope="module")
def calm(handbook: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Give the undisturbed run."""
    folder = tmp_path_factory.mktemp("calm")
    return asyncio.run(run(folder, handbook, kept=False))


async def until(sender: Sender, decided: int) -> None:
    """Wait until so many payments are decided."""
    while sender.report.decided < decided:  # noqa: ASYNC110 - a count, no event
        await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_workers_killed_at_random_lose_nothing_and_change_nothing(
    calm: Ran, handbook: Path, tmp_path: Path
) -> None:
    chance = random.Random(20180401)  # noqa: S311 - no secret is made
    when = sorted(chance.sample(range(2_000, LIMIT - 2_000), KILLS))

    async def kill_now_and_then(road: Road, _: Server, sender: Sender) -> None:
        for decided in when:
            await until(sender, decided)
            name = chance.choice(["one", "two"])
            road.kill(name)
            road.start(name)

    killed = await run(tmp_path, handbook, kill_now_and_then, kept=False)

    assert calm.lost_nothing()
    assert killed.lost_nothing()
    assert killed.made == calm.made


@pytest.mark.slow
async def test_a_worker_that_joins_and_one_that_freezes_change_nothing(
    calm: Ran, handbook: Path, tmp_path: Path
) -> None:
    async def join_freeze_and_leave(road: Road, _: Server, sender: Sender) -> None:
        await until(sender, 15_000)
        road.start("three")
        await until(sender, 35_000)
        frozen = road.pid("one")
        assert frozen  # 0 would be this process and all its kin
        os.kill(frozen, signal.SIGSTOP)
        await asyncio.sleep(FROZEN)
        os.kill(frozen, signal.SIGCONT)
        await until(sender, 70_000)
        assert await asyncio.to_thread(road.stop, "three") == 0

    unrest = await run(tmp_path, handbook, join_freeze_and_leave, kept=True)

    assert unrest.lost_nothing()
    assert unrest.made == calm.made


@pytest.mark.slow
async def test_a_kafka_that_crashes_and_is_away_for_a_while_loses_nothing(
    calm: Ran, handbook: Path, tmp_path: Path
) -> None:
    async def crash_kafka(_: Road, server: Server, sender: Sender) -> None:
        await until(sender, 40_000)
        server.kill()
        await asyncio.sleep(AWAY)
        server.start()

    crashed = await run(tmp_path, handbook, crash_kafka, kept=True)

    assert crashed.lost_nothing()
    assert crashed.made == calm.made

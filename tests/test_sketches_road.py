"""Sketches by real workers: what kill -9 leaves is what nobody disturbed has."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from app.engine.partitioner import partition_for
from app.events.payments import Place
from app.local.ports import free_port
from app.local.server import Server
from app.topics import DECISIONS, ensure_topics
from tests.road import Road, table_digest
from tests.sketches.builders import decided
from tests.web.site import PASSWORD, user, users_file

MANY, CHUNKS = 9_000, 3
PATIENCE = 240.0
ASKED = (
    "/v1/sketches",
    "/v1/samples",
    "/v1/sketches/seen?kind=device&value=d-8999",
    "/v1/sketches/seen?kind=place&value=48.1,16.37&segment=regular",
)


def road(server: Server, folder: Path, database: str) -> Road:
    folder.mkdir()
    environment = {
        "SMARTBANK_DATABASE": database,
        "SMARTBANK_USERS_FILE": users_file(folder / "users.jsonl", user()),
        "SMARTBANK_CHECKPOINT_INTERVAL": "0.2",
    }
    return Road(server.address, folder, role="sketch", environment=environment)


def start(road: Road, name: str) -> str:
    """Start a worker, or the successor of a killed one; return its address."""
    port = free_port()
    road.environment["SMARTBANK_WEB_PORT"] = str(port)
    road.start(name)
    return f"http://127.0.0.1:{port}"


async def ask(url: str) -> httpx.Response:
    async with httpx.AsyncClient(
        auth=("ann", PASSWORD), timeout=60, trust_env=False
    ) as client:
        return await client.get(url)


async def seen(address: str) -> tuple[int, int]:
    """Ask how many partitions answer, and how many payments they have had."""
    try:
        answer = await ask(f"{address}/v1/sketches")
    except httpx.TransportError:
        return 0, 0
    if not answer.is_success:
        return 0, 0
    told = answer.json()
    return told["answered"], sum(one["seen"] for one in told["strata"])


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await done():  # noqa: ASYNC110 - told by HTTP
            await asyncio.sleep(0.05)


@asynccontextmanager
async def sending(server: Server) -> AsyncIterator[Callable[[int, int], Any]]:
    """Give what sends decisions of a range to the log that both roads read."""
    producer = AIOKafkaProducer(bootstrap_servers=server.address)
    await producer.start()

    async def send(first: int, last: int) -> None:
        for number in range(first, last):
            one = decided(
                number,
                payments=number % 80,
                outcome="review" if number % 40 == 0 else "approve",
                place=Place(48 + number % 9 / 10, 16.37),
            )
            key = one.payment.customer_id.encode()
            await producer.send(
                DECISIONS.name,
                msgspec.json.encode(one),
                key,
                partition=partition_for(key, 4),
            )
        await producer.flush()

    try:
        yield send
    finally:
        await producer.stop()


async def told(address: str) -> list[Any]:
    """Wait until all payments are known, then ask all there is to ask."""

    async def all_known() -> bool:
        return await seen(address) == (4, MANY)

    await until(all_known)
    return [await answered(f"{address}{target}") for target in ASKED]


async def answered(url: str) -> Any:
    """Ask until partitions have stopped to change hands, and all of them answer."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await ask(url)
            if answer.is_success and answer.json().get("answered", 4) == 4:
                return answer.json()
            await asyncio.sleep(0.05)


async def disturbed(road: Road, server: Server) -> list[Any]:
    """Kill one of two workers in the middle of each chunk; return both's answers."""
    with road.running():
        start(road, "one")
        survivor = start(road, "two")
        killed = ""
        async with sending(server) as send:
            for chunk in range(CHUNKS):
                first = chunk * MANY // CHUNKS
                await send(first, first + MANY // CHUNKS)

                async def begun(least: int = first // 2) -> bool:
                    return (await seen(survivor))[1] > least

                await until(begun)
                road.kill("one")
                killed = start(road, "one")
        answers = [await told(killed), await told(survivor)]
        assert [road.stop(name) for name in ("one", "two")] == [0, 0]
    return answers


async def undisturbed(road: Road) -> list[Any]:
    with road.running():
        answers = await told(start(road, "calm"))
        assert road.stop("calm") == 0
    return answers


@pytest.mark.slow
async def test_a_killed_worker_s_sketches_are_byte_for_byte_the_undisturbed_ones(
    own_kafka: Server, tmp_path: Path
) -> None:
    await ensure_topics(road(own_kafka, tmp_path / "topics", "topics").settings)
    killed, survivor = await disturbed(
        road(own_kafka, tmp_path / "unrest", "unrest"), own_kafka
    )
    calm = await undisturbed(road(own_kafka, tmp_path / "calm", "calm"))
    tables = [
        await table_digest(own_kafka.address, f"{name}-sketch-sketches-changelog")
        for name in ("unrest", "calm")
    ]

    assert killed == survivor == calm
    assert [one["seen"] for one in calm[2:]] == [True, True]
    assert tables[0] == tables[1]
    assert tables[0][0] > 20

"""Phones: how soon a push is on the map, and how many phones one worker holds."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from app.bench.figures import Figure
from app.bench.house import House, cpu_seconds
from app.events.devices import Device
from app.events.payments import Place
from app.events.pulses import Pulse
from app.features.clock import microseconds
from app.local.server import Server
from app.sensors.registry import hashed, token
from app.simulate.journeys import Journey
from app.topics import DEVICES, PULSE

PHONES = 100
SECONDS = 20
AT_ONCE = 16  # requests
PUSHES = 1_500
FAST = 1_100  # readings a second of a phone with all its sensors on
KEPT_OPEN = 2.0  # seconds: the worker closes what is idle for five
SECRET = "of-the-bench"

Message = dict[str, Any]


def measure(house: House) -> Iterator[Figure]:
    """Measure a hundred phones at their pace, then as many pushes as are taken."""
    names = [f"bench-{number}" for number in range(PHONES)]
    asyncio.run(_register(house, names))
    with house.worker() as worker:
        taken = sorted(asyncio.run(_steady(house, worker, names)))
        for name, share in (("p50", 0.50), ("p99", 0.99)):
            yield Figure(
                f"phone-push-to-map-{name}",
                round(taken[int(len(taken) * share)], 1),
                "ms",
                at_least=False,
                parts={
                    "phones": PHONES,
                    "pushes": PHONES * SECONDS,
                    "seen": len(taken),
                },
            )
        for readings in (len(_message(0, 0)["payload"]), FAST):
            yield asyncio.run(_full(worker, names, readings=readings))


async def _register(house: House, names: Sequence[str]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=house.kafka.address)
    await producer.start()
    try:
        for name in names:
            made = Device(
                id=name,
                kind="phone",
                customer_id=f"C-{name}",
                synthetic=True,
                secret_hash=hashed(SECRET),
                author="bench",
            )
            value = msgspec.json.encode(made)
            await producer.send_and_wait(DEVICES.name, value, name.encode())
    finally:
        await producer.stop()


def _message(phone: int, number: int) -> Message:
    journey = Journey(Place(48.2, 16.4), mps=13.0, span_m=3_000.0, phase=phone)
    now = time.time_ns()
    return journey.message(number, session=f"{phone}-{now}", now_ns=now)


def _path(name: str) -> str:
    return f"/v1/sensors/{token(name, SECRET)}"


async def _steady(house: House, worker: Server, names: Sequence[str]) -> list[float]:
    """Push once a second from each phone; return how long each took to a pulse."""
    began: dict[tuple[str, int], float] = {}
    taken: list[float] = []
    async with _pulses(house) as pulses, _client(worker) as client:
        hearing = asyncio.create_task(_hear(pulses, began, taken))

        async def phone(place: int, name: str) -> None:
            await asyncio.sleep(place / len(names))
            for number in range(SECONDS):
                due = time.monotonic() + 1.0
                message = _message(place, number)
                at = message["payload"][0]["time"] // 1000
                began[name, at] = time.monotonic()
                (await client.post(_path(name), json=message)).raise_for_status()
                await asyncio.sleep(max(0.0, due - time.monotonic()))

        await asyncio.gather(*(phone(*one) for one in enumerate(names)))
        deadline = time.monotonic() + 10
        while began and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        hearing.cancel()
    return taken


async def _hear(
    pulses: AIOKafkaConsumer, began: dict[tuple[str, int], float], taken: list[float]
) -> None:
    """Measure from the start of a push to the pulse that the map is drawn from."""
    async for record in pulses:
        now = time.monotonic()
        for one in msgspec.json.decode(record.value, type=Pulse).positions:
            start = began.pop((one.device_id, microseconds(one.fix.occurred_at)), None)
            if start is not None:
                taken.append((now - start) * 1000)


async def _full(worker: Server, names: Sequence[str], *, readings: int) -> Figure:
    """Push as fast as it is taken; tell what a push costs the worker."""
    message = _message(0, 0)
    shakes = message["payload"][1:]
    while len(message["payload"]) < readings:
        message["payload"] += shakes
    message["payload"] = [
        one | {"time": one["time"] + place}
        for place, one in enumerate(message["payload"][:readings])
    ]
    bodies = [
        msgspec.json.encode(message | {"messageId": number})
        for number in range(PUSHES // (10 if readings >= FAST else 1))
    ]
    waiting = iter(enumerate(bodies))
    busy, began = cpu_seconds(worker.pid), time.monotonic()
    async with _client(worker) as client:

        async def sender() -> None:
            for place, body in waiting:
                path = _path(names[place % len(names)])
                (await client.post(path, content=body)).raise_for_status()

        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    seconds = time.monotonic() - began
    await asyncio.sleep(2.0)  # what was pushed is on its way to the topic of readings
    cost = (cpu_seconds(worker.pid) - busy) / len(bodies)
    return Figure(
        f"phones-a-worker-at-{readings}-readings-a-second",
        round(1 / cost),
        "phones",
        parts={
            "cpu_ms_a_push": round(cost * 1000, 3),
            "pushes_a_second": round(len(bodies) / seconds),
            "kb_a_push": round(len(bodies[0]) / 1000, 1),
        },
    )


def _client(worker: Server) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=PHONES,
        max_keepalive_connections=PHONES,
        keepalive_expiry=KEPT_OPEN,
    )
    return httpx.AsyncClient(
        base_url=worker.address, timeout=30, trust_env=False, limits=limits
    )


@asynccontextmanager
async def _pulses(house: House) -> AsyncIterator[AIOKafkaConsumer]:
    """Follow the topic that the console listens to, from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=house.kafka.address)
    await consumer.start()
    try:
        tp = TopicPartition(PULSE.name, 0)
        consumer.assign([tp])
        await consumer.seek_to_end(tp)
        await consumer.position(tp)
        yield consumer
    finally:
        await consumer.stop()

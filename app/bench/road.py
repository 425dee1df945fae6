"""The whole road: how many payments a second one worker decides, and at what cost."""

import asyncio
import time
from collections.abc import Iterable, Iterator

import httpx
from aiokafka import AIOKafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from app.bench.figures import Figure
from app.bench.house import House, cpu_seconds
from app.local.server import Server
from app.settings import Settings
from app.sources.batching import produce
from app.sources.chunks import Chunk
from app.sources.sender import Options, Report, Sender
from app.topics import APP_EVENTS, LABELS, TRANSACTIONS

AIM = 40_000.0  # payments a second
AIMS_MS = {2_000: 20.0, 5_000: 50.0}  # p99 by payments a second
STEADY_SECONDS = 20
POLL = 0.25
STAGES = {
    "transactions": "capture",
    "app-events": "capture of app events",
    "customer-activity": "customers",
    "terminal-activity": "terminals and decision",
}

Metrics = dict[tuple[str, str], float]


def measure(
    house: House, chunks: Iterator[Chunk], *, payments: int
) -> Iterator[Figure]:
    """Measure a full log, a closed loop, and latency at two steady rates."""
    waiting = list(take(chunks, payments))
    count = sum(len(chunk.ids) for chunk in waiting)
    asyncio.run(preload(house.settings, waiting))
    with house.worker() as worker:
        yield from throughput(worker, count, name="road", aim=AIM)
        closed = _send(house, take(chunks, payments // 3), Options())
        yield Figure(
            "road-closed-loop",
            closed.per_second,
            "payments/s",
            parts={"in_flight": Options().in_flight, "lost": float(closed.lost)},
        )
        for rate, aim in AIMS_MS.items():
            part = take(chunks, rate * STEADY_SECONDS)
            steady = _send(house, part, Options(rate=rate))
            for name, value in (("p50", steady.p50_ms), ("p99", steady.p99_ms)):
                yield Figure(
                    f"latency-{name}-at-{rate}",
                    value or 0.0,
                    "ms",
                    aim=aim if name == "p99" else None,
                    at_least=False,
                    parts={"payments": steady.decided, "lost": steady.lost},
                )


def throughput(
    worker: Server,
    count: int,
    *,
    name: str,
    aim: float | None = None,
    app_events: int = 0,
) -> Iterator[Figure]:
    """Wait until a full log is worked off; tell how fast, and at what cost."""
    started = cpu = 0.0
    while True:
        now, seen = time.monotonic(), _metrics(worker)
        if not started and seen["smartbank_captured_total", ""]:
            started, cpu = now, cpu_seconds(worker.pid)
        if seen["smartbank_decided_total", ""] >= count and not _waiting(seen):
            break
        time.sleep(POLL)
    each = (cpu_seconds(worker.pid) - cpu) / count * 1e6
    rate = count / (now - started)
    sizes: dict[str, float | str] = {"payments": count, "app_events": app_events}
    yield Figure(name, rate, "payments/s", aim=aim, parts=sizes)
    stages = {
        stage: seen.get(("smartbank_stage_cpu_seconds_total", topic), 0.0) / count * 1e6
        for topic, stage in STAGES.items()
    }
    rest = each - sum(stages.values())
    parts: dict[str, float | str] = {**stages, "Kafka client, loop, web": rest}
    yield Figure(f"{name}-cpu", each, "us/payment", at_least=False, parts=parts)


def _waiting(seen: Metrics) -> float:
    """Return how many records of all topics have not been taken."""
    return sum(n for (name, _), n in seen.items() if name == "smartbank_lag_records")


def _metrics(worker: Server) -> Metrics:
    """Return a worker's figures by name and, where it has one, topic."""
    text = httpx.get(f"{worker.address}/metrics", timeout=30).text
    return {
        (sample.name, sample.labels.get("topic", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def take(chunks: Iterator[Chunk], count: int) -> Iterator[Chunk]:
    """Take chunks until there are so many payments."""
    while count > 0:
        chunk = next(chunks, None)
        if chunk is None:
            return
        count -= len(chunk.ids)
        yield chunk


def _send(house: House, chunks: Iterable[Chunk], options: Options) -> Report:
    return asyncio.run(Sender(house.settings, options).send(chunks))


async def preload(settings: Settings, chunks: Iterable[Chunk]) -> None:
    """Put payments, their labels and app events into the raw topics."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, max_batch_size=1024 * 1024
    )
    await producer.start()
    try:
        for chunk in chunks:
            payments = zip(chunk.keys, chunk.values, strict=True)
            labels = [(label.key, label.value) for label in chunk.labels]
            done = [(event.key, event.value) for event in chunk.app_events]
            for topic, records in (
                (APP_EVENTS, done),
                (TRANSACTIONS, payments),
                (LABELS, labels),
            ):
                sent = await produce(
                    producer, topic.name, records, partitions=settings.partitions
                )
                await asyncio.gather(*sent)
    finally:
        await producer.stop()

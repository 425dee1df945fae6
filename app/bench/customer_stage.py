"""The customer stage alone, side by side: on the engine and on stock Faust."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.bench.figures import Figure
from app.bench.house import KEY, House
from app.capture import captured
from app.privacy.tokens import Tokens
from app.sources.batching import produce
from app.sources.chunks import Chunk

AIM = 20.0  # times stock Faust
PARTITIONS = 4
POLL = 0.05
STARTING = 120.0  # seconds, with the first batch

Records = list[tuple[bytes, bytes]]


def measure(
    house: House, chunks: Iterable[Chunk], *, payments: int
) -> Iterator[Figure]:
    """Measure both on the first so many payments; stock gets a tenth of them."""
    records = _captured(chunks, currency=house.settings.currency)[:payments]
    counts = {"stock": len(records) // 10, "engine": len(records)}
    rates = {}
    for kind, count in counts.items():
        source, out = f"bench-{kind}-in", f"bench-{kind}-out"
        asyncio.run(_preload(house.settings.kafka, source, out, records[:count]))
        with house.stage(f"app.bench.{kind}"):
            rates[kind] = asyncio.run(_rate(house.settings.kafka, out, count))
        yield Figure(
            f"customer-stage-{kind}",
            rates[kind],
            "payments/s",
            parts={"payments": count},
        )
    yield Figure(
        "customer-stage-ratio", rates["engine"] / rates["stock"], "times", aim=AIM
    )


def _captured(chunks: Iterable[Chunk], *, currency: str) -> Records:
    """Return payments as capture passes them on."""
    now = datetime.now(UTC)
    tokens = Tokens(bytes.fromhex(KEY), key_id="bench")
    encode = msgspec.json.Encoder().encode
    return [
        (
            key,
            encode(
                captured(
                    value,
                    received_at=now,
                    captured_at=now,
                    tokens=tokens,
                    currency=currency,
                )
            ),
        )
        for chunk in chunks
        for key, value in zip(chunk.keys, chunk.values, strict=True)
    ]


async def _preload(kafka: str, source: str, out: str, records: Records) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(name, PARTITIONS, 1) for name in (source, out)]
        )
    finally:
        await admin.close()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, max_batch_size=1024 * 1024
    ) as producer:
        for start in range(0, len(records), 2_000):
            part = records[start : start + 2_000]
            await asyncio.gather(
                *await produce(producer, source, part, partitions=PARTITIONS)
            )


async def _rate(kafka: str, out: str, count: int) -> float:
    """Return how many outputs a second appear, from the first to the last."""
    tps = [TopicPartition(out, partition) for partition in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        consumer.assign(tps)
        first, seen, began = 0, 0, 0.0
        deadline = time.monotonic() + STARTING
        while seen < count:
            seen = sum((await consumer.end_offsets(tps)).values())
            now = time.monotonic()
            if seen and not first:
                first, began = seen, now
            if not seen and now > deadline:
                message = f"nothing came out of {out} in {STARTING:g} s"
                raise TimeoutError(message)
            await asyncio.sleep(POLL)
        return (seen - first) / (now - began)

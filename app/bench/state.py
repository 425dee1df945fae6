"""State: what a customer's row takes in memory, and how fast rows come back."""

import asyncio
import gc
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faust.types import TP

from app.bench.figures import Figure
from app.bench.house import KEY, House, resident_bytes
from app.capture import captured
from app.engine.changelog import Claim
from app.engine.engine import GARBAGE
from app.engine.restore import restore
from app.engine.tables import Partition
from app.features.customers import CustomerRow
from app.privacy.tokens import Tokens
from app.sources.batching import produce
from app.sources.chunks import Chunk

AIM = 100_000.0  # rows a second
ROWS = 200_000
PARTITIONS = 4
MILLION = 1_000_000
CHANGELOG = "bench-changelog"


@dataclass
class Table:
    """A table as `restore` sees it."""

    name: str = "bench"
    source: str = "bench"
    row: type[CustomerRow] = CustomerRow
    shared: None = None
    owned: dict[int, Partition[CustomerRow]] = field(default_factory=dict)

    def changelog_tp(self, partition: int) -> TP:
        """Return the changelog's partition."""
        return TP(CHANGELOG, partition)


def measure(house: House, chunks: Iterable[Chunk]) -> Iterator[Figure]:
    """Measure rows with as many payments as a month of the bank's customers has."""
    rows = _rows(chunks, currency=house.settings.currency)
    many = [rows[number % len(rows)] for number in range(ROWS)]
    size = sum(map(len, many)) / len(many)
    yield from _memory(many, size)
    seconds = asyncio.run(_restored(house.settings.kafka, many))
    parts: dict[str, float | str] = {"rows": ROWS, "bytes_a_row": size}
    yield Figure("recovery", ROWS / seconds, "rows/s", aim=AIM, parts=parts)


def _rows(chunks: Iterable[Chunk], *, currency: str) -> list[bytes]:
    """Let every customer's row learn its payments."""
    now = datetime.now(UTC)
    tokens = Tokens(bytes.fromhex(KEY), key_id="bench")
    rows: dict[bytes, CustomerRow] = {}
    for chunk in chunks:
        for key, value in zip(chunk.keys, chunk.values, strict=True):
            payment = captured(
                value,
                received_at=now,
                captured_at=now,
                tokens=tokens,
                currency=currency,
            )
            rows.setdefault(key, CustomerRow()).profile(payment)
    return [row.encode() for row in rows.values()]


def _memory(many: list[bytes], size: float) -> Iterator[Figure]:
    """Measure rows at rest, then touched ones, each in a process of its own."""
    for name in ("rest", "touched"):
        fresh = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        with fresh:
            taken = fresh.submit(_grown, many, touched=name == "touched").result()
        yield Figure(
            f"memory-{name}",
            taken / len(many) * MILLION / 2**20,
            "MiB/million customers",
            at_least=False,
            parts={"bytes_a_row": size},
        )


def _grown(many: list[bytes], *, touched: bool) -> int:
    """Return by how many bytes this process grows with so many rows."""
    make = CustomerRow.decode if touched else bytearray  # bytes() would not copy
    gc.collect()
    before = resident_bytes()
    rows = {b"C%08d" % number: make(row) for number, row in enumerate(many)}
    return resident_bytes() - before if rows else 0


async def _restored(kafka: str, many: list[bytes]) -> float:
    """Write rows as checkpoints do, and return how long they take to come back."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics(
        [
            NewTopic(
                CHANGELOG,
                PARTITIONS,
                1,
                topic_configs={"max.message.bytes": str(64 * 1024 * 1024)},
            )
        ]
    )
    await admin.close()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka,
        max_batch_size=8 * 1024 * 1024,
        max_request_size=64 * 1024 * 1024,
    ) as producer:
        for start in range(0, len(many), 4_000):
            part = enumerate(many[start : start + 4_000], start)
            records = [(b"C%08d" % number, row) for number, row in part]
            await asyncio.gather(
                *await produce(producer, CHANGELOG, records, partitions=PARTITIONS)
            )
        table = Table()
        assigned = {TP(table.source, partition) for partition in range(PARTITIONS)}
        gc.set_threshold(*GARBAGE)  # as a worker has it
        started = time.monotonic()
        await restore(
            kafka,
            [table],  # type: ignore[list-item]
            assigned,
            producer=producer,
            claim=Claim("bench", time.time()),
        )
        return time.monotonic() - started

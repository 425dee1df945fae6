"""What app events cost the road: the same payments without them and with them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from app.bench.figures import Figure
from app.bench.house import housed
from app.bench.road import preload, take, throughput
from app.sources.chunks import Chunk


def measure(chunks: Iterator[Chunk], *, payments: int) -> Iterator[Figure]:
    """Work off the full log of a bank twice, each with a Kafka of its own."""
    waiting = list(take(chunks, payments))
    alone = [replace(chunk, app_events=[]) for chunk in waiting]
    yield from _road("road-without-app-events", alone)
    yield from _road("road-with-app-events", waiting)


def _road(name: str, chunks: list[Chunk]) -> Iterator[Figure]:
    payments = sum(len(chunk.ids) for chunk in chunks)
    events = sum(len(chunk.app_events) for chunk in chunks)
    with housed() as house:
        asyncio.run(preload(house.settings, chunks))
        with house.worker() as worker:
            yield from throughput(worker, payments, name=name, app_events=events)

"""The model: what a score costs, and what the whole road does with one and without."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np
from aiokafka import AIOKafkaProducer

from app.bench.figures import Figure
from app.bench.house import House, housed
from app.bench.road import preload, throughput
from app.detection.log import Log, read_log
from app.detection.recipe import Recipe, fit
from app.drift import Drift
from app.features.catalogue import MODEL, NAMES
from app.scoring.decide import Vector
from app.scoring.model import Facts, Model
from app.scoring.reference import references
from app.scoring.registry import Appointment, pack
from app.scoring.scorers import Scorers
from app.settings import load
from app.sources.chunks import Chunk
from app.topics import MODELS

BATCHES = (1, 10, 100, 500)
MOST = 5_001  # payments that are scored over and over
SECONDS = 1.0  # that each measurement takes, at least


def measure(chunks: Sequence[Chunk]) -> Iterator[Figure]:
    """Measure a model that learns from the payments, alone and on the road.

    The road works off the same full log without it and with it, on a Kafka each.
    """
    log = read_log(chunks, currency=load({}).currency)
    model = _trained(log)
    yield from _alone(model, log)
    payments = sum(len(chunk.ids) for chunk in chunks)
    for name, live in (("road-without-model", None), ("road-with-model", model)):
        with housed() as house:
            asyncio.run(preload(house.settings, chunks))
            if live:
                asyncio.run(_make_live(house, live))
            with house.worker() as worker:
                yield from throughput(worker, payments, name=name)


def _trained(log: Log) -> Model:
    """Train a model on all there is: for its speed, not for what it finds."""
    recipe = Recipe()
    rows = np.ones(len(log.days), np.bool_)
    trees = fit(log, rows, recipe=recipe).model_to_string()
    facts = Facts(recipe.features, "1970-01-01")
    table = log.table(np.flatnonzero(rows), recipe.features)
    told = {MODEL.name: Model(trees, facts).score_table(table)}
    reference = references(recipe.features, table, told)
    return Model(trees, msgspec.structs.replace(facts, reference=reference))


def _alone(model: Model, log: Log) -> Iterator[Figure]:
    """Measure scores by the size of the batch, reasons, and drift."""
    at = [log.names.index(name) for name in NAMES]
    known = ~np.isnan(log.vectors[:MOST, at])
    vectors: list[Vector] = [
        [value if there else None for value, there in zip(row, found, strict=True)]
        for row, found in zip(
            log.vectors[:MOST, at].tolist(), known.tolist(), strict=True
        )
    ]
    calls = {size: _call_us(model.score, vectors, size) for size in BATCHES}
    each = calls[BATCHES[-1]] / BATCHES[-1]
    parts: dict[str, float | str] = {
        f"us a batch of {size}": call for size, call in calls.items()
    }
    parts["us a call beside"] = calls[BATCHES[0]] - each
    yield Figure("model-score", each, "us/payment", at_least=False, parts=parts)
    reasons = _call_us(model.contributions, vectors, 10) / 10
    yield Figure("model-reasons", reasons, "us/flagged payment", at_least=False)
    drift, scores = Drift(), Scorers(live=model).score(vectors[: BATCHES[-1]])
    times = [datetime.now(UTC)]
    learnt = _call_us(lambda _: drift.learn(scores, times), vectors, BATCHES[-1])
    cost = learnt / BATCHES[-1]
    yield Figure("model-drift", cost, "us/payment", at_least=False)


def _call_us(
    call: Callable[[Sequence[Vector]], object], vectors: Sequence[Vector], size: int
) -> float:
    """Return the microseconds of CPU that a call takes on a batch of a size."""
    batches = [vectors[at : at + size] for at in range(0, len(vectors) - size, size)]
    count, started = 0, time.process_time()
    while time.process_time() - started < SECONDS:
        call(batches[count % len(batches)])
        count += 1
    return (time.process_time() - started) / count * 1e6


async def _make_live(house: House, model: Model) -> None:
    """Bring a model to the topic and appoint it, as the API does."""
    upload = pack(model, author="bench", comment="to be measured")
    appointment = Appointment(
        number=1, id="bench", author="bench", comment="live", live=model.version
    )
    producer = AIOKafkaProducer(bootstrap_servers=house.settings.kafka)
    await producer.start()
    try:
        for record in (upload, appointment):
            value = msgspec.json.encode(record)
            await producer.send_and_wait(MODELS.name, value, record.key)
    finally:
        await producer.stop()

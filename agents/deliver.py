"""Deliver: decisions down the log into the stores."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from agents.sinks.delivery import Delivery
from agents.sinks.elastic import ElasticSink
from agents.sinks.mongo import MongoSink
from app.archive import Decided
from app.decoding import UNREADABLE
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.errors import RefusedError
from app.events.decisions import Decision
from app.main import app, counters, settings
from app.topics import DECISIONS

decode = msgspec.json.Decoder(Decision).decode
deliveries = [Delivery(MongoSink(settings)), Delivery(ElasticSink(settings))]
app.first.extend(deliveries)


@app.agent(app.batches(DECISIONS.name))
async def deliver(batches: Any) -> None:
    """Hand decisions to every store; a batch is done when all have it."""
    async for batch in batches:
        if not app.engine.current(batch):
            continue
        out = Outbox(app.engine.publisher)
        decided = read(batch.records, out)
        written = [await one.put([d for _, d in decided]) for one in deliveries]
        done = asyncio.ensure_future(finish(decided, written, out))
        app.engine.settle_after(batch, done)


def read(records: Sequence[Record], out: Outbox) -> list[tuple[Record, Decided]]:
    """Decode decisions; what is none is a dead letter."""
    decided = []
    for record in records:
        wire = record.value or b""
        try:
            decision = decode(wire)
        except UNREADABLE as error:
            out.reject(record, error)
            continue
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        decided.append((record, Decided(decision, wire, at)))
    counters.dead_letters += out.rejected
    return decided


async def finish(
    decided: Sequence[tuple[Record, Decided]],
    written: Sequence[asyncio.Future[Mapping[int, str]]],
    out: Outbox,
) -> None:
    """Wait for the stores; what one of them refused is a dead letter."""
    refused: dict[int, str] = {}
    for delivery, told in zip(deliveries, written, strict=True):
        for place, why in (await told).items():
            refused.setdefault(place, f"{delivery.sink.name}: {why}")
    for place, why in refused.items():
        out.reject(decided[place][0], RefusedError(why))
    counters.dead_letters += len(refused)
    counters.delivered += len(decided) - len(refused)

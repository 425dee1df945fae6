"""Deliver: what comes down the log into the stores, each record once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from agents.reading import readable
from agents.sinks import documents
from agents.sinks.delivery import Delivery
from agents.sinks.elastic import ElasticSink
from agents.sinks.mongo import MongoSink
from agents.sinks.parquet import ParquetSink
from agents.sinks.sealing import Sealing
from app.archive import Decided, renamed
from app.engine.batches import Batch, Record
from app.engine.engine import Outbox
from app.errors import RefusedError
from app.events.app_events import AppEvent
from app.events.decisions import Decision
from app.events.labels import Label
from app.main import app, counters, keys, settings
from app.masking import masked
from app.parquet.frames import Labelled, decisions_frame, labels_frame
from app.topics import APP_EVENTS_APPLIED, DECISIONS, LABELS_APPLIED

ROWS, LINGER = 50_000, 5.0
"""A file is written when it has so many rows, or after so many seconds."""

decode = msgspec.json.Decoder(Decision).decode
decode_app_event = msgspec.json.Decoder(AppEvent).decode
decode_label = msgspec.json.Decoder(Label).decode
archive = settings.archive
deliveries: list[Delivery[Decided]] = [
    Delivery(Sealing(MongoSink(settings), keys)),
    Delivery(Sealing(ElasticSink(settings, documents.DECISIONS), keys)),
    Delivery(
        Sealing(ParquetSink(archive / "decisions", frame=decisions_frame), keys),
        most=ROWS,
        linger=LINGER,
    ),
]
label_deliveries: list[Delivery[Labelled]] = [
    Delivery(
        ParquetSink(archive / "labels", frame=labels_frame), most=ROWS, linger=LINGER
    )
]
app_event_deliveries: list[Delivery[AppEvent]] = [
    Delivery(ElasticSink(settings, documents.APP_EVENTS))
]
app.first.extend([*deliveries, *label_deliveries, *app_event_deliveries])


@app.agent(app.batches(DECISIONS.name))
async def deliver(batches: Any) -> None:
    """Hand decisions to every store; a batch is done when all have it."""
    async for batch in batches:
        await hand_on(batch, read, deliveries)


@app.agent(app.batches(LABELS_APPLIED.name))
async def deliver_labels(batches: Any) -> None:
    """Hand labels to the Parquet archive."""
    async for batch in batches:
        await hand_on(batch, read_labels, label_deliveries)


@app.agent(app.batches(APP_EVENTS_APPLIED.name))
async def deliver_app_events(batches: Any) -> None:
    """Hand app events that were learnt to Elasticsearch."""
    async for batch in batches:
        await hand_on(batch, read_app_events, app_event_deliveries)


async def hand_on(batch: Batch, read: Any, stores: Sequence[Delivery[Any]]) -> None:
    """Read a batch and hand it to stores; it is settled when all have it."""
    if not app.engine.current(batch):
        return
    out = Outbox(app.engine.publisher)
    found = read(batch.records, out)
    counters.dead_letters += out.rejected
    written = [await one.put([item for _, item in found]) for one in stores]
    records = [record for record, _ in found]
    done = asyncio.ensure_future(finish(records, stores, written, out))
    app.engine.settle_after(batch, done)


def read(records: Sequence[Record], out: Outbox) -> list[tuple[Record, Decided]]:
    """Decode decisions, each with its place and time."""
    return [
        (
            record,
            renamed(
                Decided(
                    decision,
                    record.value or b"",
                    datetime.fromtimestamp(record.timestamp / 1000, UTC),
                    record.partition,
                    record.offset,
                )
            ),
        )
        for record, decision in readable(records, out, decode)
    ]


def read_labels(
    records: Sequence[Record], out: Outbox
) -> list[tuple[Record, Labelled]]:
    """Decode labels, each with its place."""
    return [
        (record, Labelled(label, record.partition, record.offset))
        for record, label in readable(records, out, decode_label)
    ]


def read_app_events(
    records: Sequence[Record], out: Outbox
) -> list[tuple[Record, AppEvent]]:
    """Decode app events."""
    return readable(records, out, decode_app_event)


async def finish(
    records: Sequence[Record],
    stores: Sequence[Delivery[Any]],
    written: Sequence[asyncio.Future[Mapping[int, str]]],
    out: Outbox,
) -> None:
    """Wait for the stores; what one of them refused is a dead letter."""
    refused: dict[int, str] = {}
    for delivery, told in zip(stores, written, strict=True):
        for place, why in (await told).items():
            refused.setdefault(place, f"{delivery.sink.name}: {why}")
    for place, why in refused.items():
        out.reject(records[place], RefusedError(masked(why)))
    counters.dead_letters += len(refused)
    if stores is deliveries:
        counters.delivered += len(records) - len(refused)

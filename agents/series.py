"""Series: readings down the log into the time series stores, summed up for search."""

from collections.abc import Sequence
from typing import Any

import msgspec

from agents.deliver import hand_on
from agents.reading import readable
from agents.sinks import documents
from agents.sinks.delivery import Delivery
from agents.sinks.elastic import ElasticSink
from agents.sinks.influx import InfluxSink
from agents.sinks.timestream import TimestreamSink
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.events.readings import Readings
from app.main import app, settings
from app.topics import READINGS

MOST = 100
"""Messages written at once, about, when batches wait: each holds many readings."""

decode = msgspec.json.Decoder(Readings).decode
stores: list[Delivery[Readings]] = []
if settings.influx:
    stores.append(Delivery(InfluxSink(settings), most=MOST))
if settings.timestream:
    stores.append(Delivery(TimestreamSink(settings), most=MOST))
stores.append(Delivery(ElasticSink(settings, documents.READINGS), most=MOST))
app.first.extend(stores)


@app.agent(app.batches(READINGS.name))
async def series(batches: Any) -> None:
    """Hand readings to their stores; a batch is done when all have it."""
    async for batch in batches:
        await hand_on(batch, read, stores)


def read(records: Sequence[Record], out: Outbox) -> list[tuple[Record, Readings]]:
    """Decode messages of readings."""
    return readable(records, out, decode)

"""Labels: those that name only their transaction find their customer and terminal."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from mode import Service
from pymongo.errors import PyMongoError

from agents.deliver import hand_on
from agents.reading import readable
from agents.sinks.completion import Completion
from agents.sinks.delivery import MOST, Delivery
from app.archive import Archive
from app.capture import cleared
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.events.labels import Label, TransactionLabel
from app.main import app, settings
from app.topics import LABELS, LABELS_BY_TRANSACTION

AGAIN = 5.0
"""Seconds between two looks for the payments of labels that were set aside."""

decode = msgspec.json.Decoder(TransactionLabel).decode
encode = msgspec.json.Encoder().encode


async def publish(labels: Sequence[Label]) -> None:
    """Bring labels to the raw topic; return when Kafka has them."""
    now = time.time_ns() // 1_000_000
    for label in labels:
        key = label.customer_id.encode()
        app.engine.publisher.send(LABELS.name, key, encode(label), now, [])
    await app.engine.publisher.sent()


archive = Archive(settings)
completion: Delivery[TransactionLabel] = Delivery(Completion(archive, publish))


class Aside(Service):
    """Looks again, every five seconds, for what was set aside."""

    @Service.task
    async def _look(self) -> None:
        while not self.should_stop:
            await self.sleep(AGAIN)
            try:
                labels = await archive.aside(MOST)
            except PyMongoError as error:
                self.log.warning("labels that wait are not looked at: %s", error)
                continue
            if labels:
                await (await completion.put(labels))


app.first.extend([completion, Aside()])


@app.agent(app.batches(LABELS_BY_TRANSACTION.name))
async def complete_labels(batches: Any) -> None:
    """Find the customer and terminal of labels; set aside those of unknown payments."""
    async for batch in batches:
        await hand_on(batch, read, [completion])


def read(
    records: Sequence[Record], out: Outbox
) -> list[tuple[Record, TransactionLabel]]:
    """Decode labels; what people wrote in them is masked before a store has it."""
    return [
        (record, cleared(label)) for record, label in readable(records, out, decode)
    ]

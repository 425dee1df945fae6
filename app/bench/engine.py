"""The customer stage alone, on the engine: what stock Faust is measured against."""

from collections.abc import Mapping, Sequence
from typing import Any

import mode.loop
import msgspec

from app.engine.application import Application
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.events.payments import Payment, ProfiledPayment
from app.features.customers import CustomerRow
from app.settings import load

decode = msgspec.json.Decoder(Payment).decode
encode = msgspec.json.Encoder().encode

mode.loop.use("uvloop")
settings = load()
app = Application(
    "bench-engine",
    brokers=settings.kafka,
    worker="bench",
    partitions=4,
    outputs=["bench-engine-out"],
    datadir=settings.data_dir,
)
table = app.checkpointed("bench-engine-rows", row=CustomerRow, source="bench-engine-in")


@app.agent(app.batches("bench-engine-in"))
async def profile(batches: Any) -> None:
    """Add what the customer's past says to each payment."""
    async for batch in batches:
        await app.engine.run_on(batch, table, profile_batch)


def profile_batch(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[CustomerRow]]
) -> None:
    """Profile each payment by its customer's row."""
    for record in records:
        payment = decode(record.value or b"")
        row = rows[record.partition].touch(record.key or b"")
        profiled = ProfiledPayment(payment, row.profile(payment))
        out.send("bench-engine-out", record.key or b"", encode(profiled), record)

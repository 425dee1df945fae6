"""The customer stage alone, on stock Faust: one table, one message an event."""

from typing import Any

import faust
import mode.loop
import msgspec

from app.events.payments import Payment, ProfiledPayment
from app.features.customers import CustomerRow
from app.settings import load

decode = msgspec.json.Decoder(Payment).decode
encode = msgspec.json.Encoder().encode

mode.loop.use("uvloop")
settings = load()
app = faust.App(
    "bench-stock",
    broker=f"kafka://{settings.kafka}",
    topic_partitions=4,
    topic_disable_leader=True,
    table_standby_replicas=0,
    producer_linger=0.05,  # the best that Faust can be tuned to: see docs/engine.md
    producer_max_batch_size=256 * 1024,
    stream_recovery_delay=0.0,
    web_enabled=False,
    datadir=settings.data_dir,
)
raw = {"key_type": bytes, "value_type": bytes, "value_serializer": "raw"}
payments = app.topic("bench-stock-in", **raw)
profiled = app.topic("bench-stock-out", **raw)
rows = app.Table("bench-stock-rows", key_type=bytes, value_type=bytes)


@app.agent(payments)
async def profile(stream: Any) -> None:
    """Add what the customer's past says to each payment."""
    async for key, value in stream.items():
        payment = decode(value)
        stored = rows.get(key)
        row = CustomerRow.decode(stored) if stored else CustomerRow()
        features = row.profile(payment)
        rows[key] = row.encode()
        await profiled.send(key=key, value=encode(ProfiledPayment(payment, features)))

"""Sketches: what was seen before, and fair samples, of all that was decided."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.reading import readable
from app.engine.batches import Record
from app.engine.engine import Outbox
from app.engine.tables import Partition
from app.main import app, counters, settings
from app.sketches.learning import learn
from app.sketches.observed import Observed
from app.sketches.rows import SketchRow
from app.sketching import filters_of
from app.topics import DECISIONS
from tables.sketches import sketches as table

decode = msgspec.json.Decoder(Observed).decode
filters = filters_of(settings)


@app.agent(app.batches(DECISIONS.name))
async def sketches(batches: Any) -> None:
    """Remember what was seen, and keep fair samples."""
    async for batch in batches:
        await app.engine.run_on(batch, table, observe)


def observe(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[SketchRow]]
) -> None:
    """Learn from decisions; nothing is made of them."""
    for record, observed in readable(records, out, decode):
        learn(rows[record.partition], observed, filters=filters)
    counters.dead_letters += out.rejected

"""The archive's part of aggregates: what rows are told to remember of it."""

from datetime import timedelta
from pathlib import Path

from app.events.aggregates import Aggregate
from app.features.aggregates import hashed
from app.parquet import files
from app.parquet.frames import decisions_frame
from app.parquet.past import remembered
from tests.scoring.builders import NOON
from tests.sinks.decided import a_decided

OWN = Aggregate(name="own", entity="customer", aggregate="count", window="7d")
THERE = Aggregate(name="there", entity="terminal", aggregate="count", window="7d")


def test_an_erased_customers_row_is_told_nothing_from_before(tmp_path: Path):
    batch = [
        a_decided(
            f"{name}-{minute}",
            at=(0, place * 10 + minute),
            customer_id=name,
            terminal_id="t-1",
            occurred_at=NOON + timedelta(minutes=minute),
        )
        for place, name in enumerate(["ann", "bob"])
        for minute in range(3)
    ]
    files.write(tmp_path / "decisions", decisions_frame(batch))
    erased = {"ann": NOON + timedelta(minutes=1)}

    told = {}
    for one in (OWN, THERE):
        ((count, found),) = remembered(
            tmp_path, [one], to_open=lambda _: {}, erased=erased
        )
        rows = {record.id: record.slots.values() for _, record in found}
        told[one.name] = (
            count,
            {
                row: sorted(event[1] for events in slots for event in events)
                for row, slots in rows.items()
            },
        )

    anns, bobs = ids("ann-1", "ann-2"), ids("bob-0", "bob-1", "bob-2")
    assert told == {
        "own": (5, {"ann": anns, "bob": bobs}),
        "there": (6, {"t-1": sorted([*ids("ann-0"), *anns, *bobs])}),
    }


def ids(*names: str) -> list[int]:
    return sorted(map(hashed, names))

"""A made-up file of payments with fraud that can be found, small and fast."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from msgspec.structs import replace

from app.archive import Decided
from app.detection.judge import Figures, Judged, Verdict
from app.detection.log import Road
from app.detection.training import Bin, Card
from app.events.aggregates import Aggregate
from app.events.labels import Label
from app.events.payments import Payment
from app.features.catalogue import NAMES
from app.parquet import files
from app.parquet.frames import Labelled, decisions_frame, labels_frame
from app.scoring.aggregated import Past
from app.sources.column_map import load_map
from app.sources.files import read
from tests.sinks.decided import a_decided

MAP = """
[columns]
id = "id"
occurred_at = "at"
customer_id = "customer"
terminal_id = "terminal"
amount = "amount"
[constants]
currency = "EUR"
[labels]
fraud = "fraud"
"""
START = datetime(2026, 1, 5, tzinfo=UTC)


def a_bank(*, days: int = 70, customers: int = 90, seed: int = 3) -> pl.DataFrame:
    """Make payments, three a day and customer; terminals turn bad, cards get stolen."""
    draw = np.random.default_rng(seed)
    size = days * customers * 3
    seconds = np.sort(draw.integers(0, days * 86_400, size))
    who = draw.integers(0, customers, size)
    where = draw.integers(0, 120, size)
    day = seconds // 86_400
    usual = 500 + 100 * who
    amount = np.maximum(draw.normal(usual, usual / 4), 1).astype(int)
    stolen = (draw.random(size) < 0.5) & ((who * 7 + 3) % days <= day)
    stolen &= day < (who * 7 + 3) % days + 5
    amount[stolen] *= 6
    bad = (where % 24 == 0) & ((where * 7 // 12) % days <= day)
    bad &= day < (where * 7 // 12) % days + 20
    return pl.DataFrame(
        {
            "id": [f"tx-{number}" for number in range(size)],
            "at": [START + timedelta(seconds=int(at)) for at in seconds],
            "customer": [f"c-{number}" for number in who],
            "terminal": [f"t-{number}" for number in where],
            "amount": amount,
            "fraud": (stolen | bad).astype(int),
        }
    )


def write(frame: pl.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write payments and their column map; return both paths."""
    payments, columns = folder / "payments.parquet", folder / "map.toml"
    frame.write_parquet(payments)
    columns.write_text(MAP, encoding="utf-8")
    return payments, columns


def archive(
    frame: pl.DataFrame, root: Path, *, aggregates: Sequence[Aggregate] = ()
) -> Path:
    """Decide the payments of a file one after another, and archive what comes of it."""
    root.mkdir(parents=True, exist_ok=True)
    payments, columns = write(frame, root)
    _, chunks = read(payments, columns=load_map(str(columns)))
    road, past = Road("EUR"), Past(aggregates)
    offsets, label_offsets = count(), count()
    for chunk in chunks:
        found = [one for one in road.profiled(chunk) if one]
        kept = [payment for payment, _ in found]
        told = past.told(
            kept, outcomes=["approve"] * len(kept), scores=[0.0] * len(kept)
        )
        decided = [
            _decided(
                payment,
                {**dict(zip(NAMES, vector, strict=True)), **counted},
                offset=next(offsets),
            )
            for (payment, vector), counted in zip(found, told, strict=True)
        ]
        files.write(root / "decisions", decisions_frame(decided))
        labels = [
            Labelled(msgspec.json.decode(one.value, type=Label), 0, next(label_offsets))
            for one in chunk.labels
        ]
        files.write(root / "labels", labels_frame(labels))
    return root


def _decided(
    payment: Payment, features: dict[str, float | None], *, offset: int
) -> Decided:
    one = a_decided(payment.id)
    decision = replace(one.decision, payment=payment, features=features)
    return one._replace(
        decision=decision, decided_at=payment.occurred_at, offset=offset
    )


def a_card(**fields: Any) -> Card:
    """Build a model's card, but for the fields named."""
    figures = Figures(0.891, 0.77, 0.309)
    fold = Judged("2018-05-13", "2018-05-27", 7, 58_000, 500, 0.891, 0.77, 0.309, 0.397)
    valid: dict[str, Any] = {
        "version": "m1",
        "catalogue": "c1",
        "learnt_from": "2018-04-29",
        "learnt_until": "2018-06-24",
        "payments": 536_879,
        "frauds": 4_712,
        "validation": Verdict([fold], figures, Figures(0.01, 0.026, 0.02)),
        "calibration": [Bin(0.0, 345_532, 0.001, 0.002), Bin(0.95, 1_474, 0.98, 1.0)],
        "importance": {"amount": 0.7, "terminal_days_of_run": 0.3},
        "recipe": {"rounds": 150},
    }
    return Card(**(valid | fields))

"""A made-up file of payments with fraud that can be found, small and fast."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

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
    count = days * customers * 3
    seconds = np.sort(draw.integers(0, days * 86_400, count))
    who = draw.integers(0, customers, count)
    where = draw.integers(0, 120, count)
    day = seconds // 86_400
    usual = 500 + 100 * who
    amount = np.maximum(draw.normal(usual, usual / 4), 1).astype(int)
    stolen = (draw.random(count) < 0.5) & ((who * 7 + 3) % days <= day)
    stolen &= day < (who * 7 + 3) % days + 5
    amount[stolen] *= 6
    bad = (where % 24 == 0) & ((where * 7 // 12) % days <= day)
    bad &= day < (where * 7 // 12) % days + 20
    return pl.DataFrame(
        {
            "id": [f"tx-{number}" for number in range(count)],
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

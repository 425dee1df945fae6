"""The log of the archive: decided payments with the features they were decided by."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from app.detection.log import Log
from app.errors import ModelError
from app.features.catalogue import READABLE
from app.features.clock import DAY
from app.parquet import files


def read_archive(
    root: Path, *, names: Sequence[str], until: datetime | None = None
) -> Log:
    """Read each payment's first decision, in the order of event time.

    Features are as the decisions have them, NaN where one has not: nothing is
    computed again. A payment is a fraud where its newest label says so.

    Raises:
        ModelError: no decision is there, none carries an aggregate of those names, or
            no payment has been labelled as fraud.
        SmartbankError: the archive cannot be read.
    """
    if not (root / "decisions").is_dir():
        message = (
            f"{root}: got a folder without decisions/, expected an archive as workers "
            "of role deliver write it, DATA_DIR/archive"
        )
        raise ModelError(message)
    known = files.features(root).union(READABLE)
    frames = [
        frame.sort("occurred_at", maintain_order=True)
        for frame in files.decisions(
            root, ("customer_id",), features=names, until=until
        )
    ]
    if not any(map(len, frames)):
        message = f"{root}: got no decision before {until or 'now'}"
        raise ModelError(message)
    if lacking := [name for name in names if name not in known]:
        message = f"{root}: got no decision that carries {', '.join(lacking)}"
        raise ModelError(message)
    whole = pl.concat(frames)
    frauds = whole["fraud"].fill_null(value=False).to_numpy()
    if not frauds.any():
        message = f"{root}: got no payment labelled as fraud among {len(whole):,}"
        raise ModelError(message)
    customers = whole["customer_id"].rank("dense").cast(pl.Int64) - 1
    return Log(
        whole["occurred_at"].dt.epoch("us").to_numpy() // DAY,
        customers.to_numpy(),
        frauds,
        whole.select(names).to_numpy().astype(np.float64),
        tuple(names),
    )

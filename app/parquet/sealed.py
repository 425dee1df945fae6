"""Sealed: columns of archived decisions that open with their customers' keys."""

import polars as pl

from app.privacy.personal import ToOpen

SEALED = frozenset({"device_id", "beneficiary_id"})
"""Columns whose values are in `personal`, where there is one."""


def opened(frame: pl.DataFrame, to_open: ToOpen) -> pl.DataFrame:
    """Return decisions with what is sealed in its columns, null where no key is.

    Raises:
        SmartbankError: the keys cannot be had, or one does not fit what it sealed.
    """
    locked = frame["personal"].is_not_null()
    if not locked.any():
        return frame
    mine = frame.filter(locked).select("id", "customer_id", "personal")
    keys = to_open(mine["customer_id"].unique(maintain_order=True).to_list())
    found = []
    for identity, customer, personal in mine.iter_rows():
        key = keys.get(customer)
        found.append(key and key.open(personal, decision=identity))
    told = pl.DataFrame(
        {
            "id": mine["id"],
            **{
                f"{name} opened": pl.Series(
                    [one and getattr(one, name) for one in found], dtype=pl.String
                )
                for name in sorted(SEALED & {*frame.columns})
            },
        }
    )
    joined = frame.join(told, on="id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce(name, f"{name} opened").alias(name)
        for name in sorted(SEALED & {*frame.columns})
    )

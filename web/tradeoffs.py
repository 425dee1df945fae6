"""Trade-offs: what each k would cost the payments of the archive, on a fair sample."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Literal, get_args

import polars as pl

from app.errors import SmartbankError
from app.parquet import files
from app.privacy.tradeoff import Tradeoff, tradeoff
from web.context import Context
from web.problems import Problem

Quasi = Literal["hour", "day", "amount", "channel", "country", "category", "terminal"]
QUASI: Mapping[Quasi, pl.Expr] = {
    "hour": pl.col("occurred_at").dt.hour(),
    "day": pl.col("occurred_at").dt.date(),
    "amount": pl.col("amount_minor"),
    "channel": pl.col("channel"),
    "country": pl.col("country"),
    "category": pl.col("merchant_category"),
    "terminal": pl.col("terminal_id"),
}
"""What may be known of somebody who paid, and how it is read off a decision."""
USUAL: tuple[Quasi, ...] = ("hour", "amount", "channel", "country", "category")

SAMPLE = 2_000
"""Decisions that are looked at, at most."""
DAYS = 7
"""How far back they are looked for, from the newest day that has some."""
SECONDS = 10.0
"""How long it may take; what is not done by then is left out."""
FRESH = 300.0
"""Seconds for which an answer is given again."""
MOST_KEPT = 64

_COLUMNS = (
    "id",
    "occurred_at",
    "customer_id",
    "amount_minor",
    "channel",
    "country",
    "merchant_category",
    "terminal_id",
    "outcome",
)


class Tradeoffs:
    """Answers from the archive of this machine, one at a time, each kept a while."""

    def __init__(
        self, context: Context, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._context = context
        self._clock = clock
        self._root = context.settings.archive
        self._kept = context.tradeoffs

    async def ask(self, quasi: Sequence[Quasi]) -> Tradeoff:
        """Return what each k costs a sample, whose payers may be known by so much.

        Raises:
            Problem: 404, the archive has no decisions; 503, it cannot be read.
        """
        named = [name for name in get_args(Quasi) if name in quasi]
        key = frozenset(named)
        async with self._context.turn:
            until, found = self._kept.get(key, (0.0, None))
            if found is None or self._clock() >= until:
                found = await self._asked(named)
                while len(self._kept) >= MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = self._clock() + FRESH, found
        return found

    async def _asked(self, quasi: Sequence[Quasi]) -> Tradeoff:
        try:
            found = await asyncio.to_thread(self._measured, quasi)
        except SmartbankError as error:
            raise Problem(503, str(error), kind="unavailable") from error
        if found is None:
            raise Problem(404, "the archive of this worker has no decisions yet")
        return found

    def _measured(self, quasi: Sequence[Quasi]) -> Tradeoff | None:
        sample = sampled(self._root)
        if sample is None:
            return None
        table = sample.select(
            "customer_id", "outcome", *(QUASI[name].alias(name) for name in quasi)
        )
        deadline = self._clock() + SECONDS
        return tradeoff(
            table,
            quasi,
            sensitive="outcome",
            person="customer_id",
            go_on=lambda: self._clock() < deadline,
        )


def sampled(root: Path) -> pl.DataFrame | None:
    """Return a sample of the newest days' decisions, drawn by their ids.

    Raises:
        SmartbankError: the archive cannot be read.
    """
    newest = files.newest_day(root)
    if newest is None:
        return None
    since = newest - timedelta(days=DAYS - 1)
    days = [_drawn(frame) for frame in files.decisions(root, _COLUMNS, since=since)]
    found = _drawn(pl.concat(days))
    return found if found.height else None


def _drawn(frame: pl.DataFrame) -> pl.DataFrame:
    """Draw by lots: who is among the first of all is among those of a day."""
    lots = frame.select(*_COLUMNS, pl.col("id").hash(seed=1).alias("_lot"))
    return lots.bottom_k(SAMPLE, by="_lot").drop("_lot")

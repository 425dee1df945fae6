"""Parquet: decisions and labels in files, for backtests and training."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import polars as pl
from polars.exceptions import PolarsError

from app.parquet.files import write

T = TypeVar("T")

_UNFIT = (OverflowError, TypeError, PolarsError)


class ParquetSink(Generic[T]):
    """Records as files below a folder. Writing one again changes nothing."""

    name = "the Parquet archive"
    away: tuple[type[Exception], ...] = (OSError,)

    def __init__(
        self, root: Path, *, frame: Callable[[Sequence[T]], pl.DataFrame]
    ) -> None:
        self._root = root
        self._frame = frame

    async def prepare(self) -> None:
        """Make the folder."""
        self._root.mkdir(parents=True, exist_ok=True)

    async def write(self, batch: Sequence[T]) -> dict[int, str]:
        """Write what fits its columns; return why others were refused, by place."""
        return await asyncio.to_thread(self._write, batch)

    def _write(self, batch: Sequence[T]) -> dict[int, str]:
        refused: dict[int, str] = {}
        try:
            frame = self._frame(batch)
        except _UNFIT:
            refused = self._unfit(batch)
            fit = [one for place, one in enumerate(batch) if place not in refused]
            frame = self._frame(fit)
        write(self._root, frame)
        return refused

    def _unfit(self, batch: Sequence[T]) -> dict[int, str]:
        refused = {}
        for place, one in enumerate(batch):
            try:
                self._frame([one])
            except _UNFIT as error:
                refused[place] = str(error)
        return refused

    async def close(self) -> None:
        """Do nothing: no file stays open."""

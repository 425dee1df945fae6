"""Drift: what payments look like now, against what the live model learnt from."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.events.drift import Drifted, Watched
from app.features.catalogue import MODEL
from app.scoring.model import Model
from app.scoring.reference import count
from app.scoring.scorers import Scores
from app.sketches.adwin import Adwin, Bucket

BLOCK = 1_000
"""Payments that are counted at once."""
SPAN = timedelta(days=7)
"""Event time that is compared: a whole week, for weekdays differ."""

Counts = dict[str, NDArray[np.int64]]


class Watch:
    """A mean of numbers from 0 to 1 that is watched for changes, block by block."""

    def __init__(self) -> None:
        self._window = Adwin()
        self._changes = 0
        self._changed_at: datetime | None = None

    def add(self, block: Bucket, at: datetime) -> None:
        """Take a block of payments."""
        if self._window.add_block(block):
            self._changes += 1
            self._changed_at = at

    def read(self) -> Watched:
        """Return the mean now."""
        window = self._window
        return Watched(window.mean, window.width, self._changes, self._changed_at)


class Drift:
    """Counts payments against the live model's reference, over seven days.

    A day is of event time, that of the newest payment of a block. Another model
    begins anew. It is the worker's memory alone: nothing is decided by it. `frauds`
    counts the labels that say so, until the block that they are part of is counted.
    """

    def __init__(self) -> None:
        self._begin(None)

    def _begin(self, model: Model | None) -> None:
        self._model = model
        self._days: dict[datetime, Counts] = {}
        self._tables: list[NDArray[np.float64]] = []
        self._waiting = 0
        self.frauds = 0
        self._score, self._told = Watch(), Watch()

    def learn(self, scores: Scores, times: Sequence[datetime]) -> None:
        """Take a batch's scores, and the event times of its payments."""
        if scores.by.live is not self._model:
            self._begin(scores.by.live)
        if scores.table is None or not len(scores.table):
            return
        told = np.array(scores.live, np.float64)
        self._tables.append(np.column_stack([scores.table, told]))
        self._waiting += len(told)
        if self._waiting >= BLOCK:
            self._count(max(times))

    def read(self) -> Drifted | None:
        """Return what was counted; None without a live model."""
        if self._model is None:
            return None
        whole: Counts = {}
        for counts in self._days.values():
            for name, found in counts.items():
                whole[name] = whole[name] + found if name in whole else found
        payments = int(whole[MODEL.name].sum()) if MODEL.name in whole else 0
        return Drifted(
            self._model.version,
            payments,
            {name: found.tolist() for name, found in whole.items()},
            self._score.read(),
            self._told.read(),
        )

    def _count(self, at: datetime) -> None:
        table = np.concatenate(self._tables)
        told, size, frauds = table[:, -1], len(table), min(self.frauds, len(table))
        self._score.add(Bucket(size, float(told.sum()), float(told.var() * size)), at)
        self._told.add(Bucket(size, frauds, frauds - frauds * frauds / size), at)
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        counts = self._days.setdefault(day, {})
        for name, found in self._counted(table):
            counts[name] = counts[name] + found if name in counts else found
        newest = max(self._days)
        self._days = {one: c for one, c in self._days.items() if one > newest - SPAN}
        self._tables, self._waiting, self.frauds = [], 0, 0

    def _counted(
        self, table: NDArray[np.float64]
    ) -> Iterator[tuple[str, NDArray[np.int64]]]:
        if self._model is None:
            return
        facts = self._model.facts
        for place, name in enumerate((*facts.features, MODEL.name)):
            if name in facts.reference:
                edges = facts.reference[name].edges
                yield name, count(edges, table[:, place])

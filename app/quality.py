"""Quality: how well the data comes in, counted as it does, a batch at a time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from app.engine.batches import Record
from app.events.quality import Hot, Load, Measured
from app.features.clock import SECOND
from app.sketches.heavy_hitters import HeavyHitters

HOUR, DAY = 3_600, 86_400
LATE_SECONDS = (1, 60, 600, HOUR, 6 * HOUR, DAY, 7 * DAY, 31 * DAY)
"""The last one is as far back as a customer's row remembers."""
LATE = (*(str(bound) for bound in LATE_SECONDS), "inf")
SHOWN = 3
"""Keys told of a partition."""

_partition = attrgetter("partition")


class Quality:
    """Counts what came twice, late, unevenly or unfit, since the worker started.

    It is the worker's memory alone: nothing is decided by it.
    """

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.payments = self.app_events = 0  # that came to the customers
        self.repeated_payments = self.repeated_app_events = 0
        self.late_by = [0] * len(LATE)
        self._loads: dict[int, HeavyHitters] = {}

    def captured(self, topic: str, *, taken: int, refused: int) -> None:
        """Count what was sent to a raw topic, and what of it did not fit."""
        self.taken[topic] += taken
        self.refused[topic] += refused

    def came(self, records: Sequence[Record]) -> None:
        """Count records of the customers' log by partition and key.

        What is told to all customers at once has no key, and is nobody's load.
        """
        for partition, run in groupby(records, _partition):
            load = self._loads.get(partition)
            if load is None:
                load = self._loads[partition] = HeavyHitters()
            load.add([record.key for record in run if record.key])

    def late(self, behind: int) -> None:
        """Count a payment so many microseconds behind its customer's newest."""
        self.late_by[bisect_left(LATE_SECONDS, behind / SECOND)] += 1

    def read(
        self, *, replayed: Mapping[str, int], late_app_events: int = 0
    ) -> Measured:
        """Return what was counted; `replayed` are repeats that the engine dropped."""
        return Measured(
            taken=dict(self.taken),
            refused=dict(self.refused),
            payments=self.payments,
            repeated_payments=self.repeated_payments,
            app_events=self.app_events,
            repeated_app_events=self.repeated_app_events,
            replayed={topic: count for topic, count in replayed.items() if count},
            late_by={b: n for b, n in zip(LATE, self.late_by, strict=True) if n},
            late_app_events=late_app_events,
            loads=[_load(*one) for one in sorted(self._loads.items())],
        )


def _load(partition: int, keys: HeavyHitters) -> Load:
    hot = [
        Hot(key.decode(errors="replace"), count, unsure)
        for key, count, unsure in keys.top(SHOWN)
    ]
    return Load(partition, keys.total, hot)

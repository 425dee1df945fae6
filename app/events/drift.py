"""Drift: how far payments have moved from what the live model learnt from."""

from datetime import datetime

from msgspec import Struct


class Watched(Struct, frozen=True):
    """A mean that is watched for changes: of the newest `payments`, since the last.

    `changed_at` is the event time of the payments that told of it.
    """

    mean: float = 0.0
    payments: int = 0
    changes: int = 0
    changed_at: datetime | None = None


class Drifted(Struct, frozen=True):
    """What a worker has seen since it started, or since the model went live.

    `counts` has for each feature of the model, and for its probability, the payments
    of the last seven days by bin of the model's reference, the unknown ones last.
    `score` watches the mean probability, `frauds` the share of payments that are told
    to be fraud.
    """

    model: str
    payments: int
    counts: dict[str, list[int]]
    score: Watched
    frauds: Watched

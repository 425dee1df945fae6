"""Chunks: payments on their way to Kafka, in the order of event time."""

from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct


class DueLabel(NamedTuple):
    """A label that becomes known at `due` (event time, epoch microseconds)."""

    due: int
    transaction_id: str
    key: bytes
    value: bytes


class DueAppEvent(NamedTuple):
    """An app event that is learnt before the payments of `due` and later.

    `due` is an event time in epoch microseconds.
    """

    due: int
    id: str
    key: bytes
    value: bytes


class LearntAppEvent(Struct):
    """What a sender reads of an app event that has been learnt."""

    id: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some payments as parallel lists, and the labels that will follow them.

    Attributes:
        ids: transaction ids.
        keys: customer ids, the records' keys.
        values: raw transactions, JSON.
        times: event times, epoch microseconds, none earlier than the one before.
        labels: the labels of these payments, in the order of their due times.
        app_events: what was done in the app before, in the order of its due times.
    """

    ids: list[str]
    keys: list[bytes]
    values: list[bytes]
    times: list[int]
    labels: list[DueLabel] = field(default_factory=list)
    app_events: list[DueAppEvent] = field(default_factory=list)

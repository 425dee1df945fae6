"""Batches: the fetched records of one partition, travelling as one Faust message."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Protocol

import faust
from faust.types import AppT, Message

ORIGIN = Struct(">iq")  # partition, offset: the value of an origin header

Origin = tuple[str, int]
"""A topic and partition that records were made from."""


class Record(Protocol):
    """A record as aiokafka hands it up."""

    @property
    def topic(self) -> str:
        """The topic it was read from."""
        ...

    @property
    def partition(self) -> int:
        """The partition it was read from."""
        ...

    @property
    def offset(self) -> int:
        """Its place in the partition."""
        ...

    @property
    def timestamp(self) -> int:
        """When it was produced, epoch milliseconds."""
        ...

    @property
    def key(self) -> bytes | None:
        """Its key."""
        ...

    @property
    def value(self) -> bytes | None:
        """Its value."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Its headers; the last one names the record it was made from."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition, in order; at most 500.

    `epoch` is the consumer's at the time of hand-up: a batch from before a
    rebalance is stale, and is left to whoever owns the partition after it.
    """

    topic: str
    partition: int
    records: Sequence[Record]
    epoch: int

    @property
    def next_offset(self) -> int:
        """The offset after the last record's."""
        return self.records[-1].offset + 1


def origin_header(topic: str, partition: int, offset: int) -> tuple[str, bytes]:
    """Name the record that an output was made from, as a Kafka header."""
    return topic, ORIGIN.pack(partition, offset)


class BatchSchema(faust.Schema):
    """Hands a batch through Faust's decoding untouched."""

    def compile(self, app: AppT, **_: Any) -> Any:
        """Return the decode function Faust calls once a message."""
        create_event = app.create_event

        async def decode(message: Message, **_: Any) -> Any:
            return create_event(None, message.value, message.headers, message)

        return decode

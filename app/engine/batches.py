"""Batches: the fetched records of one topic, travelling as one Faust message."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, NamedTuple, Protocol

import faust
from faust.types import AppT, Message

MADE_FROM = "made-from:"
"""Begins an origin header's name; the topic follows."""

TO_ALL = ":all"
"""Ends the name where the output went to every partition: those count by themselves."""

ORIGIN = Struct(">iqq")  # partition, offset, time: the value of an origin header

Origin = tuple[str, int]
"""The name of an origin header, and a partition of the topic that it names."""

Reached = tuple[int, int]
"""How far an origin was seen: offset, and the latest time, epoch milliseconds."""


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
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Its headers; in the product's own logs the last one is an origin."""
        ...


class Run(NamedTuple):
    """Consecutive records of one partition, in order."""

    partition: int
    records: Sequence[Record]

    @property
    def next_offset(self) -> int:
        """The offset after the last record's."""
        return self.records[-1].offset + 1


@dataclass(frozen=True, slots=True)
class Batch:
    """What was fetched of one topic: a run of records a partition; at most 1,000.

    `epoch` is the consumer's at the time of hand-up: a batch from before a
    rebalance is stale, and is left to whoever owns the partitions after it.
    """

    topic: str
    runs: Sequence[Run]
    epoch: int

    @property
    def records(self) -> Sequence[Record]:
        """The records of all runs."""
        if len(self.runs) == 1:
            return self.runs[0].records
        return [record for run in self.runs for record in run.records]


def origin_header(record: Record) -> tuple[str, bytes]:
    """Name the record that an output is made from, as a Kafka header."""
    packed = ORIGIN.pack(record.partition, record.offset, record.timestamp)
    return MADE_FROM + record.topic, packed


def fresh(records: Sequence[Record], seen: dict[Origin, Reached]) -> Sequence[Record]:
    """Leave out the records whose origin, or a later one of the same log, was seen.

    Updates `seen`. Records without an origin header are always fresh. So is one of an
    earlier offset and a later time than any seen: its log began anew.
    """
    unpack, size = ORIGIN.unpack, ORIGIN.size
    nothing = -1, -1
    kept = []
    for record in records:
        if record.headers:
            name, packed = record.headers[-1]
            if packed and len(packed) == size and name.startswith(MADE_FROM):
                partition, offset, at = unpack(packed)
                origin = name, partition
                last, latest = seen.get(origin, nothing)
                if offset <= last and at <= latest:
                    continue
                seen[origin] = offset, max(at, latest)
        kept.append(record)
    return kept


class BatchSchema(faust.Schema):
    """Hands a batch through Faust's decoding untouched."""

    def compile(self, app: AppT, **_: Any) -> Any:
        """Return the decode function Faust calls once a message."""
        create_event = app.create_event

        async def decode(message: Message, **_: Any) -> Any:
            return create_event(None, message.value, message.headers, message)

        return decode

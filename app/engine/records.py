"""Records: fetched at less cost, whatever bytes the names of their headers are.

Kafka holds no producer to UTF-8 there, and aiokafka raises: one such record would stop
whoever reads the topic, for good. Built on private parts of aiokafka 0.14, pinned in
tests/engine/test_faust_contract.py.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.structs import TopicPartition
from msgspec import Struct


class _Text(bytearray):
    """Bytes whose slices decode whatever they are."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Text(found) if isinstance(at, slice) else found

    def decode(self, *_: Any) -> str:
        return bytes(self).decode("utf-8", "replace")


class _Batch:
    """A record batch, read at C speed; slowly where a header's name is no UTF-8."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter([*self._batch])
        except UnicodeDecodeError:
            slow = _DefaultRecordBatchPy(self._data)
            iter(slow)  # decompresses
            slow._buffer = _Text(slow._buffer)  # noqa: SLF001
            return slow


class Records(_MemoryRecordsPy):
    """What was fetched of a partition, as record batches."""

    def next_batch(self) -> Any:
        """Return the next batch, None at the end."""
        data = self._next_slice
        batch = super().next_batch()
        return _Batch(batch, data) if isinstance(batch, DefaultRecordBatch) else batch


class Fetched(Struct, gc=False):
    """A fetched record: of aiokafka's, what is read here."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class Partition(fetcher.PartitionRecords):
    """What was fetched of a partition, as records."""

    def __iter__(self) -> Iterator[Fetched]:
        iterator: Iterator[Fetched] = self._records_iterator
        return iterator

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Fetched:
        return Fetched(
            tp.topic,
            tp.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            record.headers,
        )


def fetch_lightly() -> None:
    """Have every consumer of this process hand up such records, and bear any header."""
    fetcher.MemoryRecords = Records
    fetcher.PartitionRecords = Partition

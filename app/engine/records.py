"""Records: fetched batches, whatever bytes the names of their headers are.

Kafka holds no producer to UTF-8 there, and aiokafka raises: one such record would stop
whoever reads the topic, for good. Built on private parts of aiokafka 0.14, pinned in
tests/engine/test_faust_contract.py.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


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
            yield from self._batch
        except UnicodeDecodeError:
            slow = _DefaultRecordBatchPy(self._data)
            iter(slow)  # decompresses
            slow._buffer = _Text(slow._buffer)  # noqa: SLF001
            yield from slow  # from its first record: the fetcher skips those it had


class Records(_MemoryRecordsPy):
    """What was fetched of a partition, as record batches."""

    def next_batch(self) -> Any:
        """Return the next batch, None at the end."""
        data = self._next_slice
        batch = super().next_batch()
        return _Batch(batch, data) if isinstance(batch, DefaultRecordBatch) else batch


def bear_any_header() -> None:
    """Have every consumer of this process bear any header."""
    fetcher.MemoryRecords = Records

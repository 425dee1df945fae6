"""Fetched batches bear any header, and read the same where nothing is odd."""

from typing import Any

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from app.engine.records import Records
from tests.engine.odd import with_an_odd_header


def read(kind: type[Records], data: bytes) -> list[tuple[Any, ...]]:
    records = kind(data)
    found: list[tuple[Any, ...]] = []
    while records.has_next():
        batch = records.next_batch()
        assert batch.validate_crc()
        assert not batch.is_control_batch
        for record in batch:
            if record.offset >= len(found):  # as the fetcher does
                found.append((record.offset, record.key, record.value, record.headers))
    return found


@pytest.mark.parametrize("compression", [0, 1], ids=["plain", "gzip"])
def test_batches_are_read_as_aiokafka_reads_them(compression: int):
    batch = BatchBuilder(1024, compression)
    for name in ("one", "two", "three"):
        batch.append(timestamp=1, key=b"k", value=None, headers=[(name, None)])
    data = bytes(batch._build())  # noqa: SLF001

    assert read(Records, data) == read(MemoryRecords, data)
    assert len(read(Records, data)) == 3


def test_a_header_whose_name_is_no_utf_8_is_borne():
    data = bytes(with_an_odd_header(b"k", b"v")._build())  # noqa: SLF001

    found = read(Records, data)

    assert [record[:3] for record in found] == [(n, b"k", b"v") for n in range(3)]
    assert found[1][3][0][0] == "\ufffd\ufffd\ufffd"
    with pytest.raises(UnicodeDecodeError):
        read(MemoryRecords, data)

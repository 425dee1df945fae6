"""Fetched batches bear any header, and read the same where nothing is odd."""

from typing import Any

import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from app.engine.records import Fetched, Partition, Records
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


def test_records_are_what_aiokafka_makes_of_them_as_far_as_they_are_read():
    batch = BatchBuilder(1024, 0)
    for key, value in ((b"k", b"v"), (None, b"v"), (b"k", None)):
        batch.append(timestamp=7, key=key, value=value, headers=[("one", b"1")])
    data = bytes(batch._build())  # noqa: SLF001
    tp, begin = TopicPartition("payments", 2), 1  # past the first record

    theirs, ours = (
        kind(tp, Records(data), [], begin, None, None, True, 0)  # noqa: FBT003
        for kind in (PartitionRecords, Partition)
    )
    made = list(ours)

    assert [one.offset for one in made] == [1, 2]
    assert made == [
        Fetched(
            one.topic,
            one.partition,
            one.offset,
            one.timestamp,
            one.key,
            one.value,
            list(one.headers),
        )
        for one in theirs
    ]
    assert ours.next_fetch_offset == theirs.next_fetch_offset == 3


def test_a_header_whose_name_is_no_utf_8_is_borne():
    data = bytes(with_an_odd_header(b"k", b"v")._build())  # noqa: SLF001

    found = read(Records, data)

    assert [record[:3] for record in found] == [(n, b"k", b"v") for n in range(3)]
    assert found[1][3][0][0] == "\ufffd\ufffd\ufffd"
    with pytest.raises(UnicodeDecodeError):
        read(MemoryRecords, data)

"""Batches and the repeats in them."""

from dataclasses import dataclass

from app.engine.batches import Batch, origin_header
from app.engine.engine import fresh


@dataclass
class Fetched:
    """A record as fetched, with valid defaults."""

    offset: int = 0
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()
    topic: str = "activity"
    partition: int = 0
    timestamp: int = 1


def made_from(offset: int, *, partition: int = 0, topic: str = "raw") -> Fetched:
    return Fetched(headers=(origin_header(topic, partition, offset),))


def test_a_record_whose_origin_was_seen_is_a_repeat() -> None:
    seen: dict[tuple[str, int], int] = {}

    first = fresh([made_from(1), made_from(2), made_from(1)], seen)
    again = fresh([made_from(1), made_from(2), made_from(3)], seen)

    assert [len(first), len(again)] == [2, 1]
    assert seen == {("raw", 0): 3}


def test_origins_of_other_partitions_and_topics_do_not_hide_each_other() -> None:
    seen: dict[tuple[str, int], int] = {}
    records = [made_from(9), made_from(1, partition=1), made_from(1, topic="labels")]

    assert fresh(records, seen) == records


def test_a_record_without_an_origin_is_always_fresh() -> None:
    assert len(fresh([Fetched(), Fetched()], {})) == 2


def test_a_batch_ends_after_its_last_record() -> None:
    batch = Batch("raw", 0, [Fetched(offset=4), Fetched(offset=7)], epoch=1)

    assert batch.next_offset == 8

"""Rows, checkpoints and what restoring them gives back."""

from dataclasses import dataclass
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.changelog import Reading, batches
from app.engine.tables import DIRTY_ROWS, Partition, enough


@dataclass
class Count:
    """The smallest row: how often its key was touched."""

    n: int = 0

    def encode(self) -> bytes:
        return str(self.n).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls(int(data))


class Word:
    def __init__(self) -> None:
        self.said = ""

    def encode(self) -> bytes:
        return self.said.encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        word = cls()
        word.said = data.decode()
        return word


def restored(log: list[tuple[bytes, bytes | None]]) -> Partition[Count]:
    reading = Reading()
    for offset, (key, value) in enumerate(log):
        reading.read(offset, key, value)
    reading.finish()
    partition = Partition(Count)
    partition.restore(reading)
    return partition


def stored(partition: Partition[Count]) -> list[tuple[bytes, bytes | None]]:
    """Return the records of a checkpoint."""
    return [record for batch in batches(*partition.checkpoint()) for record in batch]


def test_a_checkpoint_holds_its_marker_and_the_changed_rows() -> None:
    partition = Partition(Count)
    partition.touch(b"a").n = 3
    partition.done = 42

    rows, marker = partition.checkpoint()

    assert rows == [(b"a", b"3")]
    assert marker.offset == 42
    assert partition.dirty == set()


def test_reading_a_row_does_not_make_it_dirty() -> None:
    partition = restored([(b"a", b"7")])
    row = partition.read(b"a")

    assert row == Count(7)
    assert partition.read(b"b") is None
    assert partition.dirty == set()


def test_a_restored_row_goes_on_learning_where_it_stood() -> None:
    partition = restored([(b"a", b"7")])
    partition.touch(b"a").n += 1

    assert dict(partition) == {b"a": b"8"}


def test_a_tombstone_removes_its_row() -> None:
    assert dict(restored([(b"a", b"7"), (b"a", None)])) == {}


def test_a_dirty_key_without_a_row_is_stored_as_a_tombstone() -> None:
    partition = restored([(b"a", b"7")])
    partition.dirty |= {b"a", b"hidden"}

    assert dict(partition.checkpoint()[0]) == {b"a": b"7", b"hidden": None}


def test_rows_of_another_version_are_found_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        restored([(b"a", b"of another version")]).check()


def test_large_rows_make_a_checkpoint_sooner() -> None:
    assert enough(4_000, 8_000_000) == DIRTY_ROWS
    assert enough(4_000, 64_000_000) == 1_048
    assert enough(1, 2**40) == 1


@given(
    st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.booleans()), max_size=60)
)
def test_the_last_checkpoint_restores_rows_origins_and_offset(
    touches: list[tuple[bytes, bool]],
) -> None:
    partition = Partition(Count)
    log: list[tuple[bytes, bytes | None]] = []
    for offset, (key, checkpoint) in enumerate(touches):
        partition.touch(key).n += 1
        partition.done = offset + 1
        partition.origins["raw", 0] = offset, 7
        if checkpoint:
            log += stored(partition)
    log += stored(partition)

    again = restored(log)

    assert dict(again) == dict(partition)
    assert again.done == partition.done
    assert again.origins == partition.origins


def test_the_row_that_a_partition_shares_is_kept_beside_the_others() -> None:
    partition = Partition(Count, Word)
    nothing = partition.shared()
    partition.touch(b"a").n += 1
    partition.shared(learn=True).said = "whole"
    log = stored(partition)
    reading = Reading()
    for offset, (key, value) in enumerate(log):
        reading.read(offset, key, value)
    reading.finish()

    again = Partition(Count, Word)
    again.restore(reading)
    again.check()

    assert nothing is None
    assert again.shared().said == "whole"
    assert again.touch(b"a").n == 1
    assert again.dirty == {b"a"}


def test_rows_of_other_types_are_told_apart_by_how_their_keys_begin() -> None:
    partition: Partition[Any] = Partition(Count, None, {b"\xff": Word})
    partition.touch(b"a").n += 1
    partition.touch(b"\xffa").said = "other"
    reading = Reading()
    for offset, (key, value) in enumerate(stored(partition)):
        reading.read(offset, key, value)
    reading.finish()

    again: Partition[Any] = Partition(Count, None, {b"\xff": Word})
    again.restore(reading)
    again.check()

    kept = again.read(b"\xffa"), again.hold(b"\xffa")
    assert [word and word.said for word in kept] == ["other", "other"]
    assert again.touch(b"a").n == 1
    assert isinstance(again.touch(b"\xff"), Word)


@pytest.mark.parametrize("key", [b"a", b"\xffa"])
def test_of_rows_of_each_type_one_is_looked_at_before_anything_is_learnt(
    key: bytes,
) -> None:
    class Strict(Word):
        @classmethod
        def decode(cls, data: bytes) -> Self:
            raise ValueError(data)

    rows: dict[bytes, Any] = {b"b": b"1", b"\xffb": b"1"}
    kinds: list[type[Any]] = [Strict, Count] if key == b"a" else [Count, Strict]
    partition: Partition[Any] = Partition(kinds[0], None, {b"\xff": kinds[1]})
    reading = Reading()
    reading.rows.update(rows)
    partition.restore(reading)

    with pytest.raises(ValueError, match="1"):
        partition.check()


def test_a_row_that_is_held_is_decoded_once_and_not_made_dirty() -> None:
    partition = restored([(b"a", b"3"), (b"b", b"4")])

    assert partition.hold(b"a") is partition.hold(b"a") is partition.rows[b"a"]
    assert partition.hold(b"c") is None
    assert partition.known_keys() == [b"a", b"b"]
    assert not partition.dirty


def test_a_row_that_is_dropped_is_gone_after_the_next_checkpoint() -> None:
    partition = restored([(b"a", b"3"), (b"b", b"4")])
    partition.drop(b"a")
    partition.drop(b"c")

    assert partition.hold(b"a") is None
    assert partition.checkpoint()[0] == [(b"a", None)]

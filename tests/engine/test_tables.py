"""Rows, checkpoints and what restoring them gives back."""

from dataclasses import dataclass
from typing import Self

from hypothesis import given
from hypothesis import strategies as st

from app.engine.tables import MARKER, Partition


@dataclass
class Count:
    """The smallest row: how often its key was touched."""

    n: int = 0

    def encode(self) -> bytes:
        return str(self.n).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls(int(data))


def restored(records: list[tuple[bytes, bytes]]) -> Partition[Count]:
    partition = Partition(Count)
    for key, value in records:
        partition.restore(key, value)
    return partition


def test_a_checkpoint_holds_the_changed_rows_and_ends_in_its_marker() -> None:
    partition = Partition(Count)
    partition.touch(b"a").n = 3
    partition.done = 42

    records, done = partition.checkpoint()

    assert [key for key, _ in records] == [b"a", MARKER]
    assert done == 42
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
    partition = restored([(b"a", b"7")])
    partition.restore(b"a", None)

    assert dict(partition) == {}


@given(
    st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.booleans()), max_size=60)
)
def test_the_last_checkpoint_restores_rows_origins_and_offset(
    touches: list[tuple[bytes, bool]],
) -> None:
    partition = Partition(Count)
    log: list[tuple[bytes, bytes]] = []
    for offset, (key, checkpoint) in enumerate(touches):
        partition.touch(key).n += 1
        partition.done = offset + 1
        partition.origins["raw", 0] = offset, 7
        if checkpoint:
            log += partition.checkpoint()[0]
    log += partition.checkpoint()[0]

    again = restored(log)

    assert dict(again) == dict(partition)
    assert again.done == partition.done
    assert again.origins == partition.origins

"""What counts of a changelog, whoever wrote to it, crashed, and compacted it."""

from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import changelog
from app.engine.changelog import (
    CLAIM,
    MARKER,
    Claim,
    Intrusion,
    Marker,
    Part,
    Reading,
    batches,
)
from app.engine.errors import Replaced
from app.engine.restore import make_way
from app.engine.tables import Partition
from tests.engine.test_tables import Count

KEYS = [b"a", b"b", b"c", b"\x00marker", b"\x00\x00", b""]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "PART_BYTES", 1)


class World:
    """A changelog and those who write to it: one owner, and others that once were.

    The owner alone says what is true: `truth` is what its last checkpoint held.
    """

    def __init__(self) -> None:
        self.log: list[tuple[int, bytes, bytes | None]] = []
        self.end = 0
        self.clean = 0
        self.started = count()
        self.former: list[Partition[Count]] = []
        self.truth: tuple[int, dict[bytes, bytes]] = 0, {}
        self.owner = self.restored()

    def append(self, records: changelog.Pairs) -> int:
        """Append a record batch; return the offset of its first record."""
        first = self.end
        for key, value in records:
            self.log.append((self.end, key, value))
            self.end += 1
        return first

    def restored(self) -> Partition[Count]:
        """Read, claim, and store again what is hidden, as a worker does."""
        reading = Reading()
        for record in self.log:
            reading.read(*record)
        me = Claim("w", next(self.started))
        self.append([(CLAIM, msgspec.json.encode(me))])
        reading.read(*self.log[-1])
        reading.finish()
        owner = Partition(Count)
        owner.restore(reading)
        owner.changelog_end = self.end
        if owner.dirty:
            self.store(owner)
        return owner

    def store(self, partition: Partition[Count], *, until: int = 1_000) -> bool:
        """Store a checkpoint, or as many batches of it as land; say if it counts."""
        rows, marker = partition.checkpoint()
        for number, records in enumerate(batches(rows, marker)):
            if number == until:
                return False
            offset = self.append(records)
            if partition.changelog_end < offset:
                others = Intrusion()
                for record in self.log:
                    if partition.changelog_end <= record[0] < offset:
                        others.read(*record)
                if others.owner:
                    return False
                partition.dirty |= others.keys
            partition.changelog_end = self.end
        partition.checkpointed = marker.offset
        self.clean = self.clean if partition.dirty else self.end
        return True

    def learns(self, key: bytes) -> None:
        learn(self.owner, key)

    def checkpoints(self, until: int = 1_000) -> None:
        if self.store(self.owner, until=until):
            self.truth = self.owner.done, dict(self.owner)

    def crashes(self, until: int) -> None:
        """Crash in the middle of a checkpoint: so many batches of it landed."""
        self.checkpoints(until)
        self.owner = self.restored()

    def freezes(self) -> None:
        self.former.append(self.owner)
        self.owner = self.restored()

    def frozen_one_learns(self, key: bytes) -> None:
        if self.former:
            learn(self.former[-1], key)

    def frozen_one_wakes_up(self, until: int) -> None:
        if self.former:
            assert not self.store(self.former.pop(), until=until)

    def is_compacted(self) -> None:
        """Drop what a later record of the same key makes old, as Kafka may."""
        last = {key: offset for offset, key, _ in self.log if offset < self.clean}
        self.log = [
            record
            for record in self.log
            if record[0] >= self.clean or last[record[1]] == record[0]
        ]


def learn(partition: Partition[Count], key: bytes) -> None:
    partition.touch(key).n += 1
    partition.done += 1


steps = st.one_of(
    st.tuples(st.just(World.learns), st.sampled_from(KEYS)),
    st.tuples(st.just(World.checkpoints)),
    st.tuples(st.just(World.crashes), st.integers(0, 3)),
    st.tuples(st.just(World.freezes)),
    st.tuples(st.just(World.frozen_one_learns), st.sampled_from(KEYS)),
    st.tuples(st.just(World.frozen_one_wakes_up), st.integers(0, 3)),
    st.tuples(st.just(World.is_compacted)),
)


@settings(max_examples=1_000)
@given(st.lists(steps, max_size=40))
def test_only_what_the_owner_stored_is_ever_restored(taken: list[Any]) -> None:
    world = World()
    for step, *what in taken:
        step(world, *what)

    again = world.restored()
    assert (again.done, dict(again)) == world.truth


def test_a_checkpoint_of_any_size_is_cut_into_batches_of_one_marker() -> None:
    rows = [(bytes([65 + number]), b"x") for number in range(5)]

    made = list(batches(rows, Marker(7, 0, 42, [])))

    heads = [records[0] for records in made]
    assert [len(records) for records in made] == [2, 2, 2, 2, 3]
    assert [key for key, _ in heads].count(MARKER) == 1
    assert msgspec.json.decode(heads[0][1] or b"", type=Part) == Part(7, 1)
    assert msgspec.json.decode(heads[-1][1] or b"", type=Marker) == Marker(7, 1, 42, [])


def test_an_older_worker_makes_way_for_a_younger_one_of_its_name() -> None:
    old, young = Claim("w", 1.0), Claim("w", 2.0)

    make_way(old, young)
    make_way(None, young)
    make_way(Claim("another", 3.0), young)
    with pytest.raises(Replaced, match="two that should work side by side"):
        make_way(young, old)

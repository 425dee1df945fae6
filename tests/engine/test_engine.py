"""The engine over a real Kafka: what a checkpoint holds, and who may write one."""

import asyncio
import itertools
import types
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerClosed
from faust.types import TP

from app.engine import publisher
from app.engine.batches import Batch, Record, Run
from app.engine.changelog import CLAIM, HEADS, MARKER, PART
from app.engine.engine import Engine, Outbox
from app.engine.errors import Replaced, Superseded, UnknownRows
from app.engine.tables import Partition
from app.local.server import Server
from tests.engine.fetched import Fetched
from tests.engine.test_tables import Count

MEBIBYTE = 1024 * 1024


@dataclass
class Bytes:
    """A row that is its own bytes."""

    data: bytes = b""

    def encode(self) -> bytes:
        return self.data

    @classmethod
    def decode(cls, data: bytes) -> "Bytes":
        return cls(data)


@dataclass
class Table:
    """A table of one partition, as the engine sees it."""

    changelog: str
    row: type[Any] = Count
    shared: type[Any] | None = None
    others: Mapping[bytes, type[Any]] | None = None
    name: str = "counts"
    source: str = "events"
    owned: dict[int, Partition[Any]] = field(default_factory=dict)

    def changelog_tp(self, partition: int) -> TP:
        return TP(self.changelog, partition)


class House:
    """Engines of several workers over one changelog."""

    def __init__(self, kafka: str, changelog: str) -> None:
        self.kafka = kafka
        self.changelog = changelog

    @asynccontextmanager
    async def worker(
        self, name: str = "w", row: type[Any] = Count
    ) -> AsyncIterator["Worker"]:
        """Start a worker's engine; nothing is owned yet."""
        crashes: list[BaseException] = []

        async def crash(error: BaseException) -> None:
            crashes.append(error)

        app = SimpleNamespace(
            brokers=self.kafka,
            tables=SimpleNamespace(changelog_topics={self.changelog}),
            crash=crash,
        )
        engine = Engine(app, worker=name, interval=1.0, outputs=["dead-letters"])
        table: Any = Table(self.changelog, row)
        engine.tables["events"] = table
        try:
            await engine.on_start()
            yield Worker(engine, table, crashes)
        finally:
            await engine.on_stop()

    async def log(self) -> list[Any]:
        """Return all records of the changelog."""
        async with AIOKafkaConsumer(
            bootstrap_servers=self.kafka, auto_offset_reset="earliest"
        ) as consumer:
            tp = TopicPartition(self.changelog, 0)
            consumer.assign([tp])
            end = (await consumer.end_offsets([tp]))[tp]
            found: list[Any] = []
            while await consumer.position(tp) < end:
                fetched = await consumer.getmany(timeout_ms=500)
                found += fetched.get(tp, [])
            return found


@dataclass
class Worker:
    """A worker's engine and its table."""

    engine: Engine
    table: Any
    crashes: list[BaseException]

    async def own(self) -> Partition[Any]:
        """Restore and own the partition."""
        await self.engine.restore({TP("events", 0)})
        self.engine.sought = True
        owned: Partition[Any] = self.table.owned[0]
        return owned

    async def learn(
        self, *keys: bytes, stage: Callable[..., None] | None = None
    ) -> None:
        """Process one batch, a record a key."""
        done = self.table.owned[0].done
        records = [Fetched(done + at, key=key) for at, key in enumerate(keys)]
        batch = Batch("events", [Run(0, records)], self.engine.epoch)
        await self.engine.run_on(batch, self.table, stage or count)

    async def checkpoint(self) -> None:
        await self.engine.checkpoint(self.table, 0)


def count(
    records: Sequence[Record], _: Outbox, rows: Mapping[int, Partition[Count]]
) -> None:
    for record in records:
        rows[record.partition].touch(record.key or b"").n += 1


def break_in_the_middle(
    records: Sequence[Record], out: Outbox, rows: Mapping[int, Partition[Count]]
) -> None:
    count(records[:1], out, rows)
    message = "a stage with a fault"
    raise RuntimeError(message)


def grow(
    records: Sequence[Record], _: Outbox, rows: Mapping[int, Partition[Bytes]]
) -> None:
    for record in records:
        key = record.key or b""
        rows[record.partition].touch(key).data = key * MEBIBYTE


@pytest.fixture
async def house(kafka: Server) -> House:
    """An empty changelog, and a topic for dead letters."""
    changelog = f"counts-{uuid4().hex}"
    config = {"cleanup.policy": "compact", "max.message.bytes": str(64 * MEBIBYTE)}
    topics = [NewTopic(changelog, 1, 1, topic_configs=config)]
    topics.append(NewTopic("dead-letters", 4, 1))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    try:
        await admin.start()
        await admin.create_topics(topics)
    finally:
        await admin.close()
    return House(kafka.address, changelog)


async def test_a_successor_has_every_row_and_goes_on_after_the_last_record(
    house: House,
):
    async with house.worker() as one:
        await one.own()
        await one.learn(b"a", b"b", b"a")
        await one.checkpoint()
        await one.learn(b"c")
    async with house.worker() as two:
        rows = await two.own()

    assert dict(rows) == {b"a": b"2", b"b": b"1"}
    assert rows.done == 3


async def test_a_stage_that_breaks_is_followed_by_no_checkpoint(house: House):
    async with house.worker() as one:
        await one.own()
        await one.learn(b"a")
        with pytest.raises(RuntimeError, match="a stage with a fault"):
            await one.learn(b"b", b"c", stage=break_in_the_middle)
        await one.checkpoint()
        await one.engine.hand_over()
        await one.learn(b"d")
        await asyncio.sleep(0)
        crashes = [str(crash) for crash in one.crashes]
    keys = [record.key for record in await house.log()]

    assert keys == [CLAIM]
    assert crashes == ["a stage with a fault"]


async def test_a_checkpoint_larger_than_a_batch_may_be_counts_as_a_whole(house: House):
    keys = [bytes([number]) for number in range(70)]
    async with house.worker(row=Bytes) as one:
        rows = await one.own()
        await one.learn(*keys, stage=grow)
        await one.checkpoint()
        enough = rows.enough
    async with house.worker(row=Bytes) as two:
        again = dict(await two.own())
    heads = [r.key for r in await house.log() if r.key in HEADS and r.value]

    assert again == {key: key * MEBIBYTE for key in keys}
    assert heads[0] == CLAIM
    assert heads.count(PART) > 5
    assert heads.count(MARKER) == 1
    assert enough == 15


async def test_a_worker_that_was_frozen_changes_nothing_and_stops(house: House):
    async with house.worker("frozen") as frozen, house.worker("next") as following:
        await frozen.own()
        await frozen.learn(b"a", b"b")
        await frozen.checkpoint()
        await frozen.learn(b"a", b"a", b"new")
        await following.own()
        await following.learn(b"b")
        with pytest.raises(Superseded, match="worker next has claimed counts-"):
            await frozen.checkpoint()
        await following.checkpoint()
        await asyncio.sleep(0)
        crashes = [type(crash) for crash in frozen.crashes]
        unsettled = frozen.engine.settled
        await following.checkpoint()
        rows = await house_rows(house)

    assert rows == {b"a": b"1", b"b": b"2"}
    assert crashes == [Superseded]
    assert unsettled[TP("events", 0)] == 2


async def house_rows(house: House) -> dict[bytes, bytes]:
    async with house.worker("later") as later:
        return dict(await later.own())


async def test_what_a_frozen_worker_hid_is_stored_again_by_whoever_finds_it(
    house: House,
):
    async with house.worker("frozen") as frozen, house.worker("next") as following:
        await frozen.own()
        await frozen.learn(b"a", b"b")
        await frozen.checkpoint()
        await frozen.learn(b"a", b"new")
        await following.own()
        with pytest.raises(Superseded):
            await frozen.checkpoint()
        await following.learn(b"b")
        await following.checkpoint()
        await following.checkpoint()
    last = {record.key: record.value for record in await house.log()}

    assert (last[b"a"], last[b"b"], last[b"new"]) == (b"1", b"2", None)


async def test_while_partitions_change_hands_a_frozen_worker_only_forgets_its_rows(
    house: House,
):
    async with house.worker("frozen") as frozen, house.worker("next") as following:
        await frozen.own()
        await frozen.learn(b"a")
        await following.own()
        await frozen.engine.hand_over()
        await asyncio.sleep(0)

        assert frozen.crashes == []
        assert frozen.table.owned == {}


async def test_of_two_workers_of_one_name_the_older_makes_room(house: House):
    async with house.worker("same") as old, house.worker("same") as young:
        await old.own()
        await old.learn(b"a")
        await young.own()
        with pytest.raises(Replaced, match="a worker named same was started after"):
            await old.checkpoint()
        with pytest.raises(Replaced):
            await old.own()
        await young.learn(b"b")
        await young.checkpoint()
        rows = await house_rows(house)

    assert rows == {b"b": b"1"}


async def test_rows_of_another_version_are_refused_before_anything_is_read(
    house: House,
):
    async with house.worker(row=Bytes) as one:
        await one.own()
        await one.learn(b"a", stage=grow)
        await one.checkpoint()
    async with house.worker() as two:
        with pytest.raises(UnknownRows, match="rows of counts are of another version"):
            await two.own()


async def test_a_restore_that_is_given_up_leaves_the_next_one_whole(house: House):
    before = asyncio.all_tasks()
    async with house.worker() as one:
        await one.own()
        await one.learn(*(b"%d" % number for number in range(400)))
        await one.checkpoint()
    async with house.worker() as two:
        for pause in itertools.count(1):
            restoring = asyncio.create_task(given_up(two.own(), pause))
            await asyncio.wait([restoring])
            await two.engine.hand_over()
            if not restoring.cancelled():  # it makes no more pauses
                break
        rows = restoring.result()

    assert len(dict(rows)) == 400
    assert rows.done == 400
    assert pause > 5
    await only(before)


async def only(before: set[asyncio.Task[Any]]) -> None:
    """Wait until no task is left but those that were there before."""
    async with asyncio.timeout(60):
        while asyncio.all_tasks() != before:  # noqa: ASYNC110 - tasks end unheard
            await asyncio.sleep(0.01)


@types.coroutine
def given_up(work: Coroutine[Any, Any, Any], pause: int) -> Generator[Any, Any, Any]:
    """Run a coroutine in this task, which is cancelled at one of its pauses."""
    told: BaseException | None = None
    for number in itertools.count(1):
        try:
            awaited = work.throw(told) if told else work.send(None)
        except StopIteration as done:
            return done.value
        if number == pause and (me := asyncio.current_task()):
            me.cancel()
        try:
            told = yield awaited
        except asyncio.CancelledError as cancelled:
            told = cancelled
    return None


async def test_handing_over_does_not_wait_for_a_restore(house: House):
    async with house.worker() as one:
        await one.own()
        await one.learn(b"a")
        await one.checkpoint()
        async with one.engine._lock:  # noqa: SLF001 - as a restore holds it
            await asyncio.wait_for(one.engine.hand_over(), 60)


async def test_rows_in_memory_are_kept_where_nobody_else_has_written(house: House):
    async with house.worker() as one:
        first = await one.own()
        await one.learn(b"a")
        await one.engine.hand_over()
        second = await one.own()
        async with AIOKafkaProducer(bootstrap_servers=house.kafka) as producer:
            await producer.send_and_wait(house.changelog, b"1", b"foreign")
        third = await one.own()

    assert first is second
    assert third is not first
    assert dict(third) == {b"a": b"1", b"foreign": b"1"}


async def test_a_checkpoint_under_which_the_producer_closes_crashes_no_worker(
    house: House,
):
    async with house.worker() as worker:
        await worker.own()
        await worker.learn(b"a")
        worker.engine._stopped.set()  # noqa: SLF001 - it was told to stop
        await worker.engine.on_stop()

        with pytest.raises(ProducerClosed):
            await worker.checkpoint()
        await asyncio.sleep(0)

    assert worker.crashes == []
    assert worker.engine.failed is not None


async def test_an_engine_that_gives_up_on_kafka_leaves_nothing_open(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    before = asyncio.all_tasks()
    async with house.worker() as worker:
        await worker.own()
        monkeypatch.setattr(publisher, "CLOSING", 0.0)

    await only(before)


async def test_handing_over_stores_again_what_a_frozen_worker_hid(house: House):
    async with house.worker("frozen") as frozen, house.worker("next") as following:
        await frozen.own()
        await frozen.learn(b"a", b"b")
        await frozen.checkpoint()
        await frozen.learn(b"a", b"new")
        await following.own()
        with pytest.raises(Superseded):
            await frozen.checkpoint()
        await following.learn(b"b")
        await following.engine.hand_over()
    last = {record.key: record.value for record in await house.log()}

    assert (last[b"a"], last[b"b"], last[b"new"]) == (b"1", b"2", None)

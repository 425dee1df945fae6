"""The engine: runs stages over batches, checkpoints them, and knows what is done."""

import asyncio
import gc
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from faust.types import TP
from mode import Service

from app.engine.batches import TO_ALL, Batch, Record, fresh, origin_header
from app.engine.changelog import Claim
from app.engine.checkpoints import store
from app.engine.errors import Superseded, TooLarge
from app.engine.publisher import Publisher, close
from app.engine.restore import restore
from app.engine.resume import resume_at
from app.engine.tables import CheckpointedTable, Partition, Row

DEAD_LETTERS = "dead-letters"
LARGEST_OUTPUT = 15 * 1024 * 1024
"""Of a value: a record batch that it ends is still one that every topic takes."""
LARGEST_LETTER = 7 * 1024 * 1024
LONGEST_ERROR = 1_000

GARBAGE = (100_000, 50, 100)
"""Allocations, and younger collections, that go before a collection of garbage."""

R = TypeVar("R", bound=Row)


Bytes = bytes | None
Headers = list[tuple[str, bytes]]


def cut(*parts: Bytes) -> tuple[Bytes, Bytes, Headers]:
    """Cut a dead letter's key and value to what Kafka takes, and say so in headers."""
    lengths = [len(part) for part in parts if part and len(part) > LARGEST_LETTER]
    key, value = (part and part[:LARGEST_LETTER] for part in parts)
    return key, value, [("cut", str(length).encode()) for length in lengths]


class Outbox:
    """Where a stage puts what it makes of one batch.

    Every output carries its origin, so that its receiver can tell a repeat: at most
    one output a record and destination topic, or the second looks like a repeat. A
    compacted topic may get several, of different keys: who reads one goes by keys.
    """

    __slots__ = ("_publisher", "now", "rejected")

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.now = time.time_ns() // 1_000_000
        self.rejected = 0

    def send(self, topic: str, key: bytes, value: bytes | None, record: Record) -> None:
        """Publish what was made from a record; None ends what a key stands for.

        What no topic takes would stop the worker, and its successors at the same
        record: the record is a dead letter in its place.
        """
        if value is not None and len(value) > LARGEST_OUTPUT:
            message = f"{len(value)} bytes would go to {topic}"
            error = TooLarge(f"{message}: at most {LARGEST_OUTPUT} are taken")
            self.reject(record, error)
            return
        self._publisher.send(topic, key, value, self.now, [origin_header(record)])

    def broadcast(self, topic: str, value: bytes, record: Record) -> None:
        """Publish what was made from a record to every partition of a topic.

        At most once a record and topic, too; that the record has another output to
        one of these partitions is no matter.
        """
        name, origin = origin_header(record)
        self._publisher.broadcast(topic, value, self.now, [(name + TO_ALL, origin)])

    def reject(self, record: Record, error: Exception) -> None:
        """Publish a record that cannot be handled to the dead letters, as it came.

        What is longer than 7 MiB is cut, so that Kafka takes it; the header `cut`
        then tells its length. The record itself stays where it was read.
        """
        self.rejected += 1
        headers = [
            ("topic", record.topic.encode()),
            ("partition", str(record.partition).encode()),
            ("offset", str(record.offset).encode()),
            ("error", str(error)[:LONGEST_ERROR].encode(errors="replace")),
        ]
        key, value, cuts = cut(record.key, record.value)
        headers += [*cuts, origin_header(record)]
        self._publisher.send(DEAD_LETTERS, key, value, self.now, headers)


class Source:
    """How far a source partition without a table has come."""

    def __init__(self, done: int) -> None:
        self.done = done
        self.waiting: deque[tuple[int, asyncio.Future[Any]]] = deque()

    def advance(self) -> int:
        """Return the offset below which every record is dealt with.

        Raises:
            Exception: what kept a delivery from succeeding.
        """
        while self.waiting and self.waiting[0][1].done():
            offset, delivered = self.waiting.popleft()
            delivered.result()
            self.done = offset
        return self.done

    def reached(self, position: int) -> int:
        """Return the offset below which no record waits, of those up to a position."""
        done = self.done
        for offset, delivered in self.waiting:
            if not delivered.done():
                return done
            done = offset
        return position


Stage = Callable[[Sequence[Record], Outbox], None]
TableStage = Callable[[Sequence[Record], Outbox, Mapping[int, Partition[R]]], None]
"""Gets the rows by partition: those of a record are its partition's."""


class Engine(Service):
    """What Faust's agents run on: outputs, checkpoints, positions.

    `epoch` grows whenever partitions may change hands; batches from an earlier
    epoch are left alone. `positions` are the next offsets to hand up; `settled`
    are the offsets that may be committed; `busy` holds, by topic, the CPU seconds
    that its stage has taken, `repeats` the records dropped since their origin had
    been seen.

    Once `failed` is set nothing is processed or settled any
    more: the worker ends, and its successor goes on from the last checkpoint.
    """

    def __init__(
        self, app: Any, *, worker: str, interval: float, outputs: Sequence[str]
    ) -> None:
        super().__init__()
        self.app = app
        self.claim = Claim(worker, time.time())
        self.failed: BaseException | None = None
        self.interval = interval
        self.outputs = outputs
        self.tables: dict[str, CheckpointedTable[Any]] = {}
        self.epoch = 0
        self.sought = False
        self.positions: dict[TP, int] = {}
        self.settled: dict[TP, int] = {}
        self.sources: dict[TP, Source] = {}
        self.busy: dict[str, float] = {}
        self.repeats: dict[str, int] = {}
        self.checkpoint_seconds = 0.0
        self.restore_seconds = 0.0
        self.restored_rows = 0
        self._lock = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._publisher: Publisher | None = None

    @property
    def publisher(self) -> Publisher:
        """The way out to Kafka; there once the engine has started."""
        assert self._publisher is not None, "the engine has not started"  # noqa: S101
        return self._publisher

    async def on_start(self) -> None:
        """Open the producer that outputs and checkpoints go through.

        Collects garbage seldom: records and rows are freed by their counts, they
        make no cycles, and looking through millions of rows for some costs more
        than all of the road's own work.
        """
        gc.set_threshold(*GARBAGE)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.app.brokers,
            acks="all",
            enable_idempotence=True,
            max_batch_size=64 * 1024 * 1024,
            max_request_size=64 * 1024 * 1024,
            linger_ms=0,
        )
        await self._producer.start()
        self._publisher = Publisher(self._producer, on_failure=self._fail)
        await self._publisher.learn(*self.outputs)

    async def on_stop(self) -> None:
        """Close the producer; what it could not send is sent by the successor."""
        if self._producer is not None:
            await close(self._producer)

    def _fail(self, error: BaseException) -> None:
        if self.failed is None:
            self.failed = error
            self.epoch += 1
            if not self.should_stop:
                self.add_future(self.app.crash(error))

    def current(self, batch: Batch) -> bool:
        """Say whether a batch is still this worker's to process."""
        return batch.epoch == self.epoch and self.failed is None

    async def run(self, batch: Batch, stage: Stage) -> None:
        """Run a stage that keeps no state over a batch."""
        if self.current(batch):
            self._attempt(batch, lambda outbox: stage(batch.records, outbox))
            for run in batch.runs:
                self.sources[TP(batch.topic, run.partition)].done = run.next_offset
            await self._breathe()

    async def run_on(
        self,
        batch: Batch,
        table: CheckpointedTable[R],
        stage: TableStage[R],
    ) -> None:
        """Run a stage that keeps a table, on the records that are no repeats."""
        if not self.current(batch):
            return
        rows = table.owned
        records = [
            record
            for run in batch.runs
            for record in fresh(run.records, rows[run.partition].origins)
        ]
        dropped = sum(len(run.records) for run in batch.runs) - len(records)
        self.repeats[batch.topic] = self.repeats.get(batch.topic, 0) + dropped
        self._attempt(batch, lambda outbox: stage(records, outbox, rows))
        for run in batch.runs:
            rows[run.partition].done = run.next_offset
        for run in batch.runs:
            if len(rows[run.partition].dirty) >= rows[run.partition].enough:
                self.publisher.flush()
                await self.checkpoint(table, run.partition)
        await self._breathe()

    def settle_after(self, batch: Batch, delivered: asyncio.Future[Any]) -> None:
        """Settle a batch when a delivery that was handed on has succeeded."""
        if self.current(batch):
            for run in batch.runs:
                source = self.sources[TP(batch.topic, run.partition)]
                source.waiting.append((run.next_offset, delivered))

    def _attempt(self, batch: Batch, stage: Callable[[Outbox], None]) -> None:
        started = time.thread_time()
        try:
            stage(Outbox(self.publisher))
        except Exception as error:
            # Not a bad record but a bad stage. Its rows may have learnt half of the
            # batch: no checkpoint may follow; the log still holds every record.
            self._fail(error)
            raise
        taken = time.thread_time() - started
        self.busy[batch.topic] = self.busy.get(batch.topic, 0.0) + taken

    async def _breathe(self) -> None:
        """Send what was made, and let everything else on the loop have a turn."""
        self.publisher.flush()
        await self.publisher.ebb()
        await asyncio.sleep(0)

    @Service.task
    async def _checkpoints(self) -> None:
        while not self.should_stop:
            await self.sleep(self.interval)
            try:
                await self.checkpoint_all()
            except Exception:
                if self.should_stop:
                    return  # the producer closed under it: the one before counts
                raise

    async def checkpoint_all(self) -> None:
        """Checkpoint every partition in turn, and settle what they reflect."""
        started = time.monotonic()
        epoch = self.epoch
        for table in list(self.tables.values()):
            for partition in sorted(table.owned):
                await self.checkpoint(table, partition)
        try:
            done = {tp: source.advance() for tp, source in self.sources.items()}
            await self.publisher.sent()
        except Exception as error:
            # Nothing is lost: the successor resumes from what was settled.
            self._fail(error)
            raise
        if epoch == self.epoch:  # else these partitions may be another's by now
            self.settled.update(done)
        self.checkpoint_seconds = time.monotonic() - started

    async def checkpoint(self, table: CheckpointedTable[Any], partition: int) -> None:
        """Store one partition's changed rows with the offset that they reflect.

        After every output up to that offset is in Kafka. A checkpoint counts as a
        whole or not at all, and not when another worker has claimed the partition.

        Raises:
            Superseded: another worker has. The partition is no longer owned.
            Exception: what kept the checkpoint out of Kafka; the worker stops.
        """
        rows = table.owned.get(partition)
        if rows is None or not rows.changed:
            return  # before the lock, which a restore may hold for long
        async with self._lock:
            if table.owned.get(partition) is not rows or self.failed:
                return
            try:
                reached = await store(
                    rows,
                    table.changelog_tp(partition),
                    publisher=self.publisher,
                    brokers=self.app.brokers,
                    claim=self.claim,
                )
            except Exception as error:
                # The rows taken count nowhere: only a successor can go on from here.
                del table.owned[partition]
                if self.sought or not isinstance(error, Superseded):
                    self._fail(error)
                raise
            self.settled[TP(table.source, partition)] = reached

    async def hand_over(self) -> None:
        """Stop taking batches and checkpoint, before partitions change hands."""
        self.epoch += 1
        self.sought = False
        if self.failed:
            return
        try:
            await self.checkpoint_all()
            # A checkpoint may find rows that another worker hid: nobody is here to
            # store them again later, and Kafka may have compacted them away by then.
            await self.checkpoint_all()
        except Superseded as error:
            # The new owner does again what this one did since its last checkpoint.
            self.log.warning("%s", error)
            await self.hand_over()

    async def restore(self, assignment: set[TP]) -> None:
        """Own the assigned partitions' rows, as the changelogs have them.

        Partitions that nobody else has written to since this worker's own last
        checkpoint are kept as they are in memory.
        """
        started = time.monotonic()
        await self.publisher.learn(*sorted(self.app.tables.changelog_topics))
        async with self._lock:
            self.restored_rows = await restore(
                self.app.brokers,
                self.tables.values(),
                assignment,
                producer=self.publisher.producer,
                claim=self.claim,
            )
        for table in self.tables.values():
            for partition in sorted(table.owned):  # what a void batch hides
                await self.checkpoint(table, partition)
        gc.freeze()
        self.restore_seconds = time.monotonic() - started

    async def seek(self, consumer: Any) -> None:
        """Seek each source partition to what its rows, or its group, have done."""
        self.sought = False
        self.epoch += 1
        committed = await consumer.seek_to_committed()
        assigned = {TP(*tp) for tp in consumer.assignment()}
        tps = {
            tp for tp in assigned if tp.topic not in self.app.tables.changelog_topics
        }
        begins = await consumer.earliest_offsets(*tps)
        ends = await consumer.highwaters(*tps)
        offsets: dict[TP, int] = {}
        for tp in tps:
            reached = max(committed.get(tp) or 0, 0)
            table = self.tables.get(tp.topic)
            rows = table.owned[tp.partition] if table is not None else None
            if rows is not None:
                if reached and not rows.marked:
                    self.log.error(
                        "%s, partition %s: the changelog is empty, though %s records "
                        "were read; rows are made anew from what the log still holds",
                        tp.topic,
                        tp.partition,
                        reached,
                    )
                reached = rows.done
            offsets[tp], lost = resume_at(reached, begin=begins[tp], end=ends[tp])
            if lost:
                self.log.error("%s, partition %s: %s", tp.topic, tp.partition, lost)
            if rows is not None:
                rows.done = offsets[tp]
        self.settled = {tp: o for tp, o in self.settled.items() if tp in offsets}
        self.sources = {
            tp: Source(offset)
            for tp, offset in offsets.items()
            if tp.topic not in self.tables
        }
        await consumer.seek_wait(offsets)
        self.positions = offsets
        self.sought = True

    def lag(self, consumer: Any) -> dict[str, int]:
        """Return, per source topic, the records not yet dealt with.

        One that was handed on to a store counts until the store has it.
        """
        lag: dict[str, int] = {}
        for tp, position in self.positions.items():
            end = consumer.highwater(tp) or 0
            source = self.sources.get(tp)
            reached = source.reached(position) if source else position
            lag[tp.topic] = lag.get(tp.topic, 0) + max(end - reached, 0)
        return lag

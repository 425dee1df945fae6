"""The sender: payments to Kafka in a closed loop, at a rate, or at a pace.

Closed loop: at most so many payments are sent and not yet decided. Without it a
replay at full speed lets one partition run weeks of event time ahead of another,
and the decisions would differ from those that life gave. What was done in the app
before a payment goes ahead, and the payment waits until it has been learnt.
"""

import asyncio
import time
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from app.settings import Settings
from app.sources.batching import produce
from app.sources.chunks import Chunk, DueLabel, LearntAppEvent
from app.topics import (
    APP_EVENTS,
    APP_EVENTS_APPLIED,
    DECISIONS,
    LABELS,
    LABELS_APPLIED,
    TRANSACTIONS,
)

DAY = 86_400_000_000
LEAD = DAY  # a label leaves a day of event time before it is due
AHEAD = 4  # slices whose app events have left before a slice does
APP_LEAD = DAY * 3 // 4  # by which app events go before a payment: rows forget them
SLICE = 500
TICK = 0.004  # seconds between the slices of a steady rate
_ID = b'{"id":"'
_OUTCOME = b'"outcome":"'


class Options(msgspec.Struct, frozen=True):
    """How fast to send.

    Attributes:
        in_flight: payments sent and not yet decided, at most.
        rate: payments a second; None for as fast as they are decided.
        pace: event time against real time: 60 is a minute a second.
        live: each payment leaves at its event time, those of the past at once.
        patience: seconds without any progress after which the rest is lost.
    """

    in_flight: int = 8_000
    rate: float | None = None
    pace: float | None = None
    live: bool = False
    patience: float = 60.0


class Report(msgspec.Struct):
    """What became of the payments sent. Times are from send to decision in Kafka."""

    sent: int = 0
    decided: int = 0
    lost: int = 0
    duplicated: int = 0
    labels: int = 0
    app_events: int = 0
    outcomes: dict[str, int] = msgspec.field(default_factory=dict)
    seconds: float = 0.0
    per_second: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    at: int = 0


class Sender:
    """Sends payments and their labels, and counts the decisions that come back."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self.report = Report()
        self._settings = settings
        self._options = options
        self._producer: AIOKafkaProducer | None = None
        self._waiting: dict[bytes, float] = {}
        self._done: set[bytes] = set()
        self._latencies: list[float] = []
        self._due: deque[DueLabel] = deque()
        self._unapplied: dict[str, int] = {}
        self._unlearnt: dict[str, int] = {}
        self._sent: deque[tuple[int, bytes]] = deque()
        self._moved = asyncio.Event()
        self._stopped = asyncio.Event()
        self._progress_at = time.monotonic()
        self._deliveries: deque[asyncio.Future[Any]] = deque()
        self._first_at: int | None = None

    async def send(self, chunks: Iterable[Chunk]) -> Report:
        """Send all, wait for what is outstanding, and report.

        After `stop` it sends no more. When cancelled it raises at once; `report`
        holds what is known.
        """
        started = time.monotonic()
        brokers = self._settings.kafka
        self._producer = AIOKafkaProducer(
            bootstrap_servers=brokers, acks="all", max_batch_size=1024 * 1024
        )
        consumer = AIOKafkaConsumer(
            bootstrap_servers=brokers, max_partition_fetch_bytes=4 * 1024 * 1024
        )
        try:
            await self._producer.start()
            await consumer.start()
        except KafkaError:
            await self._producer.stop()
            await consumer.stop()
            raise
        tracker = asyncio.create_task(self._track(consumer))
        try:
            await self._listen(consumer)
            self._progress_at = time.monotonic()
            parts = _slices(chunks, size=self._size(), span=self._span())
            async for part in self._app_events_first(parts):
                await self._pace(part, started)
                if self._stopped.is_set():
                    break
                await self._send_labels(part.times[-1])
                if not await self._room(part):
                    break
                await self._send(part)
            await self._settled(
                lambda: not (self._waiting or self._unapplied or self._unlearnt)
            )
        finally:
            tracker.cancel()
            self._summarise(time.monotonic() - started)
            await consumer.stop()
            await self._producer.stop()
        return self.report

    def stop(self) -> None:
        """Send no more; what was sent is still waited for."""
        self._stopped.set()

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        """Follow decisions and applied labels from here on."""
        partitions = [
            TopicPartition(topic.name, number)
            for topic in (DECISIONS, LABELS_APPLIED, APP_EVENTS_APPLIED)
            for number in range(topic.count(self._settings))
        ]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)

    async def _app_events_first(self, parts: Iterator[Chunk]) -> AsyncIterator[Chunk]:
        """Yield slices in order, when the app events of a few more have left."""
        ahead: deque[Chunk] = deque()
        for part in parts:
            if part.app_events:
                events = part.app_events
                since = part.times[-1] - APP_LEAD
                while ahead and ahead[0].times[0] < since:
                    yield ahead.popleft()
                if not self._options.live:
                    await self._settled(partial(self._decided_until, since))
                self._unlearnt.update((event.id, event.due) for event in events)
                await self._produce(
                    APP_EVENTS.name, [(event.key, event.value) for event in events]
                )
                self.report.app_events += len(events)
            ahead.append(part)
            if len(ahead) > AHEAD:
                yield ahead.popleft()
        while ahead:
            yield ahead.popleft()

    def _decided_until(self, at: int) -> bool:
        """Say whether every payment older than this is decided."""
        sent = self._sent
        while sent and sent[0][1] not in self._waiting:
            sent.popleft()
        return not sent or sent[0][0] >= at

    def _size(self) -> int:
        """Return how many payments leave at once."""
        rate = self._options.rate
        return min(max(round(rate * TICK), 1), SLICE) if rate else SLICE

    def _span(self) -> float:
        """Return how much event time leaves at once, in microseconds."""
        pace = self._options.pace
        return min(pace * TICK * 1e6, DAY / 2) if pace else DAY / 2

    async def _pace(self, part: Chunk, started: float) -> None:
        """Wait until a slice is due."""
        options = self._options
        if options.live:
            await self._rest(part.times[0] / 1e6 - time.time())
            return
        if self._first_at is None:
            self._first_at = part.times[0]
        due = 0.0
        if options.rate:
            due = self.report.sent / options.rate
        elif options.pace:
            due = (part.times[0] - self._first_at) / 1e6 / options.pace
        await self._rest(started + due - time.monotonic())

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until stopped; at least let others have a turn."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _room(self, part: Chunk) -> bool:
        """Wait for room, and for the labels and app events that a slice depends on.

        A live bank waits for room only: its payments happen when they happen. Returns
        False where nothing has moved for too long.
        """
        size, last = len(part.ids), part.times[-1]
        limit = max(self._options.in_flight - size, 0)
        before = () if self._options.live else (self._unapplied, self._unlearnt)
        return await self._settled(
            lambda: (
                len(self._waiting) <= limit
                and all(due > last for each in before for due in each.values())
            )
        )

    async def _settled(self, done: Callable[[], bool]) -> bool:
        while not done():
            self._moved.clear()
            try:
                async with asyncio.timeout(1.0):
                    await self._moved.wait()
            except TimeoutError:
                if time.monotonic() - self._progress_at > self._options.patience:
                    return False
        return True

    async def _send(self, part: Chunk) -> None:
        now = time.time() * 1000
        ids = [identity.encode() for identity in part.ids]
        self._waiting.update((identity, now) for identity in ids)
        self._sent.extend(zip(part.times, ids, strict=True))
        self._decided_until(0)
        self._due.extend(part.labels)
        records = zip(part.keys, part.values, strict=True)
        await self._produce(TRANSACTIONS.name, records)
        self.report.sent += len(part.ids)
        self.report.at = part.times[-1]

    async def _send_labels(self, at: int) -> None:
        """Send the labels that are due within a day of event time."""
        records = []
        while self._due and self._due[0].due - LEAD <= at:
            label = self._due.popleft()
            self._unapplied[label.transaction_id] = label.due
            records.append((label.key, label.value))
        if records:
            await self._produce(LABELS.name, records)
            self.report.labels += len(records)

    async def _produce(
        self, topic: str, records: Iterable[tuple[bytes, bytes]]
    ) -> None:
        """Send records, one batch a partition, in order."""
        assert self._producer is not None  # noqa: S101 - set by send
        self._deliveries += await produce(
            self._producer, topic, records, partitions=self._settings.partitions
        )
        while self._deliveries and self._deliveries[0].done():
            self._deliveries.popleft().result()

    async def _track(self, consumer: AIOKafkaConsumer) -> None:
        """Count what comes back."""
        while True:
            fetched = await consumer.getmany(timeout_ms=200)
            for partition, records in fetched.items():
                if partition.topic == DECISIONS.name:
                    for record in records:
                        self._decided(record)
                elif partition.topic == APP_EVENTS_APPLIED.name:
                    for record in records:
                        event = msgspec.json.decode(record.value, type=LearntAppEvent)
                        self._unlearnt.pop(event.id, None)
                else:
                    for record in records:
                        label = msgspec.json.decode(record.value)
                        self._unapplied.pop(label["transaction_id"], None)
            if fetched:
                self._progress_at = time.monotonic()
                self._moved.set()
            else:
                await asyncio.sleep(0)

    def _decided(self, record: Any) -> None:
        value: bytes = record.value
        start = len(_ID)
        end = value.index(b'"', start)
        identity = value[start:end]
        sent_at = self._waiting.pop(identity, None)
        if sent_at is None:
            self.report.duplicated += identity in self._done
            return
        self._done.add(identity)
        self._latencies.append(record.timestamp - sent_at)
        start = value.index(_OUTCOME, end) + len(_OUTCOME)
        outcome = value[start : value.index(b'"', start)].decode()
        outcomes = self.report.outcomes
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        self.report.decided += 1

    def _summarise(self, seconds: float) -> None:
        report = self.report
        report.lost = len(self._waiting)
        report.seconds = round(seconds, 3)
        report.per_second = round(report.decided / seconds, 1) if seconds else 0.0
        if self._latencies:
            ordered = sorted(self._latencies)
            report.p50_ms = round(ordered[len(ordered) // 2], 1)
            report.p99_ms = round(ordered[int(len(ordered) * 0.99)], 1)


def _slices(chunks: Iterable[Chunk], *, size: int, span: float) -> Iterator[Chunk]:
    """Cut chunks into at most `size` payments and `span` microseconds."""
    for chunk in chunks:
        times = chunk.times
        labels, app_events = deque(chunk.labels), deque(chunk.app_events)
        start = 0
        while start < len(times):
            until = times[start] + span
            end = bisect_right(times, until, start, min(start + size, len(times)))
            ids = chunk.ids[start:end]
            mine = set(ids)
            due = []
            while labels and labels[0].transaction_id in mine:
                due.append(labels.popleft())
            before = []
            while app_events and app_events[0].due <= times[end - 1]:
                before.append(app_events.popleft())
            yield Chunk(
                ids,
                chunk.keys[start:end],
                chunk.values[start:end],
                times[start:end],
                due,
                before,
            )
            start = end

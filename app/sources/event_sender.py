"""The event sender: app events to Kafka, in order, until each has been learnt.

An event says something of one customer only, so partitions need not keep in step: how
many are open at once bounds what waits, not what is decided.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from app.settings import Settings
from app.sources.batching import produce
from app.sources.chunks import DueAppEvent, LearntAppEvent
from app.sources.event_files import BadRow
from app.topics import APP_EVENTS, APP_EVENTS_APPLIED

SLICE = 500
TOLD = 5  # rows that do not fit of which is said why


class EventReport(msgspec.Struct):
    """What became of the rows of a file; `lost` were sent and not learnt."""

    app_events: int = 0
    learnt: int = 0
    lost: int = 0
    left_out: int = 0
    why: list[str] = msgspec.field(default_factory=list)
    seconds: float = 0.0


class EventSender:
    """Sends app events, at most so many sent and not yet learnt.

    An event that was learnt before is dropped on the road; who sends a file again
    waits `patience` seconds for nothing, and reads that its events are lost.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        in_flight: int,
        patience: float,
        rate: float | None = None,
        pace: float | None = None,
    ) -> None:
        self.report = EventReport()
        self._settings = settings
        self._in_flight = in_flight
        self._patience = patience
        self._rate = rate
        self._pace = pace
        self._waiting: set[str] = set()
        self._moved = asyncio.Event()
        self._progress_at = time.monotonic()
        self._first_at: int | None = None
        self._started = 0.0

    async def send(self, rows: Iterable[DueAppEvent | BadRow]) -> EventReport:
        """Send all that fits, wait until it is learnt, and report.

        Raises:
            KafkaError: Kafka is not there.
        """
        brokers = self._settings.kafka
        producer = AIOKafkaProducer(bootstrap_servers=brokers, acks="all")
        consumer = AIOKafkaConsumer(bootstrap_servers=brokers)
        self._started = time.monotonic()
        try:
            await producer.start()
            await consumer.start()
            partitions = [
                TopicPartition(APP_EVENTS_APPLIED.name, number)
                for number in range(APP_EVENTS_APPLIED.count(self._settings))
            ]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            tracker = asyncio.create_task(self._track(consumer))
            try:
                await self._send_all(producer, rows)
            finally:
                tracker.cancel()
        finally:
            self.report.lost = len(self._waiting)
            self.report.seconds = round(time.monotonic() - self._started, 3)
            await consumer.stop()
            await producer.stop()
        return self.report

    async def _send_all(
        self, producer: AIOKafkaProducer, rows: Iterable[DueAppEvent | BadRow]
    ) -> None:
        due: deque[DueAppEvent] = deque()
        for row in rows:
            if isinstance(row, BadRow):
                self._leave_out(row)
                continue
            due.append(row)
            if len(due) == self._size() and not await self._send(producer, due):
                return
        if await self._send(producer, due):
            await self._settled(lambda: not self._waiting)

    def _size(self) -> int:
        """Return how many leave at once: one where each has its moment."""
        slow = self._rate is not None or self._pace is not None
        return 1 if slow else min(SLICE, self._in_flight)

    def _leave_out(self, row: BadRow) -> None:
        self.report.left_out += 1
        if len(self.report.why) < TOLD:
            self.report.why.append(f"row {row.row}: {row.why}")

    async def _send(self, producer: AIOKafkaProducer, due: deque[DueAppEvent]) -> bool:
        """Send what is due; return False where nothing has moved for too long."""
        if not due:
            return True
        await self._turn(due[0])
        most = max(self._in_flight - len(due), 0)
        if not await self._settled(lambda: len(self._waiting) <= most):
            return False
        self._waiting.update(event.id for event in due)
        records = [(event.key, event.value) for event in due]
        sent = await produce(
            producer, APP_EVENTS.name, records, partitions=self._settings.partitions
        )
        await asyncio.gather(*sent)
        self.report.app_events += len(records)
        due.clear()
        return True

    async def _turn(self, event: DueAppEvent) -> None:
        """Wait until it is an event's turn."""
        if self._first_at is None:
            self._first_at = event.due
        seconds = 0.0
        if self._rate:
            seconds = self.report.app_events / self._rate
        elif self._pace:
            seconds = (event.due - self._first_at) / 1e6 / self._pace
        await asyncio.sleep(max(0.0, self._started + seconds - time.monotonic()))

    async def _settled(self, done: Callable[[], bool]) -> bool:
        while not done():
            self._moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._moved.wait()
                continue
            if time.monotonic() - self._progress_at > self._patience:
                return False
        return True

    async def _track(self, consumer: Any) -> None:
        """Hear which events have been learnt."""
        while True:
            fetched = await consumer.getmany(timeout_ms=200)
            for records in fetched.values():
                for record in records:
                    identity = msgspec.json.decode(record.value, type=LearntAppEvent).id
                    self.report.learnt += identity in self._waiting
                    self._waiting.discard(identity)
            if fetched:
                self._progress_at = time.monotonic()
                self._moved.set()
            else:
                await asyncio.sleep(0)

"""Follower: a topic of one partition, read to its end and then followed."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from app.engine.batches import Record
from app.engine.clients import whole

Hear = Callable[[Sequence[Record]], None]


class Follower(Service):
    """Hands on every record of a one-partition topic, in order, each once.

    `catch_up` returns when all that the topic held has been heard; later records are
    heard milliseconds after Kafka has them. Every worker follows for itself: nothing
    is committed, and no partition changes hands.
    """

    def __init__(self, brokers: str, topic: str, *, hear: Hear) -> None:
        super().__init__()
        self._brokers = brokers
        self._tp = TopicPartition(topic, 0)
        self._hear = hear
        self._next = 0
        self._consumer: AIOKafkaConsumer | None = None
        self._news = asyncio.Event()

    async def catch_up(self) -> None:
        """Hear all that the topic holds now; no effect the second time.

        Raises:
            KafkaError: Kafka is away.
        """
        if self._consumer is not None:
            return
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await whole(consumer.start())
            consumer.assign([self._tp])
            end = (await consumer.end_offsets([self._tp]))[self._tp]
            consumer.seek(self._tp, self._next)
            while self._next < end:
                self._take(await consumer.getmany(timeout_ms=500))
                self._next = await consumer.position(self._tp)
        except BaseException:
            await whole(consumer.stop())
            raise
        self._consumer = consumer

    @Service.task
    async def _follow(self) -> None:
        while not self.should_stop:
            if self._consumer is None:
                await self.sleep(0.1)  # whoever prepares the worker catches up first
                continue
            try:
                self._take(await self._consumer.getmany(timeout_ms=500))
            except KafkaError as error:
                self.log.warning("no news of %s: %s", self._tp.topic, error)
                await self.sleep(1.0)

    def _take(self, fetched: dict[Any, list[Any]]) -> None:
        for records in fetched.values():
            self._hear(records)
            news, self._news = self._news, asyncio.Event()
            news.set()

    async def until(self, told: Callable[[], bool], *, timeout: float) -> bool:  # noqa: ASYNC109 - a whole wait, not one step of it
        """Wait for what is heard to make something true; say whether it did."""
        try:
            async with asyncio.timeout(timeout):
                while not told():
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def on_stop(self) -> None:
        """Close the connection."""
        if self._consumer is not None:
            await self._consumer.stop()

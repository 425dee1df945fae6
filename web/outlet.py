"""Outlet: the web server's own way to Kafka, whose troubles stop no worker."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service

from app.engine.application import Application
from app.engine.partitioner import partition_for
from app.engine.publisher import close
from app.topics import (
    APP_EVENTS,
    CUSTOMER_ACTIVITY,
    DEVICES,
    LABELS_BY_TRANSACTION,
    LISTS,
    MODELS,
    PULSE,
    RULES,
    SENSOR_READINGS,
    TRANSACTIONS,
)
from web.problems import Problem

SENT = (
    TRANSACTIONS,
    APP_EVENTS,
    CUSTOMER_ACTIVITY,
    LABELS_BY_TRANSACTION,
    SENSOR_READINGS,
    RULES,
    MODELS,
    LISTS,
    DEVICES,
    PULSE,
)
TOPICS = [topic.name for topic in SENT]
LARGEST = 16 * 1024 * 1024  # bytes of a record, as the topics have it
TIMEOUT = 10.0  # seconds for Kafka to take a record


class Outlet(Service):
    """Sends single records, each acknowledged by Kafka."""

    def __init__(self, app: Application) -> None:
        super().__init__()
        self._app = app
        self._producer: AIOKafkaProducer | None = None
        self._partitions: dict[str, int] = {}

    @Service.task
    async def _connect(self) -> None:
        while not self.should_stop and not self._app.engine.started:
            await self.sleep(0.1)  # until then the topics may not be there
        while not self.should_stop and self._producer is None:
            try:
                await self._start()
            except KafkaError as error:
                self.log.warning("no way to Kafka: %s; trying again", error)
                await self.sleep(1.0)

    async def _start(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._app.brokers,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_request_size=LARGEST,
            request_timeout_ms=round(TIMEOUT * 1000),
        )
        try:
            await producer.start()
            for topic in TOPICS:
                await producer.client.add_topic(topic)
                found = await producer.partitions_for(topic)
                self._partitions[topic] = len(found)
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def on_stop(self) -> None:
        """Close the way."""
        if self._producer is not None:
            await close(self._producer)

    async def send(self, topic: str, records: list[tuple[bytes, bytes]]) -> None:
        """Send keys with values, in order; return when Kafka has them all.

        Raises:
            Problem: 503, Kafka did not take them all in time; some may be taken.
        """
        producer = self._producer
        if producer is None:
            detail = "Kafka is not there yet"
            raise Problem(503, detail, kind="unavailable", retry_after=2)
        count = self._partitions[topic]
        try:
            async with asyncio.timeout(TIMEOUT + 1):
                sent = [
                    await producer.send(
                        topic, value, key, partition=partition_for(key, count)
                    )
                    for key, value in records
                ]
                await asyncio.gather(*sent)
        except (KafkaError, TimeoutError) as error:
            detail = "Kafka took not all records; the same request may be sent again"
            raise Problem(503, detail, kind="unavailable", retry_after=2) from error

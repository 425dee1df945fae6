"""Publisher: outputs to Kafka, in order and pipelined.

A partition has one record batch in flight. While it is on its way, later outputs
gather in the next one: small batches merge by themselves when the road is busy, and
wait for nothing when it is not.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from app.engine.partitioner import partition_for

BATCH_BYTES = 512 * 1024
EBB_BYTES = 32 * 1024 * 1024

CLOSING = 5.0  # seconds

Headers = list[tuple[str, bytes]]  # aiokafka takes no other sequence


async def close(producer: AIOKafkaProducer) -> None:
    """Close a producer; what Kafka does not take within five seconds is given up.

    By itself it would wait for as long as Kafka is away.
    """
    try:
        async with asyncio.timeout(CLOSING):
            await producer.stop()
    except TimeoutError:
        producer._sender.sender_task.cancel()  # noqa: SLF001 - it would connect again
        await producer.client.close()


class Parcel:
    """A record batch being filled, then sent. `sent` resolves when Kafka has it."""

    __slots__ = ("builder", "bytes", "sent")

    def __init__(self, builder: BatchBuilder, sent: asyncio.Future[Any]) -> None:
        self.builder = builder
        self.bytes = 0
        self.sent = sent


class Lane:
    """The way to one partition of one topic."""

    def __init__(self, publisher: "Publisher", topic: str, partition: int) -> None:
        self._publisher = publisher
        self.topic = topic
        self.partition = partition
        self.parcels: deque[Parcel] = deque()  # the first may be in flight
        self._flying = False

    def append(
        self, key: bytes | None, value: bytes | None, timestamp: int, headers: Headers
    ) -> None:
        """Add one record; `timestamp` in epoch milliseconds."""
        size = len(key or b"") + len(value or b"") + 64
        parcels = self.parcels
        if parcels and not (self._flying and len(parcels) == 1):
            parcel = parcels[-1]
            if (
                parcel.bytes < BATCH_BYTES
                and parcel.builder.append(
                    timestamp=timestamp, key=key, value=value, headers=headers
                )
                is not None
            ):
                parcel.bytes += size
                self._publisher.waiting_bytes += size
                return
        parcel = self._publisher.parcel()
        if (
            parcel.builder.append(
                timestamp=timestamp, key=key, value=value, headers=headers
            )
            is None
        ):
            message = f"a record of {size} bytes is too large for {self.topic}"
            raise ValueError(message)
        parcel.bytes = size
        self._publisher.waiting_bytes += size
        parcels.append(parcel)

    def flush(self) -> None:
        """Send the oldest parcel unless one is in flight."""
        if self.parcels and not self._flying:
            self._flying = True
            self._publisher.spawn(self._fly())

    async def _fly(self) -> None:
        """Send parcels one after the other until none is left."""
        parcels = self.parcels
        producer = self._publisher.producer
        try:
            while parcels:
                parcel = parcels[0]
                delivery = await producer.send_batch(
                    parcel.builder, self.topic, partition=self.partition
                )
                metadata = await delivery
                parcels.popleft()
                self._publisher.waiting_bytes -= parcel.bytes
                if not parcel.sent.done():
                    parcel.sent.set_result(metadata)
        except BaseException as error:
            for parcel in parcels:
                if not parcel.sent.done():
                    parcel.sent.set_exception(error)
                    parcel.sent.exception()  # told through on_failure as well
            if not isinstance(error, asyncio.CancelledError):
                self._publisher.on_failure(error)
            raise
        finally:
            self._flying = False


class Publisher:
    """Sends records to Kafka, in order within a partition.

    A failed send is final (aiokafka has retried for as long as its request timeout
    allows): `on_failure` is called and the worker must stop, so that its successor
    sends again from the last checkpoint.
    """

    def __init__(
        self, producer: AIOKafkaProducer, *, on_failure: Callable[[BaseException], None]
    ) -> None:
        self.producer = producer
        self.on_failure = on_failure
        self.waiting_bytes = 0
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._routes: dict[str, list[Lane]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def parcel(self) -> Parcel:
        """Start an empty record batch."""
        return Parcel(self.producer.create_batch(), self._loop.create_future())

    def spawn(self, flight: Any) -> None:
        """Run a lane's flight in the background."""
        task = self._loop.create_task(flight)
        self._tasks.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told through on_failure

    def lane(self, topic: str, partition: int) -> Lane:
        """Return the lane to one partition."""
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = Lane(self, topic, partition)
        return lane

    async def learn(self, *topics: str) -> None:
        """Find out how many partitions topics have; needed before anything is sent.

        Each topic is also named to the client: its first metadata holds all topics,
        a later one only those named, and a batch for any other would wait in vain.
        """
        for topic in topics:
            await self.producer.client.add_topic(topic)
            partitions = await self.producer.partitions_for(topic)
            self._routes[topic] = [self.lane(topic, p) for p in sorted(partitions)]

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        timestamp: int,
        headers: Headers,
    ) -> None:
        """Add one record to its key's partition; it leaves at the next `flush`."""
        lanes = self._routes[topic]
        lane = lanes[partition_for(key or b"", len(lanes))]
        lane.append(key, value, timestamp, headers)

    def broadcast(
        self, topic: str, value: bytes, timestamp: int, headers: Headers
    ) -> None:
        """Add one record, without a key, to every partition of a topic."""
        for lane in self._routes[topic]:
            lane.append(None, value, timestamp, headers)

    def flush(self) -> None:
        """Set all waiting records on their way."""
        for lane in self._lanes.values():
            if lane.parcels:
                lane.flush()

    async def sent(self) -> None:
        """Wait until everything added so far is in Kafka.

        Raises:
            Exception: what kept a record out of Kafka.
        """
        self.flush()
        waiting = [
            parcel.sent for lane in self._lanes.values() for parcel in lane.parcels
        ]
        if waiting:
            await asyncio.gather(*waiting)

    async def ebb(self) -> None:
        """Wait while too much is on its way to Kafka."""
        while self.waiting_bytes > EBB_BYTES:
            await self.sent()

"""Cluster: the workers that are alive, and which of them owns a key."""

import time
from collections.abc import Callable

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from app.engine.application import Application
from app.engine.clients import running
from app.engine.partitioner import partition_for
from app.events.pulses import Pulse
from app.topics import PULSE

SILENCE = 3.0
"""Seconds after which a worker that says nothing is forgotten."""

_decode = msgspec.json.Decoder(Pulse).decode


class Cluster:
    """The newest pulse of each worker."""

    def __init__(
        self, partitions: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._partitions = partitions
        self._clock = clock
        self._heard: dict[tuple[str, str], tuple[float, Pulse]] = {}

    def add(self, pulse: Pulse) -> None:
        """Take a pulse."""
        self._heard[pulse.worker, pulse.role] = self._clock(), pulse

    def workers(self) -> list[Pulse]:
        """Return the newest pulse of every worker that is alive."""
        since = self._clock() - SILENCE
        self._heard = {who: one for who, one in self._heard.items() if one[0] > since}
        return [self._heard[who][1] for who in sorted(self._heard)]

    def owner(self, topic: str, key: bytes, *, role: str = "score") -> str | None:
        """Return the URL of the worker that owns a key of a topic, if one does now.

        Workers of another role may read the same topic, for other ends.
        """
        partition = partition_for(key, self._partitions)
        return self.owners(topic, role=role).get(partition)

    def owners(self, topic: str, *, role: str) -> dict[int, str]:
        """Return the URL of the worker that owns each partition of a topic now.

        Of two that claim one, who spoke last is right; what nobody owns is left out.
        """
        heard = [
            pulse
            for pulse in self.workers()
            if pulse.role == role and pulse.state == "running"
        ]
        return {
            partition: pulse.url
            for pulse in sorted(heard, key=lambda pulse: pulse.at)
            for partition in pulse.owned.get(topic, ())
        }


class Follower(Service):
    """Hears the pulses of all workers, from now on, and passes them on.

    `ends` asks Kafka how far the logs go, by the same connection.
    """

    def __init__(
        self, app: Application, *, hear: list[Callable[[Pulse], None]]
    ) -> None:
        super().__init__()
        self._app = app
        self._hear = hear
        self._consumer: AIOKafkaConsumer | None = None

    @Service.task
    async def _follow(self) -> None:
        while not self.should_stop and not self._app.engine.started:
            await self.sleep(0.1)  # until then the topics may not be there
        while not self.should_stop:
            try:
                await self._listen()
            except KafkaError as error:
                self.log.warning("no pulses: %s; trying again", error)
                await self.sleep(1.0)

    async def _listen(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._app.brokers, enable_auto_commit=False
        )
        async with running(consumer):
            tp = TopicPartition(PULSE.name, 0)
            consumer.assign([tp])
            await consumer.seek_to_end(tp)
            self._consumer = consumer
            try:
                while not self.should_stop:
                    fetched = await consumer.getmany(timeout_ms=500)
                    for record in (r for found in fetched.values() for r in found):
                        self._pass_on(record.value)
            finally:
                self._consumer = None

    def _pass_on(self, value: bytes) -> None:
        try:
            pulse = _decode(value)
        except msgspec.MsgspecError as error:
            # Said by a worker of another version: the others are still heard.
            self.log.warning("a pulse that does not fit: %s", error)
            return
        for hear in self._hear:
            hear(pulse)

    async def ends(self, tps: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Return the end of each partition's log; nothing while Kafka is away."""
        if self._consumer is None or not tps:
            return {}
        wanted = [TopicPartition(topic, partition) for topic, partition in tps]
        try:
            found = await self._consumer.end_offsets(wanted)
        except KafkaError:
            return {}
        return {(tp.topic, tp.partition): end for tp, end in found.items()}

"""Consumer: hands each topic's fetched records up as one Faust message.

Built on private parts of Faust 0.15.3, each pinned in
tests/engine/test_faust_contract.py.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from app.engine.batches import Batch, Run
from app.engine.errors import LogWentBack
from app.engine.records import fetch_lightly

BATCH_RECORDS = 1_000
FETCH_WAIT_MS = 10
"""How long Kafka holds a fetch that finds nothing.

One fetch at a time is under way; a partition whose records were taken meanwhile waits
for its end. Faust's own 1,500 ms stall a worker whose other topics are quiet.
"""

fetch_lightly()


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread: fetches often, and stops though Kafka is away."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._behind: dict[TP, float] = {}

    def _create_worker_consumer(self, *args: Any, **options: Any) -> Any:
        consumer = super()._create_worker_consumer(*args, **options)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        return consumer

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Let Faust complain of a partition whose records have waited for long.

        Faust takes the time in which there was no record for one in which a record
        waited, and complains of the first one after five quiet minutes.
        """
        if self._verify_aiokafka_event_path(now, tp):
            return
        read = self.consumer.app.engine.positions.get(tp)
        end = self.highwater(tp)
        if read is not None and end is not None and end <= read:
            self._behind.pop(tp, None)
            return
        if now - self._behind.setdefault(tp, now) >= self.tp_stream_timeout_secs:
            super().verify_event_path(now, tp)

    async def on_thread_stop(self) -> None:
        """Stop; a fetch that waits for Kafka is cancelled, which is no error here."""
        with suppress(asyncio.CancelledError):
            await super().on_thread_stop()


class BatchConsumer(driver.Consumer):
    """Faust's consumer with record batches as messages.

    What it commits is what the engine has settled, never what a stream acked: an
    ack only says that a batch was processed, not that its outputs are in Kafka.
    """

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(  # the signature is Faust's
        self,
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[tuple[TP, Any]]:
        """Fetch, and yield one message per topic and 1,000 records."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        engine = self.app.engine
        active = self._get_active_partitions()
        if not active or not engine.sought:
            await self.sleep(0.02)
            return
        epoch = engine.epoch
        fetched = await self._getmany(active_partitions=active, timeout=timeout)
        if epoch != engine.epoch:
            return  # partitions changed hands meanwhile: it begins where nobody sought
        for topic, runs in self._runs(fetched).items():
            for message in self._messages(topic, runs, epoch):
                if epoch != engine.epoch or not self.flow_active or self.should_stop:
                    return
                yield message

    def _runs(self, fetched: Mapping[TP, list[Any]]) -> dict[str, list[Run]]:
        """Cut what was fetched into runs, by topic.

        Raises:
            LogWentBack: a log ends before what was read of it.
        """
        positions = self.app.engine.positions
        found: dict[str, list[Run]] = {}
        for tp, records in fetched.items():
            if tp not in positions:
                continue
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            if records[0].offset < positions[tp]:
                message = (
                    f"{tp.topic}, partition {tp.partition}, gave offset "
                    f"{records[0].offset} again, though all below {positions[tp]} was "
                    "read: Kafka has lost records, or the topic was made anew"
                )
                raise LogWentBack(message)
            found.setdefault(tp.topic, []).extend(
                Run(tp.partition, records[first : first + BATCH_RECORDS])
                for first in range(0, len(records), BATCH_RECORDS)
            )
        return found

    def _messages(
        self, topic: str, runs: Iterable[Run], epoch: int
    ) -> Iterator[tuple[TP, ConsumerMessage]]:
        for group in groups(runs):
            for run in group:
                tp, last = TP(topic, run.partition), run.records[-1]
                self.app.engine.positions[tp] = last.offset + 1
                self._read_offset[tp] = last.offset  # no "gap": the batch ends here
            yield (
                tp,
                ConsumerMessage(
                    topic,
                    tp.partition,
                    last.offset,
                    last.timestamp / 1000.0,
                    0,
                    (),
                    None,
                    Batch(topic, group, epoch),
                    None,
                    0,
                    0,
                    tp,
                    generation_id=self.app.consumer_generation_id,
                ),
            )

    def ack(self, message: Any) -> bool:
        """Note that a stream is done with a batch; the engine settles offsets."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:
        settled = self.app.engine.settled
        return [tp for tp in settled if not topics or tp in topics or tp[0] in topics]

    def _new_offset(self, tp: TP) -> int | None:
        offset: int | None = self.app.engine.settled.get(tp)
        return offset

    async def commit_and_end_transactions(self) -> None:
        """Commit nothing at the end: the application has, if Kafka was there."""

    async def perform_seek(self) -> None:
        """Seek every source partition to where its state, or its group, stands."""
        await self.app.engine.seek(self)


def groups(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Put runs together that have at most 1,000 records in all."""
    group: list[Run] = []
    size = 0
    for run in runs:
        if group and size + len(run.records) > BATCH_RECORDS:
            yield group
            group, size = [], 0
        group.append(run)
        size += len(run.records)
    if group:
        yield group


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with the batch consumer."""

    Consumer = BatchConsumer

"""Application: a Faust app on the engine."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NoReturn

import faust
from aiokafka.errors import KafkaConnectionError
from mode import Service

from app.engine.batches import BatchSchema
from app.engine.consumer import BatchTransport
from app.engine.engine import DEAD_LETTERS, Engine
from app.engine.errors import REPLACED, Replaced
from app.engine.partitioner import partition_for
from app.engine.recovery import TableManager
from app.engine.tables import CheckpointedTable, Row

PATIENCE = 10.0
"""Seconds that a worker which is told to stop waits for Kafka to take what it has."""
SETTLING = 5.0
"""Seconds that it waits before that for partitions to have changed hands."""
LONGEST_STOP = 30.0
"""Seconds after which its process ends, whatever still hangs."""


def _choose(key: bytes, partitions: Sequence[int], _: Sequence[int]) -> int:
    """Return a key's partition, in the form that aiokafka asks for."""
    return partitions[partition_for(key or b"", len(partitions))]


class BootStrategy(faust.App.BootStrategy):
    """Boots without Faust's own web server, whose tables answer without a log-in."""

    enable_web = False


class Worker(faust.Worker):
    """A worker whose exit status says when it must not be started again."""

    def execute_from_commandline(self) -> NoReturn:
        """Run to the end, then exit: 0, 1 after a crash, 3 when replaced."""
        try:
            super().execute_from_commandline()
        except SystemExit:
            if isinstance(self.crash_reason, Replaced):
                sys.stderr.write(f"{self.crash_reason}\n")
                raise SystemExit(REPLACED) from None
            raise
        raise AssertionError  # it always exits


class Application(faust.App):
    """A Faust app whose messages are record batches and whose tables checkpoint.

    `outputs` are the topics that its agents publish to. `worker` names this process
    in its group: a successor of the same name takes over its partitions at once.
    `prepare` is awaited before anything is read or written, for as long as Kafka is
    away. Services in `first` start before that.
    """

    BootStrategy = BootStrategy

    def __init__(  # noqa: PLR0913 - what differs between two uses, by name
        self,
        group: str,
        *,
        brokers: str,
        worker: str,
        partitions: int,
        outputs: Sequence[str] = (),
        prepare: Callable[[], Awaitable[None]] | None = None,
        checkpoint_interval: float = 1.0,
        session_timeout: float = 10.0,
        **options: Any,
    ) -> None:
        self.brokers = brokers
        self.first: list[Service] = []
        self._deadline = threading.Timer(LONGEST_STOP, self._end_process)
        self._deadline.daemon = True
        self._prepare = prepare
        self.engine = Engine(
            self,
            worker=worker,
            interval=checkpoint_interval,
            outputs=(*outputs, DEAD_LETTERS),
        )
        super().__init__(
            group,
            broker=f"kafka://{brokers.replace(',', ';')}",
            consumer_group_instance_id=f"{group}-{worker}",
            topic_partitions=partitions,
            topic_allow_declare=True,
            topic_disable_leader=True,
            producer_partitioner=_choose,
            TableManager=TableManager,
            Worker=Worker,
            table_standby_replicas=0,
            recovery_consistency_check=False,
            stream_recovery_delay=0.0,
            stream_buffer_maxsize=24,
            stream_wait_empty=False,  # the epoch makes what waits stale
            broker_session_timeout=session_timeout,
            broker_heartbeat_interval=session_timeout / 5,
            broker_commit_interval=checkpoint_interval,
            consumer_max_fetch_size=1024 * 1024,
            web_enabled=False,
            **options,
        )
        self.on_partitions_revoked.connect(self._hand_over)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def batches(self, name: str) -> Any:
        """Return a topic whose messages are record batches."""
        return self.topic(name, schema=BatchSchema())

    def checkpointed(
        self,
        name: str,
        *,
        row: type[Row],
        source: str,
        shared: type[Row] | None = None,
        others: Mapping[bytes, type[Row]] | None = None,
        partitions: int | None = None,
        help: str = "",  # noqa: A002
    ) -> CheckpointedTable[Any]:
        """Declare a checkpointed table, fed by one source topic.

        `shared` is the type of the row that all of a partition share, if there is one,
        `others` are the types of rows by the first byte of their keys.
        `partitions` are the source's, where it has not as many as most.
        """
        table = CheckpointedTable(
            self,
            name=name,
            row=row,
            source=source,
            shared=shared,
            others=others,
            partitions=partitions,
            help=help,
        )
        return self.tables.add(table)

    async def on_first_start(self) -> None:
        """Start the engine before any agent."""
        await super().on_first_start()
        for service in self.first:
            await self.add_runtime_dependency(service)
        await self._wait_for_kafka()
        await self.add_runtime_dependency(self.engine)

    async def _wait_for_kafka(self) -> None:
        """Prepare, again and again, until Kafka is there."""
        pause = 0.5
        while self._prepare and not self.should_stop:
            try:
                await self._prepare()
            except KafkaConnectionError as error:
                self.log.warning("waiting for Kafka at %s: %s", self.brokers, error)
                await self.sleep(pause)
                pause = min(pause * 1.5, 10.0)
            else:
                break

    async def _hand_over(self, *_: Any, **__: Any) -> None:
        await self.engine.hand_over()
        await self._commit()

    async def _commit(self) -> None:
        """Commit what is settled, after a commit that does not know the last of it."""
        await self.consumer.maybe_wait_for_commit_to_finish()
        await self.consumer.commit()

    async def on_stop(self) -> None:
        """Checkpoint, commit and leave the group, then stop."""
        self._deadline.start()
        if not self.engine.failed:
            await self._settled()
            last = asyncio.ensure_future(self._last_checkpoint())
            await asyncio.wait([last], timeout=PATIENCE)  # a timeout would be swallowed
            if not last.done():
                last.cancel()
                self.log.warning("Kafka is away: stopping without a last checkpoint")
            elif error := last.exception():
                # The successor goes on from the one before; stopping must go on too.
                self.log.error("stopping without a last checkpoint: %s", error)
            self._leave_group()
        await super().on_stop()

    async def on_shutdown(self) -> None:
        """Let the process end by itself."""
        self._deadline.cancel()
        await super().on_shutdown()

    def _end_process(self) -> None:
        """End the process, for Faust's own stop hangs: what counts is in Kafka."""
        self.log.error("did not stop within %g s: ending all the same", LONGEST_STOP)
        os._exit(1)

    async def _settled(self) -> None:
        """Wait, not for long, until no partitions are changing hands.

        Faust's consumer waits for the main loop while they do, and the main loop
        for the consumer when it stops: together for ever.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLING):
                while self.engine.started and not self.engine.sought:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    async def _last_checkpoint(self) -> None:
        if self.engine.sought:
            await self.engine.hand_over()
            await self._commit()

    def _leave_group(self) -> None:
        """Have the consumer leave its group: others take over at once.

        A static member stays in its group when it closes, which is right for one
        that was killed and comes back, and wrong for one that stops for good.
        """
        if self._consumer is None:
            return
        consumer = self._consumer._thread._consumer  # noqa: SLF001
        if consumer is not None:
            consumer._coordinator._group_instance_id = None  # noqa: SLF001

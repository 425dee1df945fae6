"""A road to test: real workers as processes, and what they left in Kafka."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from app.settings import Settings, load

CLOCK = ("received_at", "captured_at", "profiled_at")
"""Fields that a clock writes: the only ones in which two runs may differ."""


@dataclass
class Road:
    """Workers of one role over one Kafka, each a process that can be killed.

    Those that are `kept` run under `smartbank worker`, which starts them again.
    """

    kafka: str
    folder: Path
    role: str = "score"
    kept: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings that its workers and its senders share."""
        return load(self._environment("sender"))

    def _environment(self, name: str) -> dict[str, str]:
        return {
            "SMARTBANK_KAFKA": self.kafka,
            "SMARTBANK_ROLE": self.role,
            "SMARTBANK_WORKER": name,
            "SMARTBANK_WEB_PORT": "0",
            "SMARTBANK_DATA_DIR": str(self.folder),
            "SMARTBANK_TOKEN_KEY": "ab" * 32,
            "SMARTBANK_SESSION_KEY": "cd" * 32,
            **self.environment,
        }

    def log(self, name: str) -> Path:
        """Where a worker's output goes."""
        return self.folder / f"{name}.log"

    def start(self, name: str) -> None:
        """Start a worker, or the successor of a killed one."""
        with self.log(name).open("ab") as log:
            self.workers[name] = subprocess.Popen(
                [sys.executable, *self._command(name)],
                env=os.environ | self._environment(name),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parent.parent,
            )

    def _command(self, name: str) -> list[str]:
        if not self.kept:
            return ["-m", "faust", "-A", "app.main", "worker"]
        code = "from app.cli import main; main()"
        options = ["--role", self.role, "--name", name, "--port", "0"]
        return ["-c", code, "worker", *options]

    def pid(self, name: str) -> int:
        """Return the id of a worker's own process; 0 where it is being started."""
        started = self.workers[name].pid
        if not self.kept:
            return started
        children = Path(f"/proc/{started}/task/{started}/children").read_text()
        return int(children.split()[0]) if children else 0

    def kill(self, name: str) -> None:
        """End a worker with SIGKILL, at whatever it is doing."""
        self.workers[name].send_signal(signal.SIGKILL)
        self.workers.pop(name).wait()

    def stop(self, name: str) -> int:
        """Ask a worker to stop; return its exit status."""
        self.workers[name].terminate()
        status = self.workers[name].wait(timeout=120)
        del self.workers[name]
        return status

    @contextmanager
    def running(self, *names: str) -> Iterator["Road"]:
        """Start workers, and end all that run then, whatever happens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            for name in names:
                self.start(name)
            yield self
        finally:
            for name in list(self.workers):
                running = self.workers[name].poll() is None
                if running and self.kept and (pid := self.pid(name)):
                    with suppress(ProcessLookupError):  # it has just ended itself
                        os.kill(pid, signal.SIGKILL)
                self.kill(name)


async def records(kafka: str, topic: str) -> AsyncIterator[ConsumerRecord[Any, Any]]:
    """Yield every record that a topic holds now, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await consumer._client._wait_on_metadata(topic)  # noqa: SLF001
        partitions = consumer.partitions_for_topic(topic) or set()
        tps = [TopicPartition(topic, partition) for partition in partitions]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        for tp in tps:
            await consumer.seek_to_beginning(tp)
        left = {tp for tp in tps if ends[tp] > 0}
        while left:
            fetched = await consumer.getmany(*left, timeout_ms=1000)
            for tp, found in fetched.items():
                for record in found:
                    if record.offset < ends[tp]:
                        yield record
            for tp in list(left):
                if await consumer.position(tp) >= ends[tp]:
                    left.discard(tp)
    finally:
        await consumer.stop()


async def ready(client: httpx.AsyncClient, *, patience: float = 240.0) -> None:
    """Wait until a worker has its state."""
    async with asyncio.timeout(patience):
        while True:
            try:
                if (await client.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def decisions(kafka: str) -> dict[str, list[bytes]]:
    """Return every decision published, repeats too, by transaction."""
    found: dict[str, list[bytes]] = {}
    async for record in records(kafka, "decisions"):
        identity = msgspec.json.decode(record.value)["id"]
        found.setdefault(identity, []).append(record.value)
    return found


def timeless(decision: bytes) -> bytes:
    """Leave out of a decision what a clock wrote."""
    fields = msgspec.json.decode(decision)
    del fields["timings"]
    for name in CLOCK:
        fields["payment"].pop(name, None)
    return msgspec.json.encode(fields, order="deterministic")


def digest(found: dict[str, list[bytes]]) -> str:
    """Return one hash over all decisions, in the order of their ids."""
    whole = hashlib.sha256()
    for identity in sorted(found):
        whole.update(timeless(found[identity][0]))
    return whole.hexdigest()


async def table_digest(kafka: str, changelog: str) -> tuple[int, str]:
    """Return the number of rows of a table and one hash over their final state."""
    rows: dict[tuple[int, bytes], bytes] = {}
    async for record in records(kafka, changelog):
        if not record.key.startswith(b"\x00"):
            rows[record.partition, record.key] = record.value
    whole = hashlib.sha256()
    for partition, key in sorted(rows):
        value = rows[partition, key]
        whole.update(b"%d %b\x00%b" % (partition, key, value))
    return len(rows), whole.hexdigest()


async def at_the_end(kafka: str, group: str, tps: Collection[TopicPartition]) -> bool:
    """Say whether all of some logs is worked off, as far as a group has said."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        done = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    ends = await ends_of(kafka, tps)
    return all(tp in done and done[tp].offset == end for tp, end in ends.items())


async def ends_of(
    kafka: str, tps: Collection[TopicPartition]
) -> dict[TopicPartition, int]:
    """Return where logs end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        found: dict[TopicPartition, int] = await consumer.end_offsets(list(tps))
        return found
    finally:
        await consumer.stop()

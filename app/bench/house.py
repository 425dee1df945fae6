"""The bench's house: a Kafka of its own, and workers with a core to themselves."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.local.kafka import kafka_server
from app.local.server import Server
from app.local.workers import worker_server
from app.settings import Settings, load
from app.topics import ensure_topics

KEY = "00" * 32  # the bench's secrets guard nothing
CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class House:
    """A Kafka with the product's topics, and the folder of what runs beside it."""

    kafka: Server
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What workers and senders are told."""
        return {
            "SMARTBANK_KAFKA": self.kafka.address,
            "SMARTBANK_TOKEN_KEY": KEY,
            "SMARTBANK_SESSION_KEY": KEY,
        }

    @property
    def settings(self) -> Settings:
        """The settings of a sender."""
        return load(self.environment)

    @contextmanager
    def worker(self, name: str = "worker-1", **more: str) -> Iterator[Server]:
        """Run a worker that scores on the first core, and wait until it is ready."""
        environment = self.environment | more
        worker = worker_server(
            self.folder, name=name, role="score", environment=environment
        )
        with running(worker):
            worker.wait_until_ready()
            yield worker

    @contextmanager
    def stage(self, module: str) -> Iterator[Server]:
        """Run a Faust application of the bench on the first core."""
        stage = Server(
            name=module,
            address="",
            folder=self.folder,
            command=[sys.executable, *f"-m faust -A {module} worker".split()],
            answers=lambda: True,
            environment={**self.environment, "SMARTBANK_DATA_DIR": str(self.folder)},
        )
        with running(stage):
            yield stage


@contextmanager
def housed() -> Iterator[House]:
    """Start a Kafka with the product's topics, in a folder that is removed after."""
    with tempfile.TemporaryDirectory(prefix="smartbank-bench-") as name:
        kafka = kafka_server(Path(name) / "kafka")
        with on_cores(CORES[1:] or CORES):
            kafka.start()
            try:
                kafka.wait_until_ready()
                house = House(kafka, Path(name))
                asyncio.run(ensure_topics(house.settings))
                yield house
            finally:
                kafka.stop()


@contextmanager
def running(worker: Server) -> Iterator[None]:
    """Run a worker on the first core, and stop it at the end."""
    with on_cores(CORES[:1]):
        worker.start()
    try:
        yield
    finally:
        worker.stop()


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Have this process, and what it starts meanwhile, on these cores (Linux)."""
    if not cores or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int | None) -> float:
    """Return the CPU time that a process has taken, all its threads (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / TICKS


def resident_bytes(pid: int | str = "self") -> int:
    """Return the memory of a process that is resident (Linux)."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")

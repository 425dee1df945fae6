"""The stack: every server that the product needs, on this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from app.local import elastic, influx, kafka, mongo
from app.local.keys import key_file
from app.local.server import Server

# In the order of starting: the slowest first, all are waited for at the end.
_MAKE = {
    "elastic": elastic.elastic_server,
    "mongo": mongo.mongo_server,
    "kafka": kafka.kafka_server,
} | ({"influx": influx.influx_server} if influx.installed() else {})
_ANSWERS: dict[str, Callable[[str], bool]] = {
    "elastic": elastic.answers,
    "mongo": mongo.answers,
    "kafka": kafka.answers,
    "influx": influx.answers,
}


class Running(msgspec.Struct, frozen=True):
    """What is written down of a server, so that a later command finds it again."""

    address: str
    pid: int | None
    stand_in: str


@dataclass
class Stack:
    """Kafka, Elasticsearch, Mongo and, if there is one, InfluxDB, in one folder.

    As a context manager it starts them and stops them. With `outlives` they stay
    when this process ends, and another `Stack` on the same folder finds them.

    Attributes:
        ports: the port that each would like; another one when it is taken.
    """

    folder: Path
    outlives: bool = False
    ports: Mapping[str, int] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        for name, seen in self._written().items():
            self.servers[name] = Server(
                name=name,
                address=seen.address,
                folder=self.folder / name,
                command=[],
                answers=partial(_ANSWERS[name], seen.address),
                stand_in=seen.stand_in,
                outlives=True,
                pid=seen.pid,
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start what does not run yet and wait until all of them answer.

        Raises:
            ServiceError: one of them could not be started; none is left running.
        """
        try:
            for name, make in _MAKE.items():
                if name in self.servers and self.servers[name].alive():
                    continue
                server = make(
                    self.folder / name,
                    port=self.ports.get(name, 0),
                    outlives=self.outlives,
                )
                self.servers[name] = server
                server.start()
            self._write()
            for server in self.servers.values():
                server.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop them all; their data stays."""
        for server in self.servers.values():
            server.stop()
        self._write()

    def environment(self) -> dict[str, str]:
        """Return the variables by which workers reach the servers and read the keys."""
        servers = {
            f"SMARTBANK_{name.upper()}": server.address
            for name, server in self.servers.items()
        }
        keys = {
            f"SMARTBANK_{name.upper()}_FILE": str(key_file(self.folder, name))
            for name in ("token_key", "session_key", "customer_keys")
        }
        return servers | keys

    @property
    def _state(self) -> Path:
        return self.folder / "servers.json"

    def _written(self) -> dict[str, Running]:
        if not self._state.exists():
            return {}
        return msgspec.json.decode(self._state.read_bytes(), type=dict[str, Running])

    def _write(self) -> None:
        seen = {
            name: Running(server.address, server.pid, server.stand_in)
            for name, server in self.servers.items()
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        self._state.write_bytes(msgspec.json.encode(seen) + b"\n")

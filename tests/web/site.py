"""A site to ask: everything that a worker serves, on a worker that does nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from weakref import finalize

import httpx
import msgspec
from faust.types import TP

from app.counters import Counters
from app.customer_keys import CustomerKeys
from app.engine.application import Application
from app.engine.follower import Follower
from app.engine.partitioner import partition_for
from app.features.customers import CustomerRow
from app.live_devices import LiveDevices
from app.live_lists import LiveLists
from app.live_models import LiveModels
from app.live_rules import LiveRules
from app.publications import MemoryPublications
from app.settings import Settings
from app.waiters import Waiters
from web.auth import Auth
from web.cluster import Cluster
from web.context import Context
from web.forward import Forwarder
from web.health import Health
from web.live import Live
from web.machines import Machines
from web.outlet import Outlet
from web.phones import Phones
from web.server import build
from web.signatures import Signatures
from web.users import User, Users, hash_password

KEY = bytes(range(32))
PASSWORD = "correct horse battery staple"
PAYMENT = {
    "id": "T1",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "C1",
    "terminal_id": "P1",
    "amount": 1250,
    "currency": "EUR",
}


@cache
def hashed(password: str = PASSWORD) -> str:
    """Hash a password so weakly that tests need not wait for it."""
    return hash_password(password, cost=2)


def user(name: str = "ann", role: Any = "analyst", password: str = PASSWORD) -> User:
    return User(name, role, hashed(password))


def users_file(path: Path, *users: User) -> str:
    path.write_bytes(b"\n".join(msgspec.json.encode(one) for one in users))
    return str(path)


@dataclass
class MemoryOutlet:
    """Keeps what is sent, and does what a worker would do next.

    `followed` maps a topic to those who hear it as Kafka takes it; `sent` goes on.
    """

    sent: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    then: Callable[[], Awaitable[None]] | None = None
    followed: dict[str, list[Callable[[list[Any]], None]]] = field(default_factory=dict)

    async def send(self, topic: str, records: list[tuple[bytes, bytes]]) -> None:
        self.sent += [(topic, key, value) for key, value in records]
        if self.then:
            await self.then()
        for hear in self.followed.get(topic, ()):
            hear([a_record(topic, *record) for record in records])


def a_record(topic: str, key: bytes, value: bytes) -> Any:
    """Build a record as Kafka hands it out, taken at noon on 1 March 2026."""
    return SimpleNamespace(topic=topic, key=key, value=value, timestamp=1772366400000)


class MemoryFollower:
    """Has heard all there is; what is not true by then will not be."""

    async def until(self, told: Callable[[], bool], **_: Any) -> bool:
        return told()


@dataclass
class MemoryArchive:
    """Keeps decisions."""

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def decision(self, transaction_id: str) -> dict[str, Any] | None:
        return self.kept.get(transaction_id)

    async def of_customer(self, customer_id: str, most: int) -> list[dict[str, Any]]:
        found = [
            one
            for one in self.kept.values()
            if one["payment"]["customer_id"] == customer_id
        ]
        return found[-most:]

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class Table:
    """One customer table that owns the given partitions."""

    name = "customers"

    def __init__(self, *owned: int) -> None:
        self.owned = dict.fromkeys(owned)
        self.rows: dict[bytes, CustomerRow] = {}

    def find(self, key: bytes, _: Any) -> CustomerRow | None:
        return self.rows.get(key)


class Site:
    """A worker's web server, asked without a network.

    It owns the partitions given of every topic, of four.
    """

    def __init__(
        self,
        folder: Path,
        *,
        owned: tuple[int, ...] = (0, 1, 2, 3),
        others: httpx.AsyncBaseTransport | None = None,
        users: tuple[User, ...] = (),
        data_dir: str = ".run",
        readings_keys: str = "",
        **more: Any,
    ) -> None:
        named = users or (user(), user("vic", "viewer"))
        self.settings = Settings(
            data_dir=data_dir,
            readings_keys=readings_keys,
            token_key="ab" * 32,
            worker="one",
            users_file=users_file(folder / "users.jsonl", *named),
            **more,
        )
        topics = ("customer-activity", "terminal-activity")
        self.table = Table(*owned)
        self.engine = SimpleNamespace(
            started=True,
            sought=True,
            positions={TP(topic, p): 0 for topic in topics for p in owned},
            settled={},
            sources={},
            tables={"customer-activity": self.table},
            busy={"customer-activity": 1.5},
            repeats={},
            restored_rows=3,
            checkpoint_seconds=0.5,
            restore_seconds=0.25,
            lag=lambda _: {"transactions": 7},
        )
        app = SimpleNamespace(engine=self.engine, consumer=None, should_stop=False)
        self.signatures = Signatures(KEY)
        self.rules = LiveRules()
        self.lists = LiveLists()
        self.devices = LiveDevices()
        self.models = LiveModels()
        self.outlet = MemoryOutlet()
        self.outlet.followed["rules"] = [self.rules.hear]
        self.outlet.followed["models"] = [self.models.hear]
        self.outlet.followed["lists"] = [self.lists.hear]
        self.outlet.followed["devices"] = [self.devices.hear]
        self.archive = MemoryArchive()
        self.live = Live()
        self.phones = Phones()
        self.machines = Machines()
        self.health = SimpleNamespace(stuck=[])
        self.context = Context(
            settings=self.settings,
            app=cast("Application", app),
            counters=Counters(),
            waiters=Waiters(),
            rules=self.rules,
            rules_follower=cast("Follower", MemoryFollower()),
            models=self.models,
            models_follower=cast("Follower", MemoryFollower()),
            lists=self.lists,
            lists_follower=cast("Follower", MemoryFollower()),
            devices=self.devices,
            devices_follower=cast("Follower", MemoryFollower()),
            cluster=Cluster(4, clock=lambda: 0.0),  # nobody falls silent
            outlet=cast("Outlet", self.outlet),
            health=cast("Health", self.health),
            forwarder=Forwarder(self.signatures, transport=others),
            live=self.live,
            phones=self.phones,
            machines=self.machines,
            keys=CustomerKeys(self.settings),
            publications=MemoryPublications(),
            archive=self.archive,
        )
        finalize(self, self.context.keys.close)
        self.auth = Auth(Users(self.settings.users_file), self.signatures)
        self.application = build(self.context, self.auth, console=None)

    def client(self, name: str = "", password: str = PASSWORD) -> httpx.AsyncClient:
        """Return a client; without a name, one that is not logged in."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(
                cast("Any", self.application), raise_app_exceptions=False
            ),
            base_url="http://one",
            auth=(name, password) if name else None,
        )


def key_in(partition: int, *, prefix: str = "C") -> str:
    """Return an id that lands in a partition of four."""
    names = (f"{prefix}{number}" for number in range(1000))
    return next(n for n in names if partition_for(n.encode(), 4) == partition)

"""Context: what pages and routes need of the worker that they run in."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pymongo.errors import PyMongoError

from app.counters import Counters
from app.customer_keys import CustomerKeys
from app.engine.application import Application
from app.engine.follower import Follower
from app.errors import ServiceError
from app.live_devices import LiveDevices
from app.live_lists import LiveLists
from app.live_models import LiveModels
from app.live_rules import LiveRules
from app.privacy.tradeoff import Tradeoff
from app.publications import Publications
from app.settings import Settings
from app.waiters import Waiters
from web.cluster import Cluster
from web.forward import Forwarder
from web.health import Health
from web.live import Live
from web.machines import Machines
from web.outlet import Outlet
from web.phones import Phones
from web.problems import Problem

ARCHIVE_SECONDS = 5.0
T = TypeVar("T")


class Archive(Protocol):
    """Reads decisions back by transaction."""

    async def decision(self, transaction_id: str) -> dict[str, Any] | None:
        """Return the full evaluation of a payment, or None."""
        ...

    async def of_customer(self, customer_id: str, most: int) -> list[dict[str, Any]]:
        """Return a customer's newest decisions."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """What pages and routes need of the worker that they run in.

    The followers keep `rules`, `models`, `lists` and `devices` up to date. `keys` open
    what is personal in the stores. `archive` is None where the worker has none. Whoever
    reads months of Parquet files waits for `turn` first: one at a time, since payments
    are decided beside it. `tradeoffs` are answers that console and API keep a while, by
    what was asked, with the time until which they are given again.
    """

    settings: Settings
    app: Application
    counters: Counters
    waiters: Waiters
    rules: LiveRules
    rules_follower: Follower
    models: LiveModels
    models_follower: Follower
    lists: LiveLists
    lists_follower: Follower
    devices: LiveDevices
    devices_follower: Follower
    cluster: Cluster
    outlet: Outlet
    health: Health
    forwarder: Forwarder
    live: Live
    phones: Phones
    machines: Machines
    keys: CustomerKeys
    publications: Publications
    archive: Archive | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    tradeoffs: dict[frozenset[str], tuple[float, Tradeoff]] = field(
        default_factory=dict
    )

    async def decision(self, transaction_id: str) -> dict[str, Any] | None:
        """Return the full evaluation of a payment, or None.

        Raises:
            Problem: 503, the archive does not answer.
        """
        if self.archive is None:
            return None
        return await _answered(self.archive.decision(transaction_id))

    async def of_customer(self, customer_id: str, most: int) -> list[dict[str, Any]]:
        """Return a customer's newest decisions, without their features.

        Raises:
            Problem: 503, the archive does not answer.
        """
        if self.archive is None:
            return []
        return await _answered(self.archive.of_customer(customer_id, most))


async def _answered(asking: Awaitable[T]) -> T:
    """Return what the archive answers, in time."""
    try:
        async with asyncio.timeout(ARCHIVE_SECONDS):
            return await asking
    except (TimeoutError, PyMongoError, ServiceError) as error:
        detail = "the archive of decisions does not answer"
        raise Problem(503, detail, kind="unavailable", retry_after=5) from error

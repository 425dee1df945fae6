"""Backfill: declares aggregates in every partition's log, and makes them whole.

One worker of role `deliver` does it, the one that has the first partition of
`decisions`. Whatever it has done its successor may do again: an outdated declaration
is void, and a payment that a row remembers is not remembered twice.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faust.types import TP
from mode import Service

from app.engine.clients import running
from app.errors import SmartbankError
from app.events.aggregates import Aggregate, Declared, Ready
from app.features.aggregates import Owner
from app.main import app, keys, rules, rules_follower, settings
from app.parquet.files import newest_day
from app.parquet.past import Found, horizon, remembered
from app.rules.rulebook import Backfilled
from app.topics import CUSTOMER_ACTIVITY, DECISIONS, RULES, TERMINAL_ACTIVITY, Topic

ACTIVITY: dict[Owner, Topic] = {
    "customer": CUSTOMER_ACTIVITY,
    "terminal": TERMINAL_ACTIVITY,
}
LOOK = 0.5  # seconds between two looks at who leads and what is to be done
AGAIN = 5.0  # seconds before another attempt
POLL = 0.25  # seconds between two looks at how far a group has come
PORTION = 5_000  # records sent before payments get their turn

encode = msgspec.json.Encoder().encode
archive = settings.archive


class Backfill(Service):
    """Declares what the newest ruleset aggregates, then tells the archive's part."""

    def __init__(self) -> None:
        super().__init__()
        self._declared = -1  # the revision last declared

    @Service.task
    async def _look(self) -> None:
        while not self.should_stop:
            await rules_follower.until(lambda: self._due, timeout=LOOK)
            if not self._leads:
                self._declared = -1
                await self.sleep(LOOK)
                continue
            try:
                await self._work()
            except (KafkaError, SmartbankError, OSError) as error:
                self.log.warning("aggregates wait: %s; trying again", error)
                await self.sleep(AGAIN)

    @property
    def _leads(self) -> bool:
        engine = app.engine
        return engine.sought and TP(DECISIONS.name, 0) in engine.sources

    @property
    def _due(self) -> bool:
        return self._leads and self._declared != rules.book.head.number

    async def _work(self) -> None:
        book = rules.book
        head = book.head
        if self._declared != head.number:
            if any(one.ruleset.aggregates for one in book.revisions):
                await self._tell(Declared(head.number, head.ruleset.aggregates))
            self._declared = head.number
        todo = [one for one in head.ruleset.aggregates if not book.backfill(one)]
        if todo:
            since = {one.name: book.declared_at(one) for one in todo}
            await self._fill(todo, since)

    async def _tell(self, what: Declared | Ready) -> None:
        """Send a record down every partition of both logs, customers' first."""
        for topic in (CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY):
            app.engine.publisher.broadcast(topic.name, encode(what), _now(), [])
            await app.engine.publisher.sent()

    async def _fill(
        self, aggregates: Sequence[Aggregate], revisions: dict[str, int]
    ) -> None:
        """Tell rows what the archive holds, once it holds all before the declaration."""  # noqa: E501
        names = ", ".join(revisions)
        self.log.info("aggregates %s: waiting for the archive", names)
        started = time.monotonic()
        for role, topic in (
            ("score", CUSTOMER_ACTIVITY),
            ("score", TERMINAL_ACTIVITY),
            ("deliver", DECISIONS),
        ):
            if not await passed(role, topic, unless=lambda: self._due):
                return  # there is something new to declare: begin anew
        found = await asyncio.to_thread(keys.erasures)
        erased = {one.customer_id: one.erased_at for one in found}
        counts = {}
        for one in aggregates:
            counts[one.name] = await self._send(
                remembered(archive, [one], to_open=keys.to_open, erased=erased)
            )
        await self._tell(Ready(list(aggregates)))
        for topic in ACTIVITY.values():
            if not await passed("score", topic, unless=lambda: self._due):
                return
        for one in aggregates:
            newest = newest_day(archive)
            done = Backfilled(
                name=one.name,
                revision=revisions[one.name],
                payments=counts[one.name],
                since=newest - horizon([one]) if newest else None,
            )
            app.engine.publisher.send(RULES.name, done.key, encode(done), _now(), [])
        await app.engine.publisher.sent()
        await rules_follower.until(
            lambda: all(map(rules.book.backfill, aggregates)), timeout=AGAIN
        )
        taken = time.monotonic() - started
        self.log.info("aggregates %s: whole after %.1f s", names, taken)

    async def _send(self, days: Iterator[tuple[int, list[Found]]]) -> int:
        """Send what rows are to remember; return how many payments count."""
        publisher = app.engine.publisher
        total = 0
        while day := await asyncio.to_thread(next, days, None):
            count, found = day
            total += count
            for start in range(0, len(found), PORTION):
                for owner, record in found[start : start + PORTION]:
                    topic, key = ACTIVITY[owner].name, record.id.encode()
                    publisher.send(topic, key, encode(record), _now(), [])
                await publisher.sent()
        return total


async def passed(role: str, topic: Topic, *, unless: Callable[[], bool]) -> bool:
    """Wait until the workers of a role have done all that a topic holds now.

    That may take as long as a store is away; false where `unless` became true before.

    Raises:
        KafkaError: Kafka is away.
    """
    group = f"{settings.database}-{role}"
    ends = await _ends(topic)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    try:
        await admin.start()
        while not unless():
            told: Any = await admin.list_consumer_group_offsets(group)
            if all(tp in told and told[tp].offset >= end for tp, end in ends.items()):
                return True
            await asyncio.sleep(POLL)
    finally:
        await admin.close()
    return False


async def _ends(topic: Topic) -> dict[TopicPartition, int]:
    """Return where the partitions that hold anything end."""
    tps = _partitions(topic)
    async with running(AIOKafkaConsumer(bootstrap_servers=settings.kafka)) as consumer:
        ends = await consumer.end_offsets(tps)
        begins = await consumer.beginning_offsets(tps)
    return {tp: end for tp, end in ends.items() if end > begins[tp]}


def _partitions(topic: Topic) -> Iterable[TopicPartition]:
    return [TopicPartition(topic.name, p) for p in range(topic.count(settings))]


def _now() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


app.first.append(Backfill())

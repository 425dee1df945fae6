"""Following a topic: all that it held first, then news as it comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine.batches import Record
from app.engine.follower import Follower
from app.local.server import Server


@asynccontextmanager
async def topic(kafka: Server, name: str) -> AsyncIterator[AIOKafkaProducer]:
    """Create a topic of one partition and give a way to it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


def listener(kafka: Server, name: str) -> tuple[Follower, list[bytes | None]]:
    heard: list[bytes | None] = []

    def hear(records: "list[Record]") -> None:
        heard.extend(record.value for record in records)

    return Follower(kafka.address, name, hear=hear), heard  # type: ignore[arg-type]


async def test_catching_up_hears_all_that_was_there(kafka: Server) -> None:
    async with topic(kafka, "follow-all") as producer:
        for number in range(3_000):
            await producer.send("follow-all", b"%d" % number)
        await producer.flush()
        follower, heard = listener(kafka, "follow-all")
        await follower.catch_up()
        caught = list(heard)
        await follower.catch_up()
        await follower.stop()

    assert caught == [b"%d" % number for number in range(3_000)]
    assert heard == caught


async def test_an_empty_topic_is_caught_up_with_at_once(kafka: Server) -> None:
    async with topic(kafka, "follow-none"):
        follower, heard = listener(kafka, "follow-none")
        await follower.catch_up()
        await follower.stop()

    assert heard == []


async def test_news_are_heard_and_wake_who_waits(kafka: Server) -> None:
    async with topic(kafka, "follow-news") as producer:
        follower, heard = listener(kafka, "follow-news")
        await follower.catch_up()
        await follower.start()
        try:
            waiting = asyncio.create_task(
                follower.until(lambda: heard == [b"a", b"b"], timeout=60)
            )
            await producer.send_and_wait("follow-news", b"a")
            await producer.send_and_wait("follow-news", b"b")
            told = await waiting
            in_vain = await follower.until(lambda: len(heard) > 2, timeout=0.05)
        finally:
            await follower.stop()

    assert (told, in_vain) == (True, False)


async def test_kafka_going_away_and_coming_back_loses_no_news(kafka: Server) -> None:
    async with topic(kafka, "follow-restart"):
        follower, heard = listener(kafka, "follow-restart")
        await follower.catch_up()
        await follower.start()
        try:
            await asyncio.to_thread(kafka.stop)
            kafka.start()  # a child of the main thread, or it ends with this one
            await asyncio.to_thread(kafka.wait_until_ready)
            producer = AIOKafkaProducer(bootstrap_servers=kafka.address)
            await producer.start()
            await producer.send_and_wait("follow-restart", b"a")
            await producer.stop()
            told = await follower.until(lambda: heard == [b"a"], timeout=120)
        finally:
            await follower.stop()

    assert told

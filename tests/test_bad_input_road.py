"""Bad input on a real road: dead letters as they came, and a worker that goes on."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from app.engine.batches import origin_header
from app.engine.partitioner import partition_for
from app.local.server import Server
from app.topics import (
    CUSTOMER_ACTIVITY,
    LABELS,
    TERMINAL_ACTIVITY,
    TRANSACTIONS,
    ensure_topics,
)
from tests.corpus import NUMBER, PAYMENT, Case, foreign, labels, payments
from tests.engine.fetched import Fetched
from tests.engine.odd import with_an_odd_header
from tests.road import Road, decisions, records

MEBIBYTE = 1024 * 1024
CUT = 7 * MEBIBYTE
ODD_HEADERS: list[list[tuple[str, bytes | None]]] = [
    [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")],
    [("x", b"a value of 20 bytes.")],
    [("made-from:transactions", b"too short")],
    [("made-from:transactions", None)],
    [("", b"")],
    [("ünï", bytes(range(256)))] * 20,
]


Sent = dict[tuple[str, int, int], tuple[bytes | None, str]]
"""What was sent to be refused, by its place: its value, and the field at fault."""


class Senders:
    """Sends good and bad records, and remembers where each bad one lies."""

    def __init__(self, producer: AIOKafkaProducer, zipped: AIOKafkaProducer) -> None:
        self._producer = producer
        self._zipped = zipped
        self.bad: Sent = {}
        self.good: list[str] = []

    async def send(self, topic: str, value: bytes | None, **more: Any) -> Any:
        """Send one record; `key` and `headers` may be given, and `zipped`."""
        producer = self._zipped if more.pop("zipped", False) else self._producer
        key = more.pop("key", b"C1")
        batch = producer.create_batch()  # takes null keys with null values too
        headers = more.pop("headers", [])
        batch.append(timestamp=None, key=key, value=value, headers=headers)
        partition = partition_for(key or b"", 4)
        return await producer.send_batch(batch, topic, partition=partition)

    async def refuse(self, topic: str, cases: list[Case], **more: Any) -> None:
        """Send what must be refused."""
        waiting = [(case, await self.send(topic, case.value, **more)) for case in cases]
        for case, sending in waiting:
            sent = await sending
            place = sent.topic, sent.partition, sent.offset
            self.bad[place] = case.value, case.field

    async def refuse_one(self, topic: str, value: bytes | None, **more: Any) -> None:
        """Send one record that must be refused, whatever is wrong with it."""
        sent = await (await self.send(topic, value, **more))
        self.bad[sent.topic, sent.partition, sent.offset] = value, ""

    async def refuse_odd(self, topic: str) -> None:
        """Send three records; the name of a header is no UTF-8."""
        batch = with_an_odd_header(b"C1", b"odd")
        sent = await (await self._producer.send_batch(batch, topic, partition=0))
        for offset in range(sent.offset, sent.offset + 3):
            self.bad[topic, 0, offset] = b"odd", ""

    async def pay(self, **more: Any) -> None:
        """Send a good payment."""
        identity = f"good-{len(self.good)}"
        self.good.append(identity)
        value = msgspec.json.encode(PAYMENT | {"id": identity})
        await self.send(TRANSACTIONS.name, value, **more)


async def send_all(senders: Senders) -> None:
    """Send good payments, and between them all that can be wrong."""
    await senders.pay()
    await senders.refuse(TRANSACTIONS.name, payments())
    await senders.pay(key=None)
    await senders.refuse(LABELS.name, labels())
    await senders.pay(key=b"")
    for value in (None, b""):
        for key in (None, b"", b"\xff" * 100_000):
            await senders.refuse_one(TRANSACTIONS.name, value, key=key)
            await senders.refuse_one(LABELS.name, value, key=key)
            await senders.refuse_one(CUSTOMER_ACTIVITY.name, value, key=key)
            await senders.refuse_one(TERMINAL_ACTIVITY.name, value, key=key)
    await senders.pay()
    for headers in ODD_HEADERS:
        await senders.refuse_one(TRANSACTIONS.name, b"odd", headers=headers)
        for topic in (CUSTOMER_ACTIVITY.name, TERMINAL_ACTIVITY.name):
            await senders.refuse_one(topic, b"odd", headers=headers)
            await senders.refuse_one(topic, b"odd", headers=headers)
        await senders.pay(headers=headers)
    for topic in (TRANSACTIONS.name, LABELS.name):
        await senders.refuse_odd(topic)
    for topic in (CUSTOMER_ACTIVITY.name, TERMINAL_ACTIVITY.name):
        await senders.refuse_odd(topic)
        await senders.refuse(topic, foreign())
    await senders.pay()
    for size in (1, 2, 7, 15):
        await senders.refuse_one(TRANSACTIONS.name, b"x" * size * MEBIBYTE)
    await senders.refuse_one(TRANSACTIONS.name, b"0" * 40 * MEBIBYTE, zipped=True)
    await senders.refuse_one(TERMINAL_ACTIVITY.name, b"[" * 9 * MEBIBYTE)
    await senders.pay()


@pytest.mark.slow
async def test_what_is_wrong_ends_as_it_came_in_dead_letters_and_the_rest_is_decided(
    own_kafka: Server, tmp_path: Path
) -> None:
    address = own_kafka.address
    road = Road(address, tmp_path / "road")
    await ensure_topics(road.settings)
    options = {
        "bootstrap_servers": address,
        "max_request_size": 64 * MEBIBYTE,
        "max_batch_size": 64 * MEBIBYTE,
    }
    with road.running("one"):
        async with (
            AIOKafkaProducer(**options) as producer,
            AIOKafkaProducer(**options, compression_type="gzip") as zipped,
        ):
            senders = Senders(producer, zipped)
            await send_all(senders)
        found: dict[str, list[bytes]] = {}
        for _ in range(360):
            found = await decisions(address)
            letters = [letter async for letter in records(address, "dead-letters")]
            if len(found) == len(senders.good) and len(letters) >= len(senders.bad):
                break  # what is bad lies in other partitions, too
            await asyncio.sleep(0.5)
        status = road.stop("one")
    letters = [letter async for letter in records(address, "dead-letters")]

    assert found.keys() == set(senders.good)
    assert status == 0
    places = {}
    for letter in letters:
        headers = dict(letter.headers)
        place = (
            headers["topic"].decode(),
            int(headers["partition"]),
            int(headers["offset"]),
        )
        places[place] = letter
        value, field = senders.bad[place]
        error = headers["error"].decode()
        assert NUMBER not in error
        assert error.startswith(f"{field}: got " if field else "")
        origin = Fetched(offset=place[2], topic=place[0], partition=place[1])
        assert letter.headers[-1][0] == origin_header(origin)[0]
        if value and len(value) > CUT:
            assert letter.value == value[:CUT]
            assert int(headers["cut"]) == len(value)
        else:
            assert letter.value == value
    assert places.keys() == senders.bad.keys()
    assert len(letters) == len(senders.bad)
    assert "Traceback" not in road.log("one").read_text()

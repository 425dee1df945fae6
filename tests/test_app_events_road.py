"""App events on a real road: learnt once, before the payments that they are about."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from app.engine.partitioner import partition_for
from app.events.labels import Label
from app.events.payments import Transaction
from app.features.clock import DAY
from app.local.kafka import kafka_server
from app.local.server import Server
from app.simulate.bank import Bank
from app.sources.chunks import Chunk, DueAppEvent, DueLabel
from app.sources.column_map import EventMap, load_any_map
from app.sources.event_files import read_events
from app.sources.event_sender import EventReport, EventSender
from app.sources.sender import Options, Report, Sender
from app.topics import APP_EVENTS, ensure_topics
from tests.conftest import serving
from tests.merchants import all_is_told, every_partition_knows_merchants
from tests.road import Road, decisions, digest, records, table_digest
from tests.sources.test_event_files import HEADER, ROW

CUSTOMERS, LIMIT = 400, 4_000
CHANGELOG = "smartbank-score-customers-changelog"
FREED = (
    "customer-activity",
    "terminal-activity",
    "decisions",
    "labels-applied",
    "app-events-applied",
    "pulse",
    CHANGELOG,
    "smartbank-score-terminals-changelog",
)
"""Where neither a card number nor an internet address may be."""
_LIKE = re.compile(rb"\d{16}|\d+\.\d+\.\d+\.\d+")


def chunks() -> list[Chunk]:
    """Give payments with app events, of which some are known as fraud a day later."""
    parts = list(Bank(customers=CUSTOMERS, seed=5).chunks(limit=LIMIT))
    for part in parts:
        part.labels[:] = [a_label(part, place) for place in range(0, len(part.ids), 20)]
    return parts


def a_label(part: Chunk, place: int) -> DueLabel:
    paid = msgspec.json.decode(part.values[place], type=Transaction)
    label = Label(
        paid.id,
        paid.customer_id,
        paid.terminal_id,
        paid.occurred_at,
        paid.occurred_at,
        fraud=True,
    )
    due = part.times[place] + 2 * DAY  # it leaves a day after its payment
    return DueLabel(due, paid.id, part.keys[place], msgspec.json.encode(label))


async def run(road: Road, parts: list[Chunk], *, kills: int = 0) -> Report:
    """Send all payments with their app events, and kill workers meanwhile."""
    await ensure_topics(road.settings)
    # Fewer than a partition has in a day: a label never overtakes its payment.
    sender = Sender(road.settings, Options(patience=180, in_flight=150))
    sending = asyncio.create_task(sender.send(parts))
    chance = Random(kills)  # noqa: S311 - no secret is made
    for decided in sorted(chance.sample(range(500, LIMIT - 500), kills)):
        while sender.report.decided < decided and not sending.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        road.kill("one")
        road.start("one")
    return await sending


def twice(parts: list[Chunk]) -> list[Chunk]:
    """Return chunks whose every tenth app event is sent twice, the second time later.

    What comes of a repeat is nothing, so its id is one that nobody waits for.
    """
    for part in parts:
        again = [
            DueAppEvent(event.due, event.id, event.key, event.value)
            for event in part.app_events[::10]
        ]
        part.app_events.extend(again)
        part.app_events.sort(key=lambda event: event.due)
    return parts


@pytest.mark.slow
async def test_sessions_are_the_same_whatever_is_killed_and_sent_twice(
    own_kafka: Server, tmp_path: Path
) -> None:
    """Two runs over one Kafka would mix; the second has a Kafka of its own."""
    calm, _ = await result(own_kafka, tmp_path / "calm", chunks(), kills=0)
    with serving(kafka_server, tmp_path / "second") as second:
        unrest, applied = await result(
            second, tmp_path / "unrest", twice(chunks()), kills=2
        )

    assert unrest == calm
    assert len(applied) == len(set(applied))


async def result(
    server: Server, folder: Path, parts: list[Chunk], *, kills: int
) -> tuple[tuple[str, tuple[int, str]], list[str]]:
    """Return digests of the decisions and the rows, and which events were learnt."""
    with Road(server.address, folder).running("one") as road:
        report = await run(road, parts, kills=kills)
        await all_is_told(server.address, parts[-1].times[-1] // DAY + 2)
        assert road.stop("one") == 0
    found = await decisions(server.address)
    learnt = [record async for record in records(server.address, "app-events-applied")]
    # After a kill a record may be published again, byte for byte the same.
    events = {(r.partition, r.value): msgspec.json.decode(r.value) for r in learnt}
    told = [msgspec.json.decode(one[0])["features"] for one in found.values()]

    assert report.lost == 0
    assert len(found) == LIMIT
    assert sum("session_actions" in one for one in told) > LIMIT / 10
    assert sum(one.get("session_new_device") == 1 for one in told) > 0
    assert sum("minutes_since_beneficiary_added" in one for one in told) > 0
    await _hides(server, parts, road.log("one"))
    await every_partition_knows_merchants(server.address)
    rows = await table_digest(server.address, CHANGELOG)
    return (digest(found), rows), [event["id"] for event in events.values()]


@pytest.mark.slow
async def test_what_does_not_fit_is_a_dead_letter_and_the_rest_goes_on(
    own_kafka: Server, tmp_path: Path
) -> None:
    now = datetime.now(UTC).isoformat()
    good = {"occurred_at": now, "customer_id": "C1", "kind": "log-in"}
    bad = [
        b"no json",
        b"",
        msgspec.json.encode(good | {"id": "E1", "ip": "4539578763621486"}),
        msgspec.json.encode(good | {"id": "E2", "kind": "beneficiary-added"}),
    ]
    event = DueAppEvent(0, "E3", b"C1", msgspec.json.encode(good | {"id": "E3"}))
    with Road(own_kafka.address, tmp_path / "road").running("one") as road:
        await ensure_topics(road.settings)
        sender = Sender(road.settings, Options(patience=180))
        await _produce(own_kafka.address, bad)
        payment = Bank(customers=50, app=False).chunks(limit=1)
        (chunk,) = list(payment)
        chunk.app_events.append(event._replace(due=chunk.times[0]))
        report = await sender.send([chunk])
        replayed = await _replayed(road, tmp_path / "log-ins.csv")
        async with asyncio.timeout(180):
            while len(letters := await _letters(own_kafka.address)) < len(bad):  # noqa: ASYNC110 - told by Kafka
                await asyncio.sleep(0.1)

    assert (report.decided, report.lost) == (1, 0)
    assert (replayed.learnt, replayed.lost, replayed.left_out) == (3, 0, 1)
    assert replayed.why[0].startswith("row 3: column 'Country': got ")
    assert [field for _, field in letters] == [b"$", b"$", b"ip", b"beneficiary_id"]
    assert [value for value, _ in letters] == bad


async def _letters(kafka: str) -> list[tuple[bytes, bytes]]:
    """Return the dead letters, each with the field at fault."""
    return [
        (record.value, dict(record.headers)["error"].partition(b":")[0])
        async for record in records(kafka, "dead-letters")
    ]


async def _hides(server: Server, parts: list[Chunk], log: Path) -> None:
    """Look for every card number and address that was sent, everywhere else."""
    stated = [msgspec.json.decode(v) for part in parts for v in part.values]
    used = [msgspec.json.decode(e.value) for part in parts for e in part.app_events]
    numbers = {one["card_number"].encode() for one in stated if "card_number" in one}
    addresses = {one["ip"].encode() for one in used}
    agents = {one["user_agent"].encode() for one in used if "user_agent" in one}

    def holds(text: bytes) -> bool:
        found = set(_LIKE.findall(text))
        return bool(found & (numbers | addresses)) or any(a in text for a in agents)

    raw = [r.value async for r in records(server.address, "transactions")]
    raw_events = [r.value async for r in records(server.address, "app-events")]

    assert len(numbers) > 100 < len(addresses)
    assert any(map(holds, raw))  # what is looked for is found where it may be
    assert all(map(holds, raw_events[:100]))
    assert not holds(await asyncio.to_thread(log.read_bytes))
    for topic in FREED:
        async for record in records(server.address, topic):
            assert not holds(record.value or b""), topic


async def _replayed(road: Road, path: Path) -> EventReport:
    """Replay log-ins from a file of the public data set's columns, one of them odd."""
    rows = [ROW, ROW | {"user": "7"}, ROW | {"country": "Norway"}, ROW | {"asn": ""}]
    lines = [HEADER, *(",".join(row.values()) for row in rows), ""]
    await asyncio.to_thread(path.write_text, "\n".join(lines), encoding="utf-8")
    columns = load_any_map("risk-based-authentication")
    assert isinstance(columns, EventMap)
    sender = EventSender(road.settings, in_flight=2, patience=180)
    return await sender.send(read_events(path, columns=columns).events())


async def _produce(kafka: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for value in values:
            partition = partition_for(b"C1", 4)
            await producer.send_and_wait(
                APP_EVENTS.name, value, b"C1", partition=partition
            )
    finally:
        await producer.stop()

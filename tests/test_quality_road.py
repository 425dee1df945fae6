"""Quality on a real road: a replay with planted faults is counted as planted."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from app.engine.batches import origin_header
from app.engine.partitioner import partition_for
from app.events.payments import Payment
from app.local.ports import free_port
from app.local.server import Server
from app.topics import ensure_topics
from tests.engine.fetched import Fetched
from tests.road import Road
from tests.web.site import PASSWORD, user, users_file

START = datetime(2026, 3, 2, tzinfo=UTC)
HOT, AGAIN = "C-hot", "C-again"
OTHERS = [f"C-{number}" for number in range(25)]
BEHIND = {"60": 30, "86400": 3 * 3_600 * 5, "inf": 32 * 86_400}  # seconds, by bucket

SOURCES = [{"topic": "transactions", "taken": 163, "refused": 3}]
REPEATS = {
    "payments": 164,
    "payments_dropped": 7,
    "app_events": 0,
    "app_events_dropped": 0,
    "by_origin": {"customer-activity": 4},
}
"""What is told of all that is planted."""


def paid(identity: str, customer: str, *, minute: float) -> dict[str, Any]:
    at = START + timedelta(minutes=minute)
    return {
        "id": identity,
        "occurred_at": at.isoformat(),
        "customer_id": customer,
        "terminal_id": "P1",
        "amount": 1250,
        "currency": "EUR",
    }


def planted() -> list[tuple[str, bytes]]:
    """Give what is sent: 100 payments of a hot customer, 50 of others, and faults."""
    last = 100.0
    good = [paid(f"hot-{n}", HOT, minute=n) for n in range(100)]
    good += [paid(f"{who}-{n}", who, minute=n) for who in OTHERS for n in range(2)]
    late = [
        paid(f"late-{bound}", HOT, minute=last - 1 - behind / 60)
        for bound, behind in BEHIND.items()
    ]
    repeats = good[:7]
    sent = [(p["customer_id"], msgspec.json.encode(p)) for p in good + late + repeats]
    return [*sent, *[(HOT, b'{"id": 1}')] * 3]


def again(number: int) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Give a record as a worker publishes it: what comes after a crash is the same."""
    one = paid(f"again-{number}", AGAIN, minute=number)
    at = datetime.fromisoformat(one.pop("occurred_at"))
    payment = Payment(**one, occurred_at=at, received_at=at, captured_at=at)
    origin = Fetched(offset=number, topic="elsewhere", timestamp=number)
    return msgspec.json.encode(payment), [origin_header(origin)]


async def send_all(kafka: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for customer, value in planted():
            key = customer.encode()
            where = partition_for(key, 4)
            await producer.send("transactions", value, key, partition=where)
        for number in (0, 1, 2, 3, 0, 1, 2, 3):
            value, headers = again(number)
            key = AGAIN.encode()
            await producer.send(
                "customer-activity",
                value,
                key,
                partition=partition_for(key, 4),
                headers=headers,
            )


@pytest.mark.slow
async def test_duplicates_lateness_a_hot_customer_and_bad_input_are_told_as_planted(
    own_kafka: Server, tmp_path: Path
):
    port = free_port()
    environment = {
        "SMARTBANK_USERS_FILE": users_file(tmp_path / "users.jsonl", user()),
        "SMARTBANK_WEB_PORT": str(port),
    }
    road = Road(own_kafka.address, tmp_path / "road", environment=environment)
    await ensure_topics(road.settings)
    with road.running("one"):
        await send_all(own_kafka.address)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            auth=("ann", PASSWORD),
            timeout=60,
            trust_env=False,
        ) as client:
            told: dict[str, Any] = {}
            for _ in range(1200):
                try:
                    told = (await client.get("/v1/quality")).json()
                except httpx.TransportError:
                    told = {}
                # Each count comes when its records do, whichever partition is first.
                records = told.get("skew", {}).get("records")
                counted = told.get("sources"), told.get("repeats"), records
                if counted == (SOURCES, REPEATS, 164):
                    break
                await asyncio.sleep(0.2)

    assert told["sources"] == SOURCES
    assert told["repeats"] == REPEATS
    assert told["skew"]["records"] == 164
    late = {one["up_to"]: one["payments"] for one in told["order"]["late"]}
    assert {bound: n for bound, n in late.items() if n} == {60: 1, 86400: 1, None: 1}
    assert told["order"]["in_order"] == 154
    hot = [load["hot"][0] for load in told["skew"]["partitions"] if load["hot"]]
    best = max(hot, key=lambda one: one["records"])
    assert best == {"key": HOT, "records": 110, "unsure": 0}

"""The web side of real workers over a real Kafka, asked as a program would."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.engine.partitioner import partition_for
from app.local.ports import free_port
from app.local.server import Server
from tests.road import Road, decisions
from tests.web.site import PASSWORD, key_in, user, users_file

STARTING = 240.0


def client(port: int, name: str = "ann") -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        auth=(name, PASSWORD) if name else None,
        timeout=60,
        trust_env=False,
    )


def start(road: Road, name: str) -> int:
    """Start a worker; return its port."""
    port = free_port()
    road.environment["SMARTBANK_WEB_PORT"] = str(port)
    road.start(name)
    return port


async def until(ask: Any, *, patience: float = STARTING) -> httpx.Response:
    """Ask until the answer is 200."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answer: httpx.Response = await ask()
        except httpx.TransportError:
            answer = httpx.Response(503)
        if answer.status_code == 200:
            return answer
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.2)


async def shared(asker: httpx.AsyncClient) -> httpx.Response:
    """Answer 200 once a worker knows that both have half of the partitions."""
    answer = await asker.get("/v1/workers")
    if answer.status_code == 200:
        found = answer.json()["workers"]
        owned = [worker["owned"].get("terminal-activity", []) for worker in found]
        if sorted(len(one) for one in owned) != [2, 2]:
            return httpx.Response(503, text=str(found))
    return answer


def payment(identity: str, **fields: Any) -> dict[str, Any]:
    valid = {
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer_id": "someone",
        "terminal_id": "somewhere",
        "amount": 1250,
        "currency": "EUR",
    }
    return {"id": identity, **valid, **fields}


@pytest.fixture
async def workers(own_kafka: Server, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Two workers that share the partitions: their road and their ports."""
    users = users_file(tmp_path / "users.jsonl", user(), user("vic", "viewer"))
    environment = {"SMARTBANK_USERS_FILE": users}
    road = Road(own_kafka.address, tmp_path / "road", environment=environment)
    with road.running():
        ports = {name: start(road, name) for name in ("one", "two")}
        for port in ports.values():  # each hears of the other at its own time
            async with client(port) as asker:
                await until(partial(shared, asker))
        yield {"road": road, **ports}


@pytest.mark.slow
async def test_payments_are_decided_and_rows_found_whichever_worker_is_asked(
    workers: dict[str, Any], own_kafka: Server
) -> None:
    customers = [key_in(partition) for partition in range(4)]
    terminals = [key_in(partition, prefix="P") for partition in range(4)]
    payments = [
        payment(f"T{c}-{t}", customer_id=c, terminal_id=t)
        for c in customers
        for t in terminals
    ]
    async with client(workers["one"]) as one, client(workers["two"]) as two:
        single = await one.post(
            "/v1/transactions?wait=decision", json=payment("T0", customer_id="single")
        )
        answer = await two.post("/v1/transactions?wait=decision", json=payments)
        sent = await one.post(
            "/v1/transactions", json=[payment("T0-2", customer_id="other")]
        )
        rows = {
            worker: [await asker.get(f"/v1/customers/{c}") for c in customers]
            for worker, asker in (("one", one), ("two", two))
        }
        tills = [await one.get(f"/v1/terminals/{t}") for t in terminals]
        by_port = (await one.get("/v1/workers")).json()["workers"]
        metrics = (await one.get("/metrics")).text

    assert single.status_code == 200, single.text
    assert [d["id"] for d in single.json()["decisions"]] == ["T0"]
    assert answer.status_code == 200, answer.text
    assert [d["id"] for d in answer.json()["decisions"]] == [p["id"] for p in payments]
    assert sent.status_code == 202
    owners = {
        partition: worker["worker"]
        for worker in by_port
        for partition in worker["owned"]["customer-activity"]
    }
    for asked in rows.values():
        for customer, found in zip(customers, asked, strict=True):
            assert found.status_code == 200, found.text
            assert found.json()["payments"] == 4
            assert found.json()["worker"] == owners[partition_for(customer.encode(), 4)]
    assert set(owners.values()) == {"one", "two"}
    assert [till.json()["payments"] for till in tills] == [4] * 4
    assert 'smartbank_state{state="running"} 1.0' in metrics.splitlines()
    published = await decisions(own_kafka.address)
    assert {p["id"] for p in payments} | {"T0"} <= published.keys()


@pytest.mark.slow
async def test_what_is_refused_is_a_problem_and_reaches_no_topic(
    workers: dict[str, Any], own_kafka: Server
) -> None:
    many = [payment("T1"), payment("T2", amount=-1)]
    async with (
        client(workers["one"]) as ann,
        client(workers["one"], "vic") as vic,
        client(workers["one"], "") as nobody,
    ):
        answers = [
            await nobody.post("/v1/transactions", json=payment("T1")),
            await vic.post("/v1/transactions", json=payment("T1")),
            await ann.post("/v1/transactions", json=many),
            await ann.post("/v1/transactions", content=b" " * 1024 * 1025),
            await ann.post("/v1/transactions", content=b"{"),
        ]
        decided = await ann.post("/v1/transactions?wait=decision", json=payment("T9"))

    assert [one.status_code for one in answers] == [401, 403, 422, 413, 400]
    for one in answers:
        assert one.headers["content-type"] == "application/problem+json"
    assert answers[2].json()["errors"][0]["index"] == 1
    assert decided.status_code == 200
    assert (await decisions(own_kafka.address)).keys() == {"T9"}


@pytest.mark.slow
async def test_when_a_worker_stops_the_other_answers_for_its_keys(
    workers: dict[str, Any],
) -> None:
    customers = [key_in(partition) for partition in range(4)]
    async with client(workers["two"]) as two:
        await two.post(
            "/v1/transactions?wait=decision",
            json=[payment(f"T-{c}", customer_id=c) for c in customers],
        )
        stopping = asyncio.to_thread(workers["road"].stop, "one")
        task = asyncio.create_task(stopping)
        for customer in customers:

            async def ask(path: str = f"/v1/customers/{customer}") -> httpx.Response:
                answer = await two.get(path)
                if answer.status_code == 200 and answer.json()["worker"] != "two":
                    return httpx.Response(503, text="the first still answers")
                return answer

            found = (await until(ask)).json()
            assert (found["id"], found["payments"]) == (customer, 1)
        status = await task

    assert status == 0
    log = workers["road"].log("one").read_text()
    assert "Traceback" not in log


@pytest.mark.slow
async def test_a_worker_without_kafka_is_alive_and_not_ready(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    users = users_file(tmp_path / "users.jsonl", user())
    environment = {"SMARTBANK_USERS_FILE": users}
    road = Road(nowhere, tmp_path / "road", environment=environment)
    with road.running():
        async with client(start(road, "one")) as one:
            alive = await until(lambda: one.get("/healthz"))
            ready = await one.get("/readyz")
            taken = await one.post("/v1/transactions", json=payment("T1"))
            row = await one.get("/v1/customers/C1")

    assert alive.json()["status"] == "ok"
    assert (ready.status_code, ready.json()["state"]) == (503, "starting")
    assert (taken.status_code, row.status_code) == (503, 503)
    assert int(taken.headers["retry-after"]) > 0

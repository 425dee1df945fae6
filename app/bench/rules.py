"""Rules: how soon a change by one worker decides on another."""

import asyncio
import secrets
import time
from collections.abc import Iterator

import httpx

from app.bench.figures import Figure
from app.bench.house import House
from app.local.demo import USER, users_file
from app.local.server import Server

CHANGES = 100
AIM_MS = 1_000.0
RULE = {"expression": "amount > 0", "reason": "{amount:.2f} paid", "state": "shadow"}


def measure(house: House) -> Iterator[Figure]:
    """Measure from the answer to a change until the other worker decides by it."""
    password = secrets.token_urlsafe(12)
    auth = USER, password
    users = {"SMARTBANK_USERS_FILE": str(users_file(house.folder, password))}
    with house.worker(**users) as one, house.worker("worker-2", **users) as two:
        taken = sorted(asyncio.run(_changed(_client(one, auth), _client(two, auth))))
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        value = round(taken[int(len(taken) * share)], 1)
        yield Figure(
            f"rule-change-to-other-worker-{name}",
            value,
            "ms",
            aim=AIM_MS,
            at_least=False,
            parts={"changes": CHANGES},
        )


def _client(worker: Server, auth: tuple[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=worker.address, auth=auth, timeout=30, trust_env=False
    )


async def _changed(one: httpx.AsyncClient, two: httpx.AsyncClient) -> list[float]:
    """Change a rule through one worker; return when the other has it, milliseconds."""
    taken = []
    async with one, two:
        version = (await one.get("/v1/rules")).json()["version"]
        for number in range(CHANGES):
            changed = await one.put(
                "/v1/rules/of-the-bench",
                json=RULE | {"score": number},
                params={"comment": "measured"},
                headers={"if-match": version},
            )
            answered = time.monotonic()
            version = changed.raise_for_status().json()["version"]
            while (await two.get("/v1/rules")).json()["version"] != version:  # noqa: ASYNC110
                await asyncio.sleep(0)
            taken.append((time.monotonic() - answered) * 1000)
    return taken

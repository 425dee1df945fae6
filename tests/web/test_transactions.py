"""Transactions by HTTP: all or none, and the decisions of those who wait."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.events.decisions import Decision, Timings, Versions
from app.events.payments import Payment
from app.events.pulses import Pulse
from tests.web.site import PAYMENT, Site, key_in, user
from web.api import awaiting
from web.auth import HOP_HEADER
from web.signatures import digest

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEBIBYTE = 1024 * 1024


def payment(**fields: Any) -> dict[str, Any]:
    return PAYMENT | fields


def decision(identity: str) -> Decision:
    paid = Payment(identity, AT, "C1", "P1", 1250, "EUR", AT, AT)
    versions = Versions("r1", "f1")
    return Decision(
        identity, "approve", 0.0, [], {}, versions, Timings(AT, AT, AT), paid
    )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def post(site: Site, content: Any, query: str = "") -> httpx.Response:
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    async with site.client("ann") as client:
        return await client.post(f"/v1/transactions{query}", content=body)


async def test_a_payment_is_sent_as_it_was_stated_under_its_customer(site: Site):
    body = msgspec.json.encode(payment())

    answer = await post(site, body)

    assert (answer.status_code, answer.json()) == (202, {"accepted": ["T1"]})
    assert site.outlet.sent == [("transactions", b"C1", body)]


async def test_several_payments_are_sent_in_their_order(site: Site):
    answer = await post(site, [payment(id=f"T{number}") for number in range(500)])

    assert answer.json()["accepted"] == [f"T{number}" for number in range(500)]
    sent = [msgspec.json.decode(value)["id"] for _, _, value in site.outlet.sent]
    assert sent == answer.json()["accepted"]


async def test_one_bad_payment_keeps_all_from_being_sent(site: Site):
    answer = await post(
        site, [payment(), payment(amount=-1), payment(currency="USD"), payment(x=1)]
    )

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [
        {"index": 1, "field": "amount", "got": "-1", "expected": "int >= 0"},
        {
            "index": 2,
            "field": "currency",
            "got": "'USD'",
            "expected": "EUR, the bank's",
        },
        {"index": 3, "field": "x", "got": "a value", "expected": "no such field"},
    ]
    assert answer.json()["detail"].startswith("payment 1, amount: got -1")
    assert not site.outlet.sent


async def test_an_error_repeats_no_card_number(site: Site):
    answer = await post(site, payment(card_number="4111111111111112"))

    assert answer.status_code == 422
    assert "41111111" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"id": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"[1]", 422),
        (b"7", 422),
        (b"null", 422),
        (b"[" + b"{}," * 500 + b"{}]", 422),
        (b" " * (MEBIBYTE + 1), 413),
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused(site: Site, body, status):
    answer = await post(site, body)

    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert not site.outlet.sent


async def test_a_body_that_does_not_say_its_length_is_cut_off_all_the_same(site: Site):
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (MEBIBYTE // 16)

    async with site.client("ann") as client:
        answer = await client.post("/v1/transactions", content=parts())

    assert answer.status_code == 413


async def test_a_viewer_may_not_send_payments(site: Site):
    async with site.client("vic") as client:
        answer = await client.post("/v1/transactions", json=payment())

    assert answer.status_code == 403
    assert "analyst" in answer.json()["detail"]
    assert not site.outlet.sent


async def test_who_waits_gets_the_decisions_in_the_order_of_the_payments(site: Site):
    async def decide() -> None:
        for identity in ("T2", "T1"):
            site.context.waiters.resolve(decision(identity))

    site.outlet.then = decide

    answer = await post(site, [payment(), payment(id="T2")], "?wait=decision")

    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["decisions"]] == ["T1", "T2"]
    assert not site.context.waiters


async def test_a_payment_decided_before_is_answered_from_the_archive(site: Site):
    site.archive.kept["T1"] = {"id": "T1", "outcome": "decline"}

    answer = await post(site, payment(), "?wait=decision")

    assert answer.json() == {"decisions": [{"id": "T1", "outcome": "decline"}]}
    assert not site.context.waiters


async def test_what_is_not_decided_in_time_is_named_with_what_is(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    async def decide() -> None:
        site.context.waiters.resolve(decision("T1"))

    monkeypatch.setattr(awaiting, "PATIENCE", 0.05)
    site.outlet.then = decide

    answer = await post(site, [payment(), payment(id="T2")], "?wait=decision")

    assert answer.status_code == 504
    assert answer.json()["pending"] == ["T2"]
    assert [one["id"] for one in answer.json()["decisions"]] == ["T1"]
    assert len(site.outlet.sent) == 2
    assert not site.context.waiters


class Owner(httpx.AsyncByteStream):
    """Another worker's answer: it listens, and decides once payments are sent."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.sent = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"\n"
        await self.sent.wait()
        line = msgspec.json.encode(decision("T1")) + b"\n"
        yield line[:9]
        yield line[9:]

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, stream=self)


def pulse(url: str, *owned: int) -> Pulse:
    topics = {"terminal-activity": list(owned), "customer-activity": list(owned)}
    return Pulse("two", "score", url, AT, "running", topics)


async def test_the_worker_that_will_decide_is_asked_before_the_payment_is_sent(
    tmp_path: Path,
):
    owner = Owner()
    site = Site(tmp_path, owned=(0,), others=httpx.MockTransport(owner.answer))
    site.context.cluster.add(pulse("http://two", 3))

    async def decide() -> None:
        owner.sent.set()

    site.outlet.then = decide

    answer = await post(
        site, payment(terminal_id=key_in(3, prefix="P")), "?wait=decision"
    )

    (asked,) = owner.asked
    hop = site.signatures.read_hop(
        asked.headers[HOP_HEADER],
        method="POST",
        target="/internal/waits",
        now=site.auth.clock(),
    )
    assert [one["id"] for one in answer.json()["decisions"]] == ["T1"]
    assert hop is not None
    assert (hop.name, hop.body) == ("ann", digest(b'["T1"]'))
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers


async def test_a_worker_that_does_not_answer_is_made_up_for_by_the_archive(
    tmp_path: Path,
):
    def dead(_: httpx.Request) -> httpx.Response:
        message = "nobody listens"
        raise httpx.ConnectError(message)

    site = Site(tmp_path, owned=(0,), others=httpx.MockTransport(dead))
    site.context.cluster.add(pulse("http://two", 1, 2, 3))
    site.archive.kept["T1"] = {"id": "T1"}

    answer = await post(
        site, payment(terminal_id=key_in(3, prefix="P")), "?wait=decision"
    )

    assert answer.json() == {"decisions": [{"id": "T1"}]}


async def test_a_worker_tells_another_what_it_decides(site: Site):
    body = msgspec.json.encode(["T1", "T2"])
    lines = []
    stream = awaiting.stream(site.context, msgspec.json.decode(body))
    lines.append(await anext(stream))
    for identity in ("T2", "T1"):
        site.context.waiters.resolve(decision(identity))
        lines.append(await anext(stream))

    assert lines[0] == b"\n"
    assert [msgspec.json.decode(line)["id"] for line in lines[1:]] == ["T2", "T1"]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_user_with_more_rights_may_send_payments_too(tmp_path: Path):
    site = Site(tmp_path, users=(user("ann", "admin"),))

    answer = await post(site, payment())

    assert answer.status_code == 202

"""Entities: rows from here, from the worker that keeps them, and from nowhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest

from app.events.payments import Payment, Place
from app.features.customers import CustomerRow
from tests.web.site import Site, key_in, user
from tests.web.test_transactions import pulse
from web.auth import HOP_HEADER, Caller
from web.forward import Forwarder
from web.problems import Problem

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(identity: str) -> CustomerRow:
    found = CustomerRow()
    found.profile(Payment("T1", AT, identity, "P1", 1250, "EUR", AT, AT))
    return found


def two_sites(folder: Path) -> tuple[Site, Site]:
    """Return two workers, with partitions 0 and 1, and 2 and 3: the first asks."""
    for name in ("one", "two"):
        (folder / name).mkdir()
    two = Site(folder / "two", owned=(2, 3))
    others = httpx.ASGITransport(cast("Any", two.application))
    one = Site(folder / "one", owned=(0, 1), others=others)
    one.context.cluster.add(pulse("http://two", 2, 3))
    return one, two


async def test_a_row_kept_here_is_answered_from_here(tmp_path: Path):
    site = Site(tmp_path)
    site.table.rows[b"C1"] = row("C1")
    async with site.client("vic") as client:
        answer = await client.get("/v1/customers/C1")

    assert answer.json() == {
        "id": "C1",
        "worker": "one",
        "payments": 1,
        "last_payment_at": "2026-03-01T12:00:00Z",
        "last_place": None,
        "last_place_at": None,
        "phones": [],
        "lifetime": {"payments": 1, "frauds": 0},
        "frauds": [],
        "windows": {span: {"count": 1, "amount": 1250} for span in ("1d", "7d", "30d")},
    }


async def test_where_somebody_last_paid_is_for_analysts(tmp_path: Path):
    site = Site(tmp_path, users=(user("vic", "viewer"), user()))
    site.table.rows[b"C1"] = CustomerRow()
    paid = Payment("T1", AT, "C1", "P1", 1250, "EUR", AT, AT, place=Place(48.2, 16.4))
    site.table.rows[b"C1"].profile(paid)
    told = []
    for name in ("vic", "ann"):
        async with site.client(name) as client:
            told.append((await client.get("/v1/customers/C1")).json())

    assert [one["last_place"] for one in told] == [
        None,
        {"latitude": 48.2, "longitude": 16.4},
    ]
    assert [one["last_place_at"] for one in told] == [None, "2026-03-01T12:00:00Z"]


@pytest.mark.parametrize("odd", ["", "/x?y=%2F#ü|"])
async def test_a_row_kept_elsewhere_is_fetched_from_there(tmp_path: Path, odd: str):
    one, two = two_sites(tmp_path)
    identity = key_in(3, prefix=f"C{odd}")
    two.table.rows[identity.encode()] = row(identity)
    async with one.client("vic") as client:
        answer = await client.get(f"/v1/customers/{quote(identity, safe='')}")

    assert (answer.status_code, answer.json()["id"]) == (200, identity)


async def test_a_row_that_nobody_keeps_is_a_problem_wherever_it_would_be(
    tmp_path: Path,
):
    one, _ = two_sites(tmp_path)
    async with one.client("vic") as client:
        here = await client.get(f"/v1/customers/{key_in(0)}")
        there = await client.get(f"/v1/customers/{key_in(2)}")

    for answer in (here, there):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "nothing of customer" in answer.json()["detail"]


async def test_while_nobody_owns_a_row_it_is_to_be_asked_for_again(tmp_path: Path):
    site = Site(tmp_path)
    site.engine.sought = False
    async with site.client("vic") as client:
        answer = await client.get("/v1/customers/C1")

    assert answer.status_code == 503
    assert answer.json()["type"] == "/docs#rebalancing"
    assert int(answer.headers["retry-after"]) > 0


async def test_a_request_is_passed_on_once_and_no_more(tmp_path: Path):
    one, two = two_sites(tmp_path)
    two.engine.sought = False
    two.context.cluster.add(pulse("http://one", 2, 3))
    async with one.client("vic") as client:
        answer = await client.get(f"/v1/customers/{key_in(2)}")

    assert answer.status_code == 503
    assert "do not agree" in answer.json()["detail"]


async def test_a_request_passed_on_carries_a_signature_and_no_credentials(
    tmp_path: Path,
):
    asked = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    site = Site(tmp_path, owned=(), others=httpx.MockTransport(note))
    site.context.cluster.add(pulse("http://two", 0, 1, 2, 3))
    async with site.client("vic") as client:
        await client.get("/v1/customers/C1", headers={"cookie": "a=b"})

    (request,) = asked
    assert HOP_HEADER in request.headers
    assert not {"authorization", "cookie"} & request.headers.keys()


async def test_a_signature_of_another_request_lets_nobody_in(tmp_path: Path):
    one, two = two_sites(tmp_path)
    caught = []

    def note(request: httpx.Request) -> httpx.Response:
        caught.append(request.headers[HOP_HEADER])
        return httpx.Response(200)

    forwarder = Forwarder(one.signatures, transport=httpx.MockTransport(note))
    caller = Caller("vic", "viewer", "password")
    await forwarder.get("http://two", "/v1/customers/C1", caller)
    async with two.client() as client:
        headers = {HOP_HEADER: caught[0]}
        same = await client.get("/v1/customers/C1", headers=headers)
        other = await client.get("/v1/rules", headers=headers)

    assert same.status_code != 401
    assert other.status_code == 401


async def test_a_worker_that_is_gone_is_a_problem(tmp_path: Path):
    def dead(_: httpx.Request) -> httpx.Response:
        message = "nobody listens"
        raise httpx.ConnectError(message)

    site = Site(tmp_path)
    forwarder = Forwarder(site.signatures, transport=httpx.MockTransport(dead))

    with pytest.raises(Problem, match="http://two does not answer"):
        await forwarder.get("http://two", "/x", Caller("vic", "viewer", "session"))


async def test_a_decision_is_answered_in_full(tmp_path: Path):
    site = Site(tmp_path)
    site.archive.kept["T1"] = {"id": "T1", "at": AT, "hits": []}
    async with site.client("vic") as client:
        answer = await client.get("/v1/decisions/T1")

    assert answer.json() == {"id": "T1", "at": "2026-03-01T12:00:00Z", "hits": []}


async def test_the_running_rules_have_a_version(tmp_path: Path):
    async with Site(tmp_path).client("vic") as client:
        answer = (await client.get("/v1/rules")).json()

    assert answer["version"]
    assert answer["rules"]


async def test_the_workers_are_those_that_are_heard(tmp_path: Path):
    site = Site(tmp_path)
    site.context.cluster.add(pulse("http://two", 1))
    async with site.client("vic") as client:
        (worker,) = (await client.get("/v1/workers")).json()["workers"]

    assert (worker["worker"], worker["url"]) == ("two", "http://two")
    assert worker["owned"]["terminal-activity"] == [1]

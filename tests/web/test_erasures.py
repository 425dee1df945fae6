"""Erasure by HTTP and by command: who may, what is dropped, and what is kept of it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from app.cli import main
from app.commands import asking
from app.events.devices import Device
from app.events.erasures import Erased
from app.events.readings import Push
from app.local.server import Server
from tests.web.site import Site, user

PEOPLE = (user(), user("mia", "manager"))
WHY = {"reason": "the customer asked for it"}


def a_site(folder: Path, **settings: Any) -> Site:
    return Site(folder, users=PEOPLE, customer_keys="k1:" + "11" * 32, **settings)


@pytest.fixture
def site(tmp_path: Path, mongo: Server) -> Site:
    database = f"erasing-{uuid4().hex[:8]}"
    return a_site(tmp_path, mongo=mongo.address, database=database)


async def test_an_erased_customer_is_dropped_shut_out_and_told_of(site: Site):
    async with site.client("mia") as client:
        for name, whose in (("ann-1", "ann/1"), ("bob-1", "bob")):
            phone = {"id": name, "customer_id": whose, "name": f"{name}'s phone"}
            await client.post("/v1/devices", json=phone)
        done = await client.post("/v1/customers/ann%2F1/erasure", json=WHY)
        again = await client.post(
            "/v1/customers/ann%2F1/erasure", json={"reason": "once more"}
        )
        listed = await client.get("/v1/erasures")

    told = done.json()
    topics = [topic for topic, _, _ in site.outlet.sent[2:]]
    dropped = msgspec.json.decode(site.outlet.sent[4][2], type=Erased)
    ended = msgspec.json.decode(site.outlet.sent[3][2], type=Push)
    shut = msgspec.json.decode(site.outlet.sent[2][2], type=Device)
    assert (done.status_code, told["customer_id"]) == (200, "ann/1")
    assert (told["author"], told["reason"]) == ("mia", WHY["reason"])
    assert again.json() == told
    assert listed.json() == {"erasures": [told]}
    assert topics == ["devices", "sensor-readings", "customer-activity"] * 2
    assert site.outlet.sent[4][1] == b"ann/1"
    assert site.outlet.sent[3][1] == b"ann-1"
    assert (ended.device_id, ended.customer_id, ended.message) == ("ann-1", "ann/1", [])
    assert ended.erased_at == dropped.erased_at
    assert dropped.customer_id == "ann/1"
    assert (shut.id, shut.customer_id, shut.name) == ("ann-1", None, "")
    assert shut.secret_hash == ""
    assert site.devices.present.entries["bob-1"].secret_hash


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("ann", WHY, 403, "needs manager"),
        ("mia", {"reason": "x"}, 422, "reason: got 1 characters, expected 3 to 200"),
        ("mia", {}, 422, "reason"),
        ("mia", {**WHY, "sure": True}, 422, "sure"),
        ("mia", b"{", 400, "no JSON"),
    ],
)
async def test_who_may_not_or_says_not_why_erases_nobody(
    tmp_path: Path, name: str, body: Any, status: int, words: str
):
    site = a_site(tmp_path)
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    async with site.client(name) as client:
        told = await client.post("/v1/customers/c/erasure", content=content)

    assert (told.status_code, site.outlet.sent) == (status, [])
    assert words in told.json()["detail"]


async def test_what_is_no_customer_s_id_erases_nobody(tmp_path: Path):
    site = a_site(tmp_path)
    async with site.client("mia") as client:
        told = await client.post(f"/v1/customers/{'c' * 65}/erasure", json=WHY)

    assert (told.status_code, site.outlet.sent) == (422, [])
    assert "expected str of length <= 64" in told.json()["detail"]


async def test_where_nothing_is_sealed_or_mongo_is_away_nobody_is_erased(
    tmp_path: Path,
):
    away = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50"
    open_ = Site(tmp_path, users=PEOPLE)
    lost = a_site(tmp_path, mongo=away)
    told = []
    for site in (open_, lost):
        async with site.client("mia") as client:
            told.append(await client.post("/v1/customers/c/erasure", json=WHY))
    async with lost.client("mia") as client:
        told.append(await client.get("/v1/erasures"))

    assert [one.status_code for one in told] == [409, 503, 503]
    assert "SMARTBANK_CUSTOMER_KEYS: not set" in told[0].json()["detail"]
    assert open_.outlet.sent == lost.outlet.sent == []


def test_the_command_asks_and_says_who_erased(monkeypatch: pytest.MonkeyPatch):
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        told = {"author": "mia", "erased_at": "2026-03-01T12:00:00Z", **WHY}
        return httpx.Response(200, json=told)

    class Client(httpx.Client):
        def __init__(self, **options: Any) -> None:
            super().__init__(transport=httpx.MockTransport(answer), **options)

    monkeypatch.setattr(asking, "Client", Client)
    monkeypatch.setenv("SMARTBANK_TOKEN", "t")
    command = ["erase", "ann/1", "--reason", WHY["reason"]]

    no = CliRunner().invoke(main, command, input="n\n")
    yes = CliRunner().invoke(main, [*command, "--yes"])

    assert no.exit_code == 1
    assert [one.url.raw_path for one in asked] == [b"/v1/customers/ann%2F1/erasure"]
    assert msgspec.json.decode(asked[0].content) == WHY
    assert yes.output.startswith("ann/1 was erased by mia at 2026-03-01T12:00:00Z")

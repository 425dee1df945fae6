"""What nobody may read, sent by every way in, is only where the table says."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic, time_ns
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import polars as pl
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from elasticsearch import ApiError, AsyncElasticsearch
from motor.motor_asyncio import AsyncIOMotorClient
from playwright.sync_api import expect, sync_playwright

from app.engine.partitioner import partition_for
from app.local import mosquitto
from app.local.certificates import certificate
from app.local.ports import free_port
from app.local.server import Server
from app.mqtt import Broker
from app.sensors.registry import hashed
from app.sources.publishing import publish
from app.topics import ensure_topics
from tests.canaries import Canaries, Places, allowed, card, fours, unlike
from tests.conftest import serving
from tests.road import Road, ready, records
from tests.web.console.conftest import CHROMIUM, FLAGS, PATIENCE_MS
from tests.web.site import user, users_file
from web.console.application import FOLDERS, SINGLE

DATABASE = "canaries"
ROLES = {"viewer": "vic", "analyst": "ann", "manager": "mia"}
PATIENCE = 240.0
PAYMENT, DEVICE, TERMINAL = "T-canary", "phone-canary", "P-canary"
SECOND = "T-canary-2"
CUSTOMER, PAYEE = "C-canary-Žofia-Kanárek", "B-canary-Ottokar-Vogel"
NOW = datetime.now(UTC)


@dataclass
class Bank:
    """A bank that runs, what is looked for in it, and where it was found."""

    kafka: str
    mongo: str
    elastic: str
    influx: str
    broker: Server
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    canaries: Canaries = field(default_factory=Canaries)
    found: Places = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    wrong: int = 0

    def saw(self, place: str, *parts: bytes | str | None) -> None:
        """Look into what is at a place."""
        for what in self.canaries.found(*parts):
            self.found.setdefault(what, set()).add(place)

    def client(self, role: str, worker: str = "one") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.ports[worker]}",
            auth=(ROLES[role], self.passwords[role]) if role else None,
            timeout=60,
            trust_env=False,
        )

    async def publish(self, device: str, message: bytes) -> None:
        """Publish a message over MQTT, as a device does."""
        folder = self.broker.folder
        cert, key = map(str, certificate(folder, device))
        broker = Broker(self.broker.address, cert, key, str(folder / "ca.pem"))
        await publish(broker, device, [(0.0, message)], pace=None)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """A broker over mutual TLS; its files are among those of the workers."""
    with serving(mosquitto.mosquitto_server, tmp_path / "road" / "mosquitto") as server:
        yield server


@pytest.fixture
def bank(
    own_kafka: Server,
    mongo: Server,
    elastic: Server,
    influx: Server,
    broker: Server,
    tmp_path: Path,
) -> Iterator[Bank]:
    """A bank with every store; its workers run."""
    series = influx.address.replace("db=smartbank", f"db={DATABASE}")
    found = Bank(
        own_kafka.address, mongo.address, elastic.address, series, broker, tmp_path
    )
    secret = "what lets somebody in"
    users = []
    for number, (role, name) in enumerate(ROLES.items()):
        found.passwords[role] = found.canaries.text(secret, f"canary-word-{number}-uq7")
        users.append(user(name, role, found.passwords[role]))
    environment = mosquitto.environment(broker) | {
        "SMARTBANK_MONGO": found.mongo,
        "SMARTBANK_ELASTIC": found.elastic,
        "SMARTBANK_INFLUX": found.influx,
        "SMARTBANK_DATABASE": DATABASE,
        "SMARTBANK_USERS_FILE": users_file(tmp_path / "users.jsonl", *users),
        "SMARTBANK_TOKEN_KEY": found.canaries.text(secret, "7e" * 16 + "c4" * 16),
        "SMARTBANK_SESSION_KEY": found.canaries.text(secret, "5b" * 16 + "d8" * 16),
        "SMARTBANK_CUSTOMER_KEYS": "c1:"
        + found.canaries.text(secret, "6a" * 16 + "f3" * 16),
    }
    folder = tmp_path / "road"
    score = Road(found.kafka, folder, environment=environment.copy())
    asyncio.run(ensure_topics(score.settings))
    deliver = Road(found.kafka, folder, "deliver", environment=environment.copy())
    sketch = Road(found.kafka, folder, "sketch", environment=environment.copy())
    with score.running(), deliver.running(), sketch.running():
        for road, name in ((score, "one"), (deliver, "two"), (sketch, "three")):
            found.ports[name] = free_port()
            road.environment["SMARTBANK_WEB_PORT"] = str(found.ports[name])
            road.start(name)
        yield found


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.mqtt
def test_what_nobody_may_read_is_only_where_the_table_says(bank: Bank) -> None:
    table = allowed()
    asyncio.run(send(bank))
    look(bank)
    for role in ("viewer", "analyst"):
        browse(bank, role)
    deadline = monotonic() + PATIENCE
    while not whole(bank.found, table) and monotonic() < deadline:
        look(bank)  # some tables are stored, and some stores written to, later

    assert bank.canaries.kinds == table.keys()
    assert unlike(bank.found, table) == []


def look(bank: Bank) -> None:
    """Look everywhere but at pages; what a viewer may see, all may."""
    asyncio.run(ask(bank))
    asyncio.run(search(bank))
    files(bank)
    for places in bank.found.values():
        if "viewer" in places:
            places.add("analyst")


def whole(found: Places, may: Places) -> bool:
    """Say whether everything was found wherever it may be."""
    return all(there <= found.get(what, set()) for what, there in may.items())


async def send(bank: Bank) -> None:
    """Send canaries by every way in, and wait until they have gone all the way."""
    async with (
        bank.client("manager") as mia,
        bank.client("manager", "two") as two,
        bank.client("manager", "three") as three,
        producing(bank) as tell,
    ):
        await ready(mia)
        await ready(two)
        await ready(three)
        token = await sensors(bank, mia)
        await told(bank, tell)
        await posted(bank, mia)
        await wrong(bank, tell)
        await refused(bank, mia, token)
        await delivered(bank, mia)


@asynccontextmanager
async def producing(bank: Bank) -> AsyncIterator[Any]:
    async with AIOKafkaProducer(bootstrap_servers=bank.kafka) as producer:

        async def tell(topic: str, key: str, value: dict[str, Any] | bytes) -> None:
            data = value if isinstance(value, bytes) else msgspec.json.encode(value)
            partition = partition_for(key.encode(), 4)
            await producer.send_and_wait(topic, data, key.encode(), partition)

        yield tell


def payment(identity: str, **fields: Any) -> dict[str, Any]:
    valid = {
        "id": identity,
        "occurred_at": NOW.isoformat(),
        "customer_id": CUSTOMER,
        "terminal_id": TERMINAL,
        "amount": 1250,
        "currency": "EUR",
    }
    return {**valid, **fields}


async def sensors(bank: Bank, mia: httpx.AsyncClient) -> str:
    """Register a phone, whose name holds a number; push where it is, publish it too."""
    text = bank.canaries.text
    wanted = {
        "id": DEVICE,
        "customer_id": CUSTOMER,
        "name": f"of {text('a card number in a text that somebody writes', card(1))}",
    }
    made = (await mia.post("/v1/devices", json=wanted)).json()
    address = text("what lets somebody in", made["token"].partition(".")[2])
    text("the hash of a device's secret", hashed(address))
    pushed = await mia.post(f"/v1/sensors/{made['token']}", json=message(bank, 1))
    assert pushed.status_code == 200, pushed.text
    published = msgspec.json.encode(message(bank, 2))
    async with asyncio.timeout(PATIENCE):  # a worker may still be on its way there
        while (await mia.get(f"/v1/devices/{DEVICE}")).json().get("messages", 0) < 2:
            await bank.publish(DEVICE, published)
    return str(made["token"])


def message(bank: Bank, number: int) -> dict[str, Any]:
    """Build what a phone sends: where it is, its network, and a note."""
    text = bank.canaries.text
    home = 47.83721946, -14.25190837
    bank.canaries.position("where a phone is", *home)
    values = {"latitude": home[0], "longitude": home[1], "horizontalAccuracy": 5.0}
    network = "by which others know a phone"
    return {
        "messageId": number,
        "sessionId": text(network, "canary-session-4f1d"),
        "deviceId": text(network, "canary-installation-93ae"),
        "payload": [
            {"name": "location", "time": time_ns(), "values": values},
            {
                "name": "network",
                "time": time_ns(),
                "values": {
                    "ssid": text(network, "Kanárek daheim"),
                    "ipAddress": text(network, "198.51.100.201"),
                    "publicAddress": text(network, "2001:db8:ca4a:51::7"),
                    "strength": 61.0,
                },
            },
            {
                "name": "annotation",
                "time": time_ns(),
                "values": {"text": text("a note beside a reading", "canary at zoo")},
            },
        ],
    }


async def told(bank: Bank, tell: Any) -> None:
    """Write good records to the raw topics, as other programs do."""
    text = bank.canaries.text
    place = {"latitude": 48.20851234, "longitude": 16.37211234}
    bank.canaries.position("where a payment was made", *place.values())
    paid = payment(
        PAYMENT,
        card_number=text("the number of a card that pays", card(2)),
        customer_id=text("a customer's id", CUSTOMER),
        beneficiary_id=text("the id of a payee", PAYEE),
        place=place,
    )
    await tell("transactions", "any", paid)
    event = {
        "id": "E-canary",
        "occurred_at": NOW.isoformat(),
        "customer_id": CUSTOMER,
        "kind": "beneficiary-added",
        "beneficiary_id": PAYEE,
        "action": f"/CARDS/{text('a number in the action of an app event', card(15))}",
        "ip": text("the internet address of an app event", "203.0.113.147"),
        "user_agent": "Chrome/126 "
        + text("the user agent of an app event", "zofia.kanarek@canary.example"),
    }
    await tell("app-events", CUSTOMER, event)
    label = {
        "type": "label",
        "transaction_id": PAYMENT,
        "customer_id": CUSTOMER,
        "terminal_id": TERMINAL,
        "occurred_at": NOW.isoformat(),
        "labelled_at": (NOW + timedelta(minutes=1)).isoformat(),
        "fraud": True,
        "scenario": f"{text('the scenario of a label', 'canary on a wire')} "
        + text("a number in the scenario or author of a label", card(3)),
        "author": "\u00a0".join(fours(card(3))),
    }
    await tell("labels", CUSTOMER, label)
    unknown = "T-canary-unknown"
    aside = {
        "transaction_id": unknown,
        "labelled_at": NOW.isoformat(),
        "fraud": True,
        "scenario": "canary on a wire " + "\u2013".join(fours(card(3))),
        "author": card(3),
    }
    await tell("labels-by-transaction", unknown, aside)


async def posted(bank: Bank, mia: httpx.AsyncClient) -> None:
    """Post payments, events, labels, list entries and rules."""
    text, written = bank.canaries.text, "a card number in a text that somebody writes"
    answers = [
        await mia.post(
            "/v1/transactions?wait=decision",
            json=payment(
                SECOND,
                card_number=text("the number of a card that pays", card(4)),
            ),
        ),
        await mia.post(
            "/v1/app-events",
            json={
                "id": "E-canary-2",
                "occurred_at": NOW.isoformat(),
                "customer_id": CUSTOMER,
                "kind": "log-in",
                "ip": text("the internet address of an app event", "203.0.113.148"),
            },
        ),
        await mia.post(
            "/v1/labels",
            json={
                "transaction_id": SECOND,
                "fraud": False,
                "scenario": f"it was {text(written, card(5))}",
            },
        ),
        await mia.post(
            "/v1/lists",
            json={
                "kind": "card",
                "value": text("the number of a card on a list", card(6)),
                "verdict": "block",
                "reason": f"like {text(written, card(7))} of eve@canary.example",
            },
        ),
        await mia.post(
            "/v1/lists",
            headers={"content-type": "text/csv"},
            content="kind,value,verdict,reason\ncard,"
            + text("the number of a card on a list", card(8))
            + ",block,stolen\n",
        ),
    ]
    text(written, "eve@canary.example")
    for kind in (6, 8):
        reason = f"not {text(written, card(9))}"
        where = f"/v1/lists/block/card/{card(kind)}?reason={quote(reason)}"
        answers.append(await mia.delete(where))
    reason = f"asked with card {text(written, card(14))}"
    gone = "/v1/customers/C-gone/erasure"
    answers.append(await mia.post(gone, json={"reason": reason}))
    present = await mia.get("/v1/rules")
    rule = {
        "name": "canary-rule",
        "expression": "customer_count_1d > 1000",
        "score": 1,
        "reason": "{value:.0f} payments",
        "state": "shadow",
    }
    answers.append(
        await mia.put(
            "/v1/rules/canary-rule",
            headers={"if-match": present.headers["etag"]},
            params={"comment": f"because of {text(written, card(10))}"},
            json=rule,
        )
    )
    made = await mia.post("/v1/tokens", json={"hours": 1, "role": "viewer"})
    text("what lets somebody in", made.json()["token"])
    for one in answers:
        assert one.is_success, one.text
        bank.saw("answers to senders", one.content, str(one.headers))


async def wrong(bank: Bank, produce: Any) -> None:
    """Write what becomes dead letters, secrets at the wrong places in it."""
    text, bad = bank.canaries.text, "what is stated in a record that does not fit"
    name, number = text(bad, "Ottilie Kanárková"), text(bad, card(11))
    mail, address = text(bad, "otti@canary.example"), text(bad, "203.0.113.149")
    spaced = " ".join(re.findall("....", number))

    async def tell(topic: str, key: str, value: dict[Any, Any] | bytes) -> None:
        bank.wrong += 1
        await produce(topic, key, value)

    fields: dict[Any, Any]
    for fields in (
        {"customer_name": name},
        {"card_number": int(number)},
        {"card_number": spaced},
        {number: name},
        {mail: name},
        {"terminal_id": f"{spaced} {mail}"},
        {"device_id": f"{mail}\n{address}"},
        {"merchant_id": [mail, number]},
        {"currency": mail},
        {"occurred_at": number},
        {"occurred_at": mail},
        {"place": {"latitude": number, "longitude": mail}},
        {"channel": f"{address}"},
    ):
        await tell("transactions", "any", payment("T-canary-3", **fields))
    await tell("transactions", mail, f'{{"id": {number} {mail} {name}'.encode())
    event = {"id": "E3", "occurred_at": NOW.isoformat(), "customer_id": CUSTOMER}
    for fields in (
        {"ip": f"{address}:443"},
        {"ip": number},
        {"device_id": f"at {address}"},
        {"user_agent": 7, "name": name},
        {"user_agent": f"{mail} {number}" * 50},
        {"action": f"/transfer?to={mail}"},
        {"country": address},
    ):
        await tell("app-events", CUSTOMER, event | fields)
    for fields in ({"kind": mail}, {"scenario": f"{number} " * 99}, {number: name}):
        await tell("labels", CUSTOMER, {"type": "label"} | fields)
    push = {"device_id": DEVICE, "customer_id": CUSTOMER, "kind": mail}
    await tell("sensor-readings", DEVICE, push)
    for told_of in ({"name": f"{mail}"}, {"name": f"{spaced}/{address}"}):
        one = {"time": time_ns(), "values": {}} | told_of
        message = {"messageId": 9, "sessionId": mail, "deviceId": "d", "payload": [one]}
        await tell(
            "sensor-readings", DEVICE, push | {"kind": "phone", "message": message}
        )
    for device in (DEVICE, "phone-unknown"):
        bank.wrong += 1
        await bank.publish(device, f'{{"messageId": {number} {mail} {name}'.encode())
    for topic in ("customer-activity", "terminal-activity", "decisions", "readings"):
        await tell(
            topic, CUSTOMER, {"type": f"{mail} {number}", "id": number, mail: name}
        )


async def refused(bank: Bank, mia: httpx.AsyncClient, token: str) -> None:
    """Post what is refused; no answer may repeat a secret, nor a log have it."""
    text, bad = bank.canaries.text, "what is stated in a request that is refused"
    number, mail = text(bad, card(12)), text(bad, "ludek@canary.example")
    address = text(bad, "203.0.113.150")
    for path, body in (
        ("/v1/transactions", payment("T4", card_number=f"{number}1")),
        ("/v1/transactions", payment("T4", card_number=number, currency=mail)),
        ("/v1/transactions", payment("T4", terminal_id=f"{number} {mail}")),
        ("/v1/transactions", payment("T4", **{number: 1})),
        ("/v1/app-events", {"id": f"{address} {mail}"}),
        ("/v1/labels", {"transaction_id": number * 9}),
        ("/v1/lists", {"kind": "card", "value": f"{number}1"}),
        ("/v1/devices", {"id": f"{mail}"}),
        (f"/v1/sensors/{token}", {"payload": [{"name": mail, "time": number}]}),
        (f"/v1/sensors/{token}x", {"payload": [{"name": mail, "time": number}]}),
    ):
        answer = await mia.post(path, json=body)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        bank.saw("answers to senders", answer.content, str(answer.headers))


async def delivered(bank: Bank, mia: httpx.AsyncClient) -> None:
    """Wait until everything is where it goes."""
    archive = bank.folder / "road" / "archive"

    async def letters() -> int:
        return len([one async for one in records(bank.kafka, "dead-letters")])

    async def rows(of: str) -> int:
        files = list((archive / of).rglob("*.parquet"))
        return sum(pl.read_parquet(one).height for one in files)

    async def decided() -> int:
        told = [await mia.get(f"/v1/decisions/{one}") for one in (PAYMENT, SECOND)]
        return sum(one.is_success for one in told)

    async def notes() -> int:
        stored = await series(bank)
        return sum(len(o["values"]) for o in stored if o["name"] == "annotation")

    waiting: dict[str, tuple[Callable[[], Awaitable[int]], int]] = {
        "decisions": (decided, 2),
        "archived decisions": (partial(rows, "decisions"), 2),
        "archived labels": (partial(rows, "labels"), 2),
        "notes": (notes, 2),
        "dead letters": (letters, bank.wrong),
    }
    for what, (count, expected) in waiting.items():
        deadline = monotonic() + PATIENCE
        while (got := await count()) < expected:
            assert monotonic() < deadline, f"{got} {what}, expected {expected}"
            await asyncio.sleep(0.5)


async def series(bank: Bank) -> list[Any]:
    url = bank.influx.replace("/write?", "/query?")
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        told = await client.get(url, params={"db": DATABASE, "q": "SELECT * FROM /.*/"})
    return list(told.json()["results"][0].get("series", ()))


async def ask(bank: Bank) -> None:
    """Ask every address that answers a GET, as each role, with every id there is."""
    known = (CUSTOMER, PAYMENT, TERMINAL, DEVICE, "canary-rule", SECOND)
    for worker in bank.ports:
        async with bank.client("", worker) as nobody:
            for path in ("/metrics", "/healthz", "/readyz", "/login"):
                answer = await nobody.get(path)
                bank.saw("answers to nobody in particular", answer.content)
    for role in ("viewer", "analyst"):
        async with bank.client(role) as client:
            paths = (await client.get("/openapi.json")).json()["paths"]
            asked = [path for path, methods in paths.items() if "get" in methods]
            assert len(asked) > 20
            for path in asked:
                for one in known if "{" in path else ("",):
                    where = re.sub(r"\{[^}]+\}", quote(one, safe=""), path)
                    answer = await client.get(where)
                    bank.saw(role, answer.content, str(answer.headers))


def browse(bank: Bank, role: str) -> None:
    """Open every page of the console; look at all that the browser gets."""
    of = {"transactions": PAYMENT, "devices": DEVICE, "customers": CUSTOMER}
    of |= {"rules": "canary-rule", "terminals": TERMINAL}
    folders = [(path, of.get(path.strip("/").rpartition("/")[2])) for path in FOLDERS]
    paths = [*SINGLE, *(path for path, _ in folders)]
    paths += [path + quote(one, safe="") for path, one in folders if one]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{bank.ports['one']}",
            http_credentials=None,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        told: list[str] = []
        page.goto("/login?next=/ui/")
        page.get_by_label("Name").fill(ROLES[role])
        page.get_by_label("Password").fill(bank.passwords[role])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/ui/**")  # another page would cut the log-in short
        for path in paths:
            page.goto(path)
            page.locator("#page h1").first.wait_for()
            expect(page.locator("#page .skeleton")).to_have_count(0)
            told.append(page.content())
        for cookie in context.cookies():
            bank.canaries.text("what lets somebody in", cookie["value"])
        browser.close()
    assert len(told) == len(paths)
    bank.saw(role, *told)


async def search(bank: Bank) -> None:
    """Look into every topic and every store."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bank.kafka)
    await admin.start()
    topics = [name for name in await admin.list_topics() if not name.startswith("__")]
    await admin.close()
    assert len(topics) > 20
    for topic in topics:
        changelog = re.fullmatch(rf"{DATABASE}-[a-z]+-(.*)-changelog", topic)
        place = f"{changelog[1]} table" if changelog else topic
        async for record in records(bank.kafka, topic):
            bank.saw(place, record.key, record.value)
            for name, value in record.headers:
                bank.saw(f"headers of {place}", name, value)
    for one in await series(bank):
        bank.saw("influx", msgspec.json.encode(one))
    await _mongo(bank)
    await _elastic(bank)


async def _mongo(bank: Bank) -> None:
    client = AsyncIOMotorClient(bank.mongo)
    database = client[DATABASE]
    raw = CodecOptions(document_class=RawBSONDocument)
    names = await database.list_collection_names()
    assert {"decisions", "labels_aside"} <= set(names)
    for name in names:
        place = "mongo" if name == "decisions" else f"mongo {name}"
        async for one in database.get_collection(name, codec_options=raw).find():
            bank.saw(place, one.raw)
    client.close()


async def _elastic(bank: Bank) -> None:
    client = AsyncElasticsearch(bank.elastic, request_timeout=60)
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(ApiError):  # an index that is being made answers 503
                await client.indices.refresh(index=f"{DATABASE}-*")
                hits = await client.search(index=f"{DATABASE}-*", size=1000)
                if hits["hits"]["hits"]:
                    break
            await asyncio.sleep(0.2)
    bank.saw("elastic", msgspec.json.encode(hits.body))
    mapping = await client.indices.get_mapping(index=f"{DATABASE}-*")
    bank.saw("elastic", msgspec.json.encode(mapping.body))
    await client.close()


def files(bank: Bank) -> None:
    """Look into every file of the workers: archive, logs and all else."""
    for path in (bank.folder / "road").rglob("*"):
        with suppress(FileNotFoundError):  # it got another name, and is looked at so
            _file(bank, path)


def _file(bank: Bank, path: Path) -> None:
    if not path.is_file():
        return
    place = "log" if path.suffix == ".log" else "other files"
    if path.suffix == ".parquet":
        place = "parquet"
        rows = pl.read_parquet(path).to_dicts()
        bank.saw(place, msgspec.json.encode(rows))
    bank.saw(place, path.read_bytes(), str(path))

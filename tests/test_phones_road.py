"""Phones on a real road: recordings in by HTTP, readings and news out of Kafka."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time_ns
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from app.errors import ServiceError
from app.events.payments import Place
from app.events.readings import Readings
from app.local import mosquitto
from app.local.certificates import certificate
from app.local.kafka import kafka_server
from app.local.ports import free_port
from app.local.server import Server
from app.mqtt import Broker
from app.privacy.envelopes import Keys
from app.simulate.journeys import Journey
from app.simulate.locks import Lock
from app.sources.publishing import publish
from app.sources.recordings import messages, read
from tests.conftest import serving
from tests.recorded import NAMES, recorded, truth
from tests.road import Road, ready, records
from tests.web.site import PASSWORD, PAYMENT, user, users_file

ROOT = Path(__file__).parent.parent
LINZ = {"latitude": 48.3069, "longitude": 14.2858}
VIENNA = {"latitude": 48.2082, "longitude": 16.3738}
PATIENCE = 240.0
KEYS = f"k1:{'ab' * 32},k2:{'cd' * 32}"

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = "phones-road"
"""Of the worker that delivers, whose Elasticsearch is everybody's."""


@dataclass
class Bank:
    """A worker that scores, one that delivers, and a manager's client."""

    kafka: str
    series: str
    url: str
    client: httpx.AsyncClient
    elastic: str

    async def register(self, device: str, **fields: Any) -> str:
        """Register a phone; return its address."""
        wanted = {"id": device, "customer_id": f"of-{device}", **fields}
        told = await self.client.post("/v1/devices", json=wanted)
        assert told.status_code == 201, told.text
        return f"{self.url}{told.json()['path']}"

    async def state(self, device: str, *, messages: int) -> dict[str, Any]:
        """Return a device's row once it counts so many messages."""
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await self.client.get(f"/v1/devices/{device}")
                if told.status_code == 200 and told.json()["messages"] >= messages:
                    return told.json()
                await asyncio.sleep(0.05)

    async def readings(self, device: str) -> list[Readings]:
        """Return what Kafka has of a device, message by message."""
        return [
            msgspec.json.decode(record.value, type=Readings)
            async for record in records(self.kafka, "readings")
            if record.key == device.encode()
        ]

    async def stored(self, device: str, *, count: int) -> list[dict[str, Any]]:
        """Return what InfluxDB has of a device once it is so many points."""
        async with asyncio.timeout(PATIENCE):
            while True:
                query = f"SELECT * FROM /.*/ WHERE device='{device}'"  # noqa: S608
                found = asked(self.series, query)
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.2)

    async def searchable(self, device: str, *, count: int) -> list[dict[str, Any]]:
        """Return what Elasticsearch has of a device once it is so many documents."""
        url = f"{self.elastic}/{DATABASE}-readings-*/_search"
        asked = {"query": {"term": {"device_id": device}}, "size": 10_000}
        async with (
            asyncio.timeout(PATIENCE),
            httpx.AsyncClient(trust_env=False, timeout=60) as client,
        ):
            while True:
                told = await client.post(url, json=asked)
                found = told.json().get("hits", {}).get("hits", [])
                if len(found) >= count:
                    return [one["_source"] for one in found]
                await asyncio.sleep(0.5)

    async def activity(self, customer: str) -> list[dict[str, Any]]:
        """Return what a customer's log has."""
        return [
            msgspec.json.decode(record.value)
            async for record in records(self.kafka, "customer-activity")
            if record.key == customer.encode()
        ]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A broker over mutual TLS, as AWS IoT Core is one."""
    if not mosquitto.installed():
        pytest.skip("mosquitto is not installed")
    with serving(
        mosquitto.mosquitto_server, tmp_path_factory.mktemp("mosquitto")
    ) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bank(
    influx: Server,
    elastic: Server,
    broker: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Bank]:
    """A bank of this module's own."""
    folder = tmp_path_factory.mktemp("phones")
    server = kafka_server(folder / "kafka")
    if "missing" in server.stand_in:
        pytest.skip(server.stand_in)
    server.start()
    port = free_port()
    environment = {
        "SMARTBANK_USERS_FILE": users_file(
            folder / "users.jsonl", user("mia", "manager")
        ),
        "SMARTBANK_WEB_PORT": str(port),
        "SMARTBANK_READINGS_KEYS": KEYS,
    }
    environment |= mosquitto.environment(broker)
    series = {"SMARTBANK_WEB_PORT": "0", "SMARTBANK_INFLUX": influx.address}
    series |= {"SMARTBANK_ELASTIC": elastic.address, "SMARTBANK_DATABASE": DATABASE}
    url = f"http://127.0.0.1:{port}"
    road = Road(server.address, folder / "road", environment=environment)
    try:
        server.wait_until_ready()
        deliver = Road(
            server.address, folder / "two", "deliver", environment=environment | series
        )
        with road.running("one"), deliver.running("two"):
            async with httpx.AsyncClient(
                base_url=url, auth=("mia", PASSWORD), timeout=60, trust_env=False
            ) as client:
                await ready(client)
                yield Bank(server.address, influx.address, url, client, elastic.address)
    finally:
        server.stop()


def asked(series: str, query: str) -> list[dict[str, Any]]:
    """Ask InfluxDB; return rows, `sensor` being what they are of, times in ns."""
    url = series.replace("/write?", "/query?")
    told = httpx.get(
        url,
        params={"db": "smartbank", "q": query, "epoch": "ns"},
        timeout=60,
        trust_env=False,
    ).json()
    return [
        {"sensor": one["name"], **dict(zip(one["columns"], row, strict=True))}
        for one in told["results"][0].get("series", ())
        for row in one["values"]
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_a_real_drive_goes_in_by_http_and_every_reading_comes_out_once(
    bank: Bank, name: str
):
    folder = recorded(name)
    address = await bank.register(name, keep_raw=True)
    sent = len(list(messages(read(folder))))
    command = "from app.cli import main; main()"
    for _ in range(2):  # all of it twice: repeats are dropped
        words = ("-c", command, "replay", str(folder), "--to", address)
        made = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT)
        assert await made.wait() == 0

    state = await bank.state(name, messages=2 * sent)
    stored = await bank.stored(name, count=state["readings"])

    told = await bank.readings(name)
    summed = await bank.searchable(name, count=len(told))
    found = [one for message in told for one in message.readings]
    places = {one["time"]: one for one in stored if one["sensor"] == "location"}
    assert len(stored) == len(found)
    assert state["messages"] - state["repeats"] == sent  # who is unsure sends again
    assert state["readings"] == len(found)
    assert len(summed) == len(told)
    assert sum(one["readings"] for one in summed) == len(found)
    for file in sorted(folder.glob("*.csv")):
        if file.stem == "Metadata":
            continue
        expected = truth(folder, file.stem)
        got = {one.time: one for one in found if one.sensor == file.stem.lower()}
        assert got.keys() == expected.keys()
        if file.stem == "Location":
            for time, row in expected.items():
                for axis in ("latitude", "longitude"):
                    assert abs(float(row[axis]) - float(got[time].values[axis])) < 1e-7
                    assert abs(float(row[axis]) - places[time][axis]) < 1e-7
    assert len(found) == len({(one.sensor, one.time) for one in found})


async def test_an_exported_file_sent_twice_counts_once(bank: Bank):
    folder = recorded("android-drive")
    address = await bank.register("export")
    rows = [row for row in read(folder).rows if row["sensor"] == "Location"]
    body = msgspec.json.encode(rows)
    for _ in range(2):
        told = await bank.client.post(address, content=body)
        assert told.status_code == 200, told.text

    state = await bank.state("export", messages=2)

    assert (state["repeats"], state["readings"]) == (1, len(rows))
    assert len(msgspec.json.encode(read(folder).rows)) > len(body)


async def test_a_card_used_far_from_the_phone_is_reviewed_with_both_numbers(
    bank: Bank,
):
    address = await bank.register("thief", customer_id="C-robbed")
    now = datetime.now(UTC)
    seen = now - timedelta(seconds=40)
    body = {
        "messageId": 1,
        "sessionId": "s",
        "deviceId": "d",
        "payload": [
            {
                "name": "location",
                "time": round(seen.timestamp() * 1e6) * 1000,
                "values": {**VIENNA, "horizontalAccuracy": 8.0},
            }
        ],
    }
    assert (await bank.client.post(address, json=body)).status_code == 200
    async with asyncio.timeout(PATIENCE):
        while not (await _phones(bank, "C-robbed")):  # noqa: ASYNC110 - told by HTTP
            await asyncio.sleep(0.05)

    payment = PAYMENT | {
        "id": "far-away",
        "customer_id": "C-robbed",
        "occurred_at": now.isoformat(),
        "place": LINZ,
    }
    told = await bank.client.post("/v1/transactions?wait=decision", json=payment)

    (decision,) = told.json()["decisions"]
    (hit,) = decision["hits"]
    assert decision["outcome"] == "review"
    assert hit["rule"] == "card-away-from-phone"
    assert hit["reason"].startswith(
        "card used 155 km from the phone, seen 40 s before (8 m accuracy)"
    )


async def test_cash_from_a_machine_that_was_tilted_is_reviewed_with_both_numbers(
    bank: Bank,
):
    address = await bank.register(
        "machine", kind="atm", customer_id=None, terminal_id="T-tilted"
    )
    now = datetime.now(UTC)
    path = [(60, 0.5), (35, 14.5), (34, 14.5), (2, 0.5)]  # minutes before, degrees
    body = {
        "messageId": 1,
        "sessionId": "s",
        "deviceId": "d",
        "payload": [
            {
                "name": "atm",
                "time": round((now - timedelta(minutes=ago)).timestamp() * 1e6) * 1000,
                "values": {"tilt": tilt, "vibration": 0.1, "door": 0},
            }
            for ago, tilt in path
        ],
    }
    assert (await bank.client.post(address, json=body)).status_code == 200
    async with asyncio.timeout(PATIENCE):
        while not (alarms := await _alarms(bank, "T-tilted")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [one["kind"] for one in alarms] == ["tilt"]

    payment = PAYMENT | {
        "id": "cash",
        "customer_id": "C-cash",
        "terminal_id": "T-tilted",
        "channel": "atm",
        "occurred_at": now.isoformat(),
    }
    elsewhere = payment | {"id": "elsewhere", "terminal_id": "T-upright"}
    told = await bank.client.post("/v1/transactions?wait=decision", json=payment)
    other = await bank.client.post("/v1/transactions?wait=decision", json=elsewhere)

    (decision,) = told.json()["decisions"]
    (hit,) = decision["hits"]
    assert decision["outcome"] == "review"
    assert hit["rule"] == "cash-machine-tilted"
    assert hit["reason"] == (
        "cash machine was tilted 14 degrees 35 minutes before; the limit is 8"
    )
    (calm,) = other.json()["decisions"]
    assert calm["outcome"] == "approve"
    assert "atm_alarms_24h" not in calm["features"]


async def _alarms(bank: Bank, terminal: str) -> list[dict[str, Any]]:
    told = await bank.client.get(f"/v1/terminals/{terminal}")
    return told.json()["alarms"] if told.status_code == 200 else []


async def _phones(bank: Bank, customer: str) -> list[dict[str, Any]]:
    told = await bank.client.get(f"/v1/customers/{customer}")
    return told.json().get("phones", []) if told.status_code == 200 else []


async def test_the_customers_log_gets_only_what_is_news_of_a_drive(bank: Bank):
    folder = recorded("android-drive")
    address = await bank.register("news", customer_id="C-news")
    path = truth(folder, "Location")
    for _, body in messages(read(folder)):
        assert (await bank.client.post(address, content=body)).status_code == 200
    await bank.state("news", messages=len(list(messages(read(folder)))))

    found = [one for told in await bank.activity("C-news") for one in told["fixes"]]

    assert 0 < len(found) < len(path) / 3


async def test_a_store_that_is_away_for_a_while_gets_every_reading(
    bank: Bank, influx: Server
):
    address = await bank.register("patient", keep_raw=True)
    body = list(messages(read(recorded("android-drive"))))[:20]
    influx.kill()
    try:
        for _, message in body:
            assert (await bank.client.post(address, content=message)).is_success
        state = await bank.state("patient", messages=len(body))
    finally:
        influx.start()
        influx.wait_until_ready()

    stored = await bank.stored("patient", count=state["readings"])

    assert len(stored) == state["readings"] > 1_000


def published(
    broker: Server, folder: Path, device: str, recording: Path
) -> tuple[str, ...]:
    """Return the words that replay a recording as a device of the broker's."""
    cert, key = certificate(folder, device)
    to = f"{broker.address}/{device}"
    words = ("--to", to, "--cert", str(cert), "--key", str(key))
    command = "from app.cli import main; main()"
    trust = ("--ca", str(folder / "ca.pem"))
    return ("-c", command, "replay", str(recording), *words, *trust)


@pytest.mark.mqtt
async def test_a_real_drive_goes_in_by_mqtt_while_the_broker_restarts_and_none_is_lost(
    bank: Bank, broker: Server
):
    folder = recorded("iphone-drive")
    await bank.register("by-mqtt", keep_raw=True)
    sent = len(list(messages(read(folder))))
    words = published(broker, broker.folder, "by-mqtt", folder)
    made = await asyncio.create_subprocess_exec(
        sys.executable, *words, "--pace", "120", cwd=ROOT
    )
    await bank.state("by-mqtt", messages=20)
    broker.restart()
    assert await asyncio.wait_for(made.wait(), 300) == 0

    await bank.state("by-mqtt", messages=sent)
    count = len(read(folder).rows)
    stored = await bank.stored("by-mqtt", count=count)

    state = await bank.state("by-mqtt", messages=sent)
    assert state["readings"] == len(stored) == count
    assert state["messages"] - state["repeats"] == sent
    for time, row in truth(folder, "Location").items():
        (point,) = [
            one for one in stored if one["sensor"] == "location" and one["time"] == time
        ]
        assert abs(point["latitude"] - float(row["latitude"])) < 1e-7
        assert abs(point["longitude"] - float(row["longitude"])) < 1e-7


@pytest.mark.mqtt
async def test_what_is_sealed_comes_out_as_what_is_not_over_a_change_of_keys(
    bank: Bank, broker: Server
):
    journey = Journey(Place(**VIENNA), mps=13.0, span_m=3_000.0)
    began = time_ns() - 10 * 10**9
    said = [
        journey.message(number, session="s", now_ns=began + number * 10**9)
        for number in range(6)
    ]
    sealed = {
        device: [
            Lock(Keys.parse(KEYS), device, rotated_after=3).sealed(number, message)
            for number, message in enumerate(said)
        ]
        for device in ("sealed", "sealed-by-mqtt")
    }
    plain = await bank.register("plain")
    for message in said:
        assert (await bank.client.post(plain, json=message)).status_code == 200
    by_http = await bank.register("sealed")
    for body in sealed["sealed"]:
        assert (await bank.client.post(by_http, content=body)).status_code == 200
    await bank.register("sealed-by-mqtt")
    cert, key = certificate(broker.folder, "sealed-by-mqtt")
    ours = Broker(broker.address, str(cert), str(key), str(broker.folder / "ca.pem"))
    bodies = [(0.0, body) for body in sealed["sealed-by-mqtt"]]
    for _ in range(2):  # QoS 1: a message may be delivered twice
        await publish(ours, "sealed-by-mqtt", bodies, pace=None)
    state = await bank.state("sealed-by-mqtt", messages=2 * len(said))
    assert state["messages"] - state["repeats"] == len(said)

    found = {}
    for device in ("plain", *sealed):
        await bank.state(device, messages=len(said))
        found[device] = sorted(
            (one.time, one.sensor, one.values)
            for message in await bank.readings(device)
            for one in message.readings
        )
    assert len(found["plain"]) == sum(len(message["payload"]) for message in said)
    assert found["sealed"] == found["sealed-by-mqtt"] == found["plain"]


@pytest.mark.mqtt
async def test_a_device_may_write_to_its_own_topic_only(bank: Bank, broker: Server):
    await bank.register("victim")
    cert, key = certificate(broker.folder, "intruder")
    ours = Broker(broker.address, str(cert), str(key), str(broker.folder / "ca.pem"))

    with pytest.raises(ServiceError, match="refused: NOT_AUTHORIZED"):
        await publish(ours, "victim", [(0.0, b"{}")], pace=None)


@pytest.mark.mqtt
async def test_what_an_unregistered_device_publishes_is_a_dead_letter(
    bank: Bank, broker: Server
):
    cert, key = certificate(broker.folder, "unknown")
    ours = Broker(broker.address, str(cert), str(key), str(broker.folder / "ca.pem"))
    await publish(ours, "unknown", [(0.0, b'{"messageId": 1}')], pace=None)

    async with asyncio.timeout(PATIENCE):
        while not (found := await _letters(bank, b"unknown")):  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    assert b"not registered" in dict(found[0].headers)["error"]
    assert found[0].value == b'{"messageId": 1}'


async def _letters(bank: Bank, key: bytes) -> list[Any]:
    return [one async for one in records(bank.kafka, "dead-letters") if one.key == key]

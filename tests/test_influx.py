"""What is asked of InfluxDB: version 1 by a real server, version 2 by its words."""

import json
import uuid
from typing import Any

import httpx
import pytest

from agents.sinks.influx import InfluxSink
from app.errors import ServiceError
from app.events.readings import Reading, Readings
from app.influx import Influx
from app.local.server import Server
from app.settings import Settings
from tests.sensors.builders import NOON, NOON_NS

SECOND = "http://influx/api/v2/write?org=bank&bucket=readings"


def readings(device: str) -> Readings:
    return Readings(device, NOON, [Reading("location", NOON_NS, {"latitude": 47.0})])


async def test_a_device_s_readings_are_deleted_and_others_stay(influx: Server):
    url = influx.address.replace("db=smartbank", f"db=t{uuid.uuid4().hex}")
    sink = InfluxSink(Settings(influx=url))
    await sink.prepare()
    odd = "it's"
    await sink.write([readings("p-1"), readings("p-2"), readings(odd)])
    await sink.close()
    store = Influx(url)

    store.forget(["p-1", odd])
    left = store._query('SELECT device, latitude FROM "location"')  # noqa: SLF001

    rows = left["results"][0]["series"][0]["values"]
    assert [device for _, device, _ in rows] == ["p-2"]


async def test_readings_are_kept_for_as_many_days_as_told(influx: Server):
    url = influx.address.replace("db=smartbank", f"db=t{uuid.uuid4().hex}")
    sink = InfluxSink(Settings(influx=url))
    await sink.prepare()
    await sink.close()
    store = Influx(url)

    kept = [store.kept_days()]
    for days in (90, 3, 0):
        store.keep(days)
        kept.append(store.kept_days())

    assert kept == [0, 90, 3, 0]


def test_version_2_is_asked_in_its_own_words():
    asked: list[tuple[str, str, dict[str, Any]]] = []
    bucket: dict[str, Any] = {"id": "b1", "retentionRules": []}

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        asked.append((request.method, request.url.raw_path.decode(), body))
        assert request.headers["authorization"] == "Token secret"
        if request.method == "PATCH":
            bucket.update(body)
        return httpx.Response(200, json={"buckets": [bucket]})

    store = Influx(SECOND, "secret", httpx.MockTransport(answer))
    store.forget(['p"1'])
    before = store.kept_days()
    store.keep(30)

    assert (before, store.kept_days()) == (0, 30)
    assert asked[0] == (
        "POST",
        "/api/v2/delete?org=bank&bucket=readings",
        {
            "start": "1970-01-01T00:00:00Z",
            "stop": "2200-01-01T00:00:00Z",
            "predicate": 'device="p\\"1"',
        },
    )
    assert asked[3][:2] == ("PATCH", "/api/v2/buckets/b1")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401, text="unauthorized"), "401 unauthorized"),
        (httpx.Response(200, json={"buckets": []}), "no bucket 'readings'"),
    ],
)
def test_what_is_refused_is_told(answer: httpx.Response, words: str):
    store = Influx(SECOND, "", httpx.MockTransport(lambda _: answer))

    with pytest.raises(ServiceError, match=words):
        store.kept_days()


@pytest.mark.parametrize("address", [SECOND, "http://127.0.0.1:9/write?db=x"])
@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"[]", b'"yes"', b'{"results":[]}', b'{"results":[{}]}',
     b'{"buckets":[{}]}', b'{"buckets":7}'],
)  # fmt: skip
def test_an_answer_of_something_else_is_no_more_than_an_error(
    address: str, content: bytes
):
    answers = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    store = Influx(address, "", answers)

    with pytest.raises(ServiceError, match="InfluxDB"):
        store.kept_days()


def test_a_store_that_is_away_is_said_to_be_away():
    store = Influx("http://127.0.0.1:9/write?db=x")

    with pytest.raises(ServiceError, match="does not answer"):
        store.kept_days()
    assert Influx.of(Settings()) is None
    assert Influx.of(Settings(influx=SECOND)) == Influx(SECOND)

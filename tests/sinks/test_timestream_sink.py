"""Readings to Timestream's own protocol, spoken by a small server in its place."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from botocore.exceptions import ClientError

from agents.sinks.timestream import TimestreamSink
from app.events.readings import Reading, Readings, Value
from app.local.ports import free_port
from app.settings import Settings
from tests.sensors.builders import NOON, NOON_NS


@dataclass
class Timestream:
    """Takes records as the service does; `rejects` is by time, why."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    rejects: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        assert request.headers["X-Amz-Target"] == "Timestream_20181101.WriteRecords"
        asked = json.loads(await request.read())
        self.requests.append(asked)
        if self.fault:
            return _error({"__type": self.fault, "message": "later"})
        if any(one["MeasureValues"][0]["Name"] == "odd" for one in asked["Records"]):
            return _error({"__type": "ValidationException", "message": "too odd"})
        rejected = [
            {"RecordIndex": place, "Reason": self.rejects[one["Time"]]}
            for place, one in enumerate(asked["Records"])
            if one["Time"] in self.rejects
        ]
        if rejected:
            kind = "RejectedRecordsException"
            return _error({"__type": kind, "RejectedRecords": rejected})
        return _json({"RecordsIngested": {"Total": len(asked["Records"])}}, 200)


def _error(body: dict[str, Any]) -> web.Response:
    return _json(body, 400)


def _json(body: dict[str, Any], status: int) -> web.Response:
    kind = "application/x-amz-json-1.0"
    return web.Response(text=json.dumps(body), status=status, content_type=kind)


@asynccontextmanager
async def serving(
    timestream: Timestream, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """Serve in Timestream's place; give the address."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    port = free_port()
    application = web.Application()
    application.router.add_post("/", timestream.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def service(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[Timestream, TimestreamSink]]:
    timestream = Timestream()
    async with serving(timestream, monkeypatch) as endpoint:
        sink = TimestreamSink(Settings(timestream="bank", timestream_endpoint=endpoint))
        yield timestream, sink
        await sink.close()


def measured(*times: int) -> Readings:
    place: dict[str, Value] = {"latitude": 47.059618201633896, "note": "home"}
    readings = [Reading("location", NOON_NS + time, dict(place)) for time in times]
    return Readings("p-1", NOON, readings, "c-1")


Service = tuple[Timestream, TimestreamSink]


async def test_a_reading_is_one_record_with_all_its_values(service: Service):
    timestream, sink = service

    assert await sink.write([measured(100)]) == {}

    (asked,) = timestream.requests
    assert (asked["DatabaseName"], asked["TableName"]) == ("bank", "readings")
    assert asked["Records"] == [
        {
            "Dimensions": [
                {"Name": "device", "Value": "p-1"},
                {"Name": "kind", "Value": "phone"},
                {"Name": "origin", "Value": "real"},
            ],
            "MeasureName": "location",
            "MeasureValueType": "MULTI",
            "MeasureValues": [
                {"Name": "latitude", "Value": "47.059618201633896", "Type": "DOUBLE"},
                {"Name": "note", "Value": "home", "Type": "VARCHAR"},
            ],
            "Time": "1777896000000000100",
            "TimeUnit": "NANOSECONDS",
        }
    ]


async def test_records_go_by_the_hundred_and_none_is_left_out(service: Service):
    timestream, sink = service

    await sink.write([measured(*range(n, n + 125)) for n in (0, 125)])

    sizes = [len(asked["Records"]) for asked in timestream.requests]
    times = {one["Time"] for asked in timestream.requests for one in asked["Records"]}
    assert sorted(sizes) == [50, 100, 100]
    assert len(times) == 250


async def test_what_is_rejected_refuses_its_message_and_says_why(service: Service):
    timestream, sink = service
    timestream.rejects = {str(NOON_NS + 150): "outside the memory store's retention"}

    refused = await sink.write([measured(*range(n, n + 60)) for n in (0, 60, 120)])

    assert refused == {2: "outside the memory store's retention"}


async def test_a_service_that_throttles_is_away(service: Service):
    timestream, sink = service
    timestream.fault = "ThrottlingException"

    with pytest.raises(ClientError):
        await sink.write([measured(1)])

    assert issubclass(ClientError, sink.away)


async def test_what_is_invalid_is_refused_alone_and_holds_nothing_up(service: Service):
    timestream, sink = service
    bad = Readings("p-2", NOON, [Reading("odd", NOON_NS, {"odd": 1.0})], "c-1")

    refused = await sink.write([measured(*range(30)), bad, measured(40, 41)])

    stored = {
        one["Time"]
        for asked in timestream.requests
        for one in asked["Records"]
        if len(asked["Records"]) < 33 and one["MeasureName"] == "location"
    }
    assert refused == {1: "too odd"}
    assert len(stored) == 32

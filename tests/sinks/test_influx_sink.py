"""Readings in a real InfluxDB: whole, once, and what does not fit said by message."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from agents.sinks.influx import InfluxAwayError, InfluxSink
from app.events.readings import Reading, Readings
from app.local.ports import free_port
from app.local.server import Server
from app.settings import Settings
from tests.sensors.builders import NOON, NOON_NS

PLACE = {"latitude": 47.059618201633896, "longitude": 11.668248979300474}


def measured(number: int = 0, *, sensor: str = "location", **values: Any) -> Readings:
    reading = Reading(sensor, NOON_NS + 100 * number, values or dict(PLACE))
    return Readings("p-1", NOON, [reading], "c-1")


class Store:
    """A sink and a database of its own."""

    def __init__(self, address: str) -> None:
        self.url = address.replace("db=smartbank", f"db=t{uuid.uuid4().hex}")
        self.sink = InfluxSink(Settings(influx=self.url))

    def rows(self, sensor: str) -> list[list[Any]]:
        url = self.url.replace("/write?", "/query?")
        query = {"q": f'SELECT * FROM "{sensor}"', "epoch": "ns"}  # noqa: S608
        params = httpx.URL(url).params.merge(query)
        told = httpx.get(url, params=params, timeout=60).json()
        return told["results"][0].get("series", [{"values": []}])[0]["values"]


@pytest.fixture
async def store(influx: Server) -> AsyncIterator[Store]:
    made = Store(influx.address)
    yield made
    await made.sink.close()


async def test_places_and_times_come_out_as_they_went_in_and_once(store: Store):
    batch = [measured(number) for number in range(3)]
    await store.sink.prepare()

    for _ in range(2):
        assert await store.sink.write(batch) == {}

    rows = store.rows("location")
    assert [row[0] for row in rows] == [NOON_NS, NOON_NS + 100, NOON_NS + 200]
    assert {row[3] for row in rows} == {PLACE["latitude"]}
    assert {row[4] for row in rows} == {PLACE["longitude"]}


async def test_a_message_of_another_type_is_refused_and_all_others_are_stored(
    store: Store,
):
    await store.sink.prepare()
    await store.sink.write([measured(0, sensor="light", lux=1.0)])
    batch = [measured(n, sensor="light", lux=float(n)) for n in range(1, 9)]
    batch[4] = measured(99, sensor="light", lux="bright")

    refused = await store.sink.write(batch)

    assert refused.keys() == {4}
    assert "field type conflict" in refused[4]
    assert len(store.rows("light")) == 8


async def test_many_readings_are_written_in_parts(store: Store):
    readings = [Reading("gyroscope", NOON_NS + n, {"x": float(n)}) for n in range(9000)]
    whole = [Readings("p-1", NOON, readings[i::3], keep_raw=True) for i in range(3)]
    await store.sink.prepare()

    assert await store.sink.write(whole) == {}
    assert len(store.rows("gyroscope")) == 9000


async def test_a_missing_database_is_a_store_that_is_away(store: Store):
    with pytest.raises(InfluxAwayError, match="404"):
        await store.sink.write([measured()])


async def test_a_server_that_is_not_there_is_away():
    url = f"http://127.0.0.1:{free_port()}/write?db=x"
    sink = InfluxSink(Settings(influx=url))

    with pytest.raises(sink.away):
        await sink.write([measured()])
    await sink.close()


async def test_what_was_there_of_an_erased_customer_s_phone_goes(store: Store):
    await store.sink.prepare()
    end = Readings("p-1", NOON, [], "c-1", erased_at=NOON)

    refused = await store.sink.write([measured(1), measured(2), end, measured(3)])

    assert refused == {}
    assert [row[0] for row in store.rows("location")] == [NOON_NS + 300]

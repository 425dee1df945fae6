"""The devices' stage: what a device sends becomes readings or a dead letter."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from agents.devices import take
from app.engine.engine import Outbox
from app.engine.publisher import Publisher
from app.engine.tables import Partition
from app.events.erasures import Erased
from app.events.readings import Push, Readings
from app.sensors.line_protocol import lines
from app.sensors.points import points
from app.sensors.row import DeviceRow
from tests.sensors.builders import NOON, NOON_NS, a_location, a_message

HUGE = "9" * 400
DEEP = "[" * 900 + "]" * 900


class Sent:
    """Keeps what a stage publishes, by topic."""

    def __init__(self) -> None:
        self.values: dict[str, list[bytes]] = {}

    def send(self, topic: str, _: bytes, value: bytes, *__: Any) -> None:
        self.values.setdefault(topic, []).append(value)


def taken(message: str, **fields: Any) -> dict[str, list[bytes]]:
    """Put a message of a phone, after a good one, through the stage."""
    good = '[{"sensor":"Location","time":"%d","latitude":"48","longitude":"16"}]'
    push = {"device_id": "p-1", "customer_id": "C1"} | fields
    texts = [
        msgspec.json.encode(push | {"message": msgspec.Raw(text.encode())})
        for text in (message, good % NOON_NS)
    ]
    sent, rows = Sent(), Partition(DeviceRow)
    put(texts, sent, rows)
    for row in rows.rows.values():
        cast("DeviceRow", row).encode()
    return sent.values


def put(texts: list[bytes], sent: Sent, rows: Partition[DeviceRow]) -> None:
    """Put records through the stage."""
    records = [
        SimpleNamespace(
            topic="sensor-readings",
            partition=0,
            offset=offset,
            timestamp=round(NOON.timestamp() * 1000),
            key=b"p-1",
            value=text,
            headers=[],
        )
        for offset, text in enumerate(texts)
    ]
    take(cast("Any", records), Outbox(cast("Publisher", sent)), {0: rows})


def pushed(values: str, name: str = "location") -> str:
    """Spell a message of thirty readings that have the same values."""
    payload = ",".join(
        f'{{"name":"{name}","time":{NOON_NS - number},"values":{values}}}'
        for number in range(1, 31)
    )
    return f'{{"messageId":1,"sessionId":"s","deviceId":"d","payload":[{payload}]}}'


@pytest.mark.parametrize(
    "message",
    [
        pushed(f'{{"latitude":48,"longitude":16,"altitude":{HUGE}}}'),
        pushed(f'{{"latitude":48,"longitude":16,"horizontalAccuracy":{HUGE}}}'),
        pushed('{"x":1e308,"y":-1e308,"z":1e200}', "accelerometer"),
        pushed(f'{{"tilt":{HUGE},"vibration":1e308,"temperature":-1e308}}', "atm"),
        pushed(f'{{"x":{DEEP}}}', "gravity"),
        pushed('{"x":"a\\u0000b"}', "gravity"),
    ],
)
@pytest.mark.parametrize("kind", ["phone", "atm"])
def test_what_no_sensor_measures_stops_no_worker(message: str, kind: str):
    found = taken(message, kind=kind, terminal_id="T1")

    for value in found["readings"]:
        told = msgspec.json.decode(value, type=Readings)
        assert b"inf" not in lines(points(told))
    assert found["readings"][-1].startswith(b'{"device_id":"p-1"')


@pytest.mark.parametrize(
    "message",
    [
        f'[{{"sensor":"Barometer","time":"{"9" * 5_000}"}}]',
        f'[{{"sensor":"Barometer","time":{HUGE}}}]',
        f'[{{"sensor":"Barometer","time":{DEEP}}}]',
        pushed(f'{{"latitude":{HUGE},"longitude":16}}'),
        pushed('{"latitude":48,"longitude":"\\ud800"}'),
    ],
)
def test_what_does_not_fit_is_a_dead_letter_and_the_next_message_is_taken(
    message: str,
):
    found = taken(message)

    assert len(found["dead-letters"]) == 1
    assert len(found["readings"]) == 1


def test_what_was_pushed_before_an_erasure_is_followed_by_an_end_of_it():
    before = a_message(a_location())
    pushes = [
        Push("p-1", before, "C1"),
        Push("p-1", [], "C1", erased_at=NOON),
        Push("p-2", before, "C2"),
    ]
    sent, rows = Sent(), Partition(DeviceRow)

    put([msgspec.json.encode(one) for one in pushes], sent, rows)

    told = [msgspec.json.decode(one) for one in sent.values["customer-activity"]]
    assert [(one["type"], one["customer_id"]) for one in told] == [
        ("fixes", "C1"),
        ("erased", "C1"),
        ("fixes", "C2"),
    ]
    last = msgspec.json.decode(sent.values["customer-activity"][1], type=Erased)
    read = [msgspec.json.decode(one, type=Readings) for one in sent.values["readings"]]
    assert last.erased_at == NOON
    assert [one.erased_at for one in read] == [None, NOON, None]
    assert rows.rows.keys() == {b"p-2"}

"""Messages of the Sensor Logger app: both schemas, and what phones mark as invalid."""

from string import ascii_letters
from typing import Any

import msgspec
import pytest

from app.engine.engine import LARGEST_OUTPUT
from app.errors import BadRecord
from app.readings import MOST_PUSHED, message
from app.sensors.messages import MOST_IN_ALL, MOST_VALUES, identity, readings
from tests.sensors.builders import NOON, NOON_NS, a_location, a_message


def test_a_push_and_an_exported_file_of_the_same_readings_say_the_same():
    pushed = a_message(a_location(speed=3.5), a_location(1.5, speed=4.25))
    exported = [
        {
            "sensor": "Location",
            "time": str(NOON_NS + round(seconds * 1e9)),
            "seconds_elapsed": elapsed,
            "latitude": "48.2082",
            "longitude": "16.3738",
            "horizontalAccuracy": "5",
            "speed": speed,
        }
        for seconds, elapsed, speed in ((0, "-108.2", "3.5"), (1.5, "1.5", "4.25"))
    ]
    text = msgspec.json.encode([{"sensor": "Metadata", "version": "3"}, *exported])

    found = readings(message(text, received_at=NOON), received_at=NOON)

    assert found == readings(pushed, received_at=NOON)
    assert [one.time for one in found] == [NOON_NS, NOON_NS + 1_500_000_000]


def test_of_one_sensor_and_one_nanosecond_the_first_reading_stands():
    pushed = a_message(a_location(speed=1.0), a_location(speed=2.0))

    (found,) = readings(pushed, received_at=NOON)

    assert found.values["speed"] == 1.0


@pytest.mark.parametrize(
    ("stated", "gone"),
    [
        ({"speed": -1.0, "speedAccuracy": -1.0}, {"speed", "speedAccuracy"}),
        ({"bearing": -1, "bearingAccuracy": 4}, {"bearing", "bearingAccuracy"}),
        ({"verticalAccuracy": -1, "altitude": 583}, {"verticalAccuracy", "altitude"}),
        ({"speed": float("nan")}, {"speed"}),
        ({"altitude": ""}, {"altitude"}),
        ({"nested": {"a": 1}}, {"nested"}),
        ({"altitude": 10**400}, {"altitude"}),
        ({"altitude": 1e308}, {"altitude"}),
        ({"altitude": "-1e308"}, {"altitude"}),
    ],
)
def test_what_a_phone_marks_as_invalid_is_left_out(
    stated: dict[str, Any], gone: set[str]
):
    (found,) = readings(a_message(a_location(**stated)), received_at=NOON)

    assert not gone & found.values.keys()
    assert found.values["latitude"] == 48.2082


def test_a_location_of_negative_accuracy_is_no_fix():
    pushed = a_message(a_location(horizontalAccuracy=-1), a_location(1))

    (found,) = readings(pushed, received_at=NOON)

    assert found.time == NOON_NS + 10**9


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"latitude": 90.5}, "0.latitude: got 90.5, expected degrees from -90 to 90"),
        ({"longitude": "x"}, "0.longitude: got 'x', expected degrees from -180 to 180"),
        ({"latitude": None}, "0.latitude: got nothing, expected degrees"),
    ],
)
def test_a_place_that_is_not_on_earth_is_refused_by_its_field(
    values: dict[str, Any], said: str
):
    with pytest.raises(BadRecord) as refused:
        readings(a_message(a_location(**values)), received_at=NOON)

    assert str(refused.value).startswith(said)


def test_a_card_number_in_a_sensor_s_name_is_hidden_wherever_the_error_is_cut():
    for place in range(90):
        name = "!" * place + "4539578763621486"
        row = {"sensor": name, "time": str(NOON_NS)}

        with pytest.raises(BadRecord) as refused:
            readings([row], received_at=NOON)

        assert "45395" not in str(refused.value)


@pytest.mark.parametrize("seconds", [-30 * 366 * 86_400, 86_400 + 60])
def test_an_absurd_time_is_refused(seconds: float):
    with pytest.raises(BadRecord) as refused:
        readings(a_message(a_location(seconds)), received_at=NOON)

    assert refused.value.field == "0.time"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"{", "$"),
        (b"[1]", "[0]"),
        (b'{"messageId":1,"sessionId":"s","deviceId":"d"}', "payload"),
        (b'[{"sensor":"Location","time":"soon"}]', "0.time"),
        (b'[{"sensor":"Location","time":"%s"}]' % (b"9" * 5_000), "0.time"),
        (b'[{"sensor":"Location","time":%s}]' % (b"9" * 400), "0.time"),
        ('[{"sensor":"Location","time":"\u00b2"}]'.encode(), "0.time"),
        (b'[{"time":"1"}]', "0.sensor"),
        (b'{"messageId":-1,"sessionId":"s","deviceId":"d","payload":[]}', "messageId"),
    ],
)
def test_what_is_no_message_is_refused_by_its_field(text: bytes, field: str):
    with pytest.raises(BadRecord) as refused:
        message(text, received_at=NOON)

    assert field in refused.value.field


def test_flags_become_numbers_and_states_stay_words():
    battery = msgspec.json.decode(
        b'{"name":"Battery","time":1777896000000000000,'
        b'"values":{"batteryLevel":0.7,"lowPowerMode":false,"batteryState":"unplugged"}}'
    )
    text = msgspec.json.encode(
        {"messageId": 1, "sessionId": "s", "deviceId": "d", "payload": [battery]}
    )

    (found,) = readings(message(text, received_at=NOON), received_at=NOON)

    assert found.sensor == "battery"
    assert found.values == {
        "batteryLevel": 0.7,
        "lowPowerMode": 0.0,
        "batteryState": "unplugged",
    }


def test_an_exported_file_is_known_by_what_it_says():
    one = [{"sensor": "Location", "time": "1"}]
    other = [{"sensor": "Location", "time": "2"}]

    assert identity(one) == identity(list(one))
    assert identity(one) != identity(other)


def many(values: dict[str, Any], readings: int) -> bytes:
    """Spell a push of readings with the same values."""
    text = msgspec.json.encode(values).replace(b'"!"', b"1e15")
    payload = b",".join(
        b'{"name":"x","time":%d,"values":%s}' % (NOON_NS - n, text)
        for n in range(readings)
    )
    head = b'{"messageId":1,"sessionId":"s","deviceId":"d","payload":[%s]}'
    return head % payload


def test_a_reading_of_too_many_values_is_refused():
    values = {f"v{n}": 1.0 for n in range(MOST_VALUES + 1)}

    with pytest.raises(BadRecord) as refused:
        message(many(values, 1), received_at=NOON)

    assert str(refused.value) == "0.values: got 251 of them, expected at most 250"


def test_a_message_of_too_many_values_is_refused():
    values = {f"v{n}": 1.0 for n in range(MOST_VALUES)}

    with pytest.raises(BadRecord) as refused:
        message(many(values, 1_601), received_at=NOON)

    expected = "payload: got 400250 values, expected at most 400000"
    assert str(refused.value) == expected


def test_of_the_largest_push_the_record_is_one_that_kafka_takes():
    values = {f"{a}{b}": "!" for a in ascii_letters for b in "abcd"}  # as 1e15
    text = many(values, MOST_IN_ALL // len(values))
    text = text.replace(b'"s"', b'"' + b"s" * 120 + b'"')

    found = readings(message(text, received_at=NOON), received_at=NOON)
    grown = len(msgspec.json.encode(found)) - len(text)

    assert grown + MOST_PUSHED < LARGEST_OUTPUT

"""Messages: what the Sensor Logger app sends becomes readings, or is refused."""

# ruff: noqa: EM101, EM102 - the first word of a BadRecord is the field, not a message

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import mmh3
import msgspec

from app.errors import BadRecord
from app.events.readings import PushedMessage, Reading, Value
from app.masking import masked, shown

Message = PushedMessage | list[dict[str, Any]]

MOST_READINGS = 50_000  # of one message
MOST_VALUES = 250  # of one reading
MOST_IN_ALL = 400_000
"""Values of one message: a number of four digits may be written on with eighteen, and
Kafka takes no record larger than 16 MiB."""
LONGEST_WORD = 64
LONGEST_NAME = 64  # asked first: what is longer is not even remembered as no name
LARGEST = 1e100
"""Nothing that is measured is larger; sums and squares of what is not are finite."""
NAME = re.compile(r"[A-Za-z_][\w .+-]*", re.ASCII)
TIME = re.compile(r"[0-9]{1,19}")
EARLIEST_NS = 946_684_800 * 10**9  # 2000
AHEAD = timedelta(days=1)  # clocks differ; more is a mistake
LOCATION = "location"
_NOT_MEASURED = {"time", "sensor", "seconds_elapsed"}
_NETWORKS = {"ssid", "bssid", "ipAddress", "subnet", "macAddress"}
"""By which others know a phone, or where it is: no measurement, and left out."""
_MEANINGLESS = {"speed", "speedAccuracy", "bearing", "bearingAccuracy"}
_ALTITUDES = ("verticalAccuracy", "altitude", "altitudeAboveMeanSeaLevel")
_RANGES = {"latitude": 90.0, "longitude": 180.0}

Named = tuple[str, int, Mapping[str, object]]


def readings(message: Message, *, received_at: datetime) -> list[Reading]:
    """Return what a message says, in its order.

    Of readings of one sensor and one nanosecond the first stands. What a phone marks
    as invalid is left out: a negative speed or bearing and its accuracy, altitude
    with a negative accuracy, and a location whose accuracy is negative.

    Raises:
        BadRecord: a reading does not fit; nothing of the message is taken.
    """
    latest = _nanoseconds(received_at + AHEAD)
    found: dict[tuple[str, int], Reading] = {}
    in_all = 0
    for number, (sensor, time, values) in enumerate(_named(message)):
        if not EARLIEST_NS <= time <= latest:
            expected = "nanoseconds since 1970, from 2000 until a day from now"
            raise BadRecord(f"{number}.time", str(time), expected)
        if len(sensor) > LONGEST_NAME or not _is_name(sensor):
            got = shown(repr(sensor))
            expected = "at most 64 of letters, digits, space, . + - _"
            raise BadRecord(f"{number}.name", got, expected)
        if (sensor, time) in found:
            continue
        try:
            measured = _measured(sensor, values)
        except BadRecord as error:
            where = f"{number}.{error.field}"
            raise BadRecord(where, error.got, error.expected) from error
        if measured:
            found[sensor, time] = Reading(sensor, time, measured)
            in_all += len(measured)
    if in_all > MOST_IN_ALL:
        raise BadRecord("payload", f"{in_all} values", f"at most {MOST_IN_ALL}")
    return list(found.values())


def identity(message: Message) -> tuple[bytes, int]:
    """Return what a message is known by: its session as 8 bytes, and its number.

    An exported file has neither: it is known by what it says.

    Raises:
        BadRecord: it is nested too deeply.
    """
    if isinstance(message, PushedMessage):
        return mmh3.hash_bytes(message.session_id)[:8], message.message_id
    try:
        return mmh3.hash_bytes(msgspec.json.encode(message))[:8], 0
    except RecursionError as error:
        got, expected = "JSON nested too deeply", "flat rows"
        raise BadRecord("message", got, expected) from error


def _named(message: Message) -> Iterator[Named]:
    if isinstance(message, PushedMessage):
        if len(message.payload) > MOST_READINGS:
            raise _too_many(len(message.payload))
        for one in message.payload:
            yield one.name.lower(), one.time, one.values
        return
    if len(message) > MOST_READINGS:
        raise _too_many(len(message))
    for number, row in enumerate(message):
        sensor = row.get("sensor")
        if not isinstance(sensor, str):
            raise BadRecord(f"{number}.sensor", _told(sensor), "a sensor's name")
        if sensor.lower() == "metadata":
            continue
        time = row.get("time")
        if not isinstance(time, int | str) or not TIME.fullmatch(str(time)):
            expected = "nanoseconds since 1970, UTC, of at most 19 digits"
            raise BadRecord(f"{number}.time", _told(time), expected)
        yield sensor.lower(), int(time), row


def _told(value: object) -> str:
    """Say what a value is, for an error; of what may be deep only its type."""
    plain = isinstance(value, str | int | float | None)
    return shown(repr(value)) if plain else f"a {type(value).__name__}"


def _too_many(count: int) -> BadRecord:
    return BadRecord("payload", f"{count} readings", f"at most {MOST_READINGS}")


def _measured(sensor: str, values: Mapping[str, object]) -> dict[str, Value]:
    """Return the numbers and words of a reading.

    Raises:
        BadRecord: a location without a place on earth, or too many values.
    """
    if len(values) > MOST_VALUES:
        raise BadRecord("values", f"{len(values)} of them", f"at most {MOST_VALUES}")
    found: dict[str, Value] = {}
    for name, value in values.items():
        if type(value) is float and -LARGEST <= value <= LARGEST:
            known: Value | None = value  # nearly all are: a phone sends thousands
        else:
            known = _value(value)
        if known is not None and len(name) <= LONGEST_NAME and _is_value(name):
            found[name] = known
    return _located(found) if sensor == LOCATION else found


@lru_cache(maxsize=4096)  # there are few names, each a thousand times a second
def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _is_value(name: str) -> bool:
    unwanted = name in _NOT_MEASURED or name in _NETWORKS
    return not unwanted and _is_name(name)


def _value(value: object) -> Value | None:
    """Return a number, a short word, or None for what is neither."""
    if isinstance(value, str):
        if not value or len(value) > LONGEST_WORD:
            return None
    elif not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    except ValueError:
        word = str(value)
        return _FLAGS[word] if word in _FLAGS else masked(word)
    return number if -LARGEST <= number <= LARGEST else None


_FLAGS = {"true": 1.0, "false": 0.0, "null": None, "undefined": None}


def _located(values: dict[str, Value]) -> dict[str, Value]:
    for name, most in _RANGES.items():
        value = values.get(name)
        if not isinstance(value, float) or abs(value) > most:
            got = "nothing" if value is None else repr(value)
            raise BadRecord(name, got, f"degrees from -{most:g} to {most:g}")
    if _negative(values, "horizontalAccuracy"):
        return {}
    gone = {name for name in _MEANINGLESS if _negative(values, name)}
    if "speed" in gone:
        gone.add("speedAccuracy")
    if "bearing" in gone:
        gone.add("bearingAccuracy")
    if _negative(values, "verticalAccuracy"):
        gone.update(_ALTITUDES)
    return {name: value for name, value in values.items() if name not in gone}


def _negative(values: Mapping[str, Value], name: str) -> bool:
    value = values.get(name)
    return isinstance(value, float) and value < 0


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp()) * 10**9

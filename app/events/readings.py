"""Readings: what phones and cash machines measure, as sent, as kept, and as news."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from app.events.payments import Id, Instant, Text, type_tag

Nanoseconds = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
"""UTC, since the epoch."""
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Value = float | str
AlarmKind = Literal["tilt", "vibration", "temperature", "door"]


class PushedReading(Struct, frozen=True, gc=False):
    """One reading as the Sensor Logger app pushes it; `time` is UTC nanoseconds."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    time: Nanoseconds
    values: dict[str, Any]


class PushedMessage(Struct, frozen=True, gc=False, rename="camel"):
    """A message of the Sensor Logger app, over HTTP or MQTT.

    `message_id` grows by one a message within a session; messages can arrive in
    another order. What else the app may add to it is left alone.
    """

    message_id: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    session_id: Annotated[str, Meta(max_length=128)]
    device_id: Annotated[str, Meta(max_length=128)]
    payload: list[PushedReading]


class Push(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """What a device sent, and whose it is, on `sensor-readings` (key: device).

    `message` is as the device made it: a message of the Sensor Logger app, or the
    rows of a file that the app exported. `keep_raw` asks for every reading of fast
    sensors to be stored, not only their summaries. With `erased_at` it tells no
    readings but that its customer was erased then: what of the device came before it
    in the log ends there.
    """

    device_id: Id
    message: PushedMessage | list[dict[str, Any]]
    customer_id: Id | None = None
    kind: Literal["phone", "atm"] = "phone"
    keep_raw: bool = False
    synthetic: bool = False
    terminal_id: Id | None = None
    erased_at: Instant | None = None


class Reading(Struct, frozen=True, gc=False):
    """One reading: what was measured (SI units, degrees), and when."""

    sensor: Text
    time: Nanoseconds
    values: dict[str, Value]


class Readings(Struct, frozen=True, gc=False, omit_defaults=True):
    """The readings of one message, checked, on `readings` (key: device).

    `received_at` is when Kafka took the message. Within a message a sensor has one
    reading a nanosecond. With `erased_at` it has none: what a store has of the device
    until there is to go.
    """

    device_id: Id
    received_at: Instant
    readings: list[Reading]
    customer_id: Id | None = None
    kind: Text = "phone"
    keep_raw: bool = False
    synthetic: bool = False
    terminal_id: Id | None = None
    erased_at: Instant | None = None


class Fix(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a device was: degrees WGS 84, metres, metres a second, null where unknown.

    `accuracy_m` is the radius within which it is with two chances in three.
    `doubts` names what speaks against a true reading.
    """

    occurred_at: Instant
    latitude: Latitude
    longitude: Longitude
    accuracy_m: float
    altitude_m: float | None = None
    speed_mps: float | None = None
    bearing_degrees: float | None = None
    doubts: tuple[str, ...] = ()


class Fixes(
    Struct, frozen=True, gc=False, omit_defaults=True, tag="fixes", tag_field=type_tag
):
    """Those fixes of a message that say something new, on `customer-activity`.

    `ahead_seconds` is by how much the device's clock goes ahead of Kafka's at the
    least; 0 where nothing shows that it does.
    """

    customer_id: Id
    device_id: Id
    received_at: Instant
    fixes: list[Fix]
    ahead_seconds: float = 0.0
    synthetic: bool = False


class Alarm(Struct, frozen=True, gc=False):
    """What a cash machine felt that it does not feel at rest.

    `value` is how far it leans from its rest (degrees), how it shakes (m/s²), how far
    its temperature is from the usual (degrees Celsius), or 1 for an open door.
    """

    occurred_at: Instant
    kind: AlarmKind
    value: Annotated[float, Meta(ge=0)]


class Alarms(
    Struct, frozen=True, gc=False, omit_defaults=True, tag="alarms", tag_field=type_tag
):
    """Those readings of a cash machine that are news, on `terminal-activity`."""

    terminal_id: Id
    device_id: Id
    alarms: list[Alarm]
    synthetic: bool = False


class Position(Struct, frozen=True, gc=False, omit_defaults=True):
    """A device's fix, as pulses carry it to the live page."""

    device_id: str
    fix: Fix
    customer_id: str | None = None
    synthetic: bool = False

"""Cash machines: how one is at rest, and which of its readings say that it is not."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from app.events.readings import Alarm, AlarmKind, Reading, Value
from app.features.clock import moment

SENSOR = "atm"
TILTED_DEGREES = 5.0
SHAKEN_MPS2 = 3.0  # a drill or a pry bar; doors that slam and lorries stay below
HEATED_DEGREES = 15.0  # Celsius, from the usual: a torch, or a door to winter
SECOND_NS = 10**9
TILT_SETTLES_NS = 6 * 3600 * SECOND_NS
TEMPERATURE_SETTLES_NS = 3600 * SECOND_NS
LONGEST_STEP_NS = 60 * SECOND_NS
"""A silence teaches no more than a minute would: a machine must not come to rest
while nobody hears it."""
QUIET_NS = 600 * SECOND_NS
WORSE = 1.5


class Told(Struct, array_like=True):
    """The last alarm of a kind: when, in nanoseconds, and its value."""

    at: int
    value: float


class Rest(Struct, array_like=True):
    """How a cash machine is when nobody touches it, and what was told of it last.

    The first reading is taken for rest; later ones draw it towards them, tilt within
    six hours and temperature within one, so that a machine that was set up anew and
    a summer's day come to be usual.
    """

    at: int = 0
    tilt: float | None = None
    temperature: float | None = None
    told: dict[AlarmKind, Told] = {}


def alarms(readings: Sequence[Reading], rest: Rest) -> list[Alarm]:
    """Return the alarms of a message by time, and learn what rest is.

    One of a kind counts for ten minutes, unless it gets worse by half.
    """
    found = []
    own = [one for one in readings if one.sensor == SENSOR]
    for reading in sorted(own, key=_time):
        for kind, value in _felt(reading, rest):
            told = rest.told.get(kind)
            if (
                told is None
                or abs(reading.time - told.at) >= QUIET_NS
                or value >= WORSE * told.value
            ):
                rest.told[kind] = Told(reading.time, value)
                found.append(Alarm(moment(reading.time // 1000), kind, value))
        _settle(reading, rest)
    return found


def _time(reading: Reading) -> int:
    return reading.time


def _felt(reading: Reading, rest: Rest) -> Iterator[tuple[AlarmKind, float]]:
    values = reading.values
    leans = _apart(values.get("tilt"), rest.tilt)
    if leans >= TILTED_DEGREES:
        yield "tilt", leans
    shakes = abs(_number(values.get("vibration")) or 0.0)
    if shakes >= SHAKEN_MPS2:
        yield "vibration", shakes
    warms = _apart(values.get("temperature"), rest.temperature)
    if warms >= HEATED_DEGREES:
        yield "temperature", warms
    if _number(values.get("door")) and not _number(values.get("service")):
        yield "door", 1.0


def _settle(reading: Reading, rest: Rest) -> None:
    """Draw rest towards a reading, by the time since the newest one before."""
    step = min(reading.time - rest.at, LONGEST_STEP_NS)
    if step <= 0:
        return
    rest.at = reading.time
    rest.tilt = _drawn(rest.tilt, reading.values.get("tilt"), step / TILT_SETTLES_NS)
    rest.temperature = _drawn(
        rest.temperature,
        reading.values.get("temperature"),
        step / TEMPERATURE_SETTLES_NS,
    )


def _drawn(usual: float | None, value: Value | None, share: float) -> float | None:
    number = _number(value)
    if number is None:
        return usual
    return number if usual is None else usual + (number - usual) * share


def _apart(value: Value | None, usual: float | None) -> float:
    number = _number(value)
    return 0.0 if number is None or usual is None else abs(number - usual)


def _number(value: Value | None) -> float | None:
    return value if isinstance(value, float) else None

r"""Line protocol: points as InfluxDB and its kin take them.

The format is InfluxData's: measurement, tags, fields, nanoseconds. Names escape
comma, equals sign and space, texts escape quote and backslash.
"""

from collections.abc import Iterable

from app.events.readings import Value
from app.sensors.points import Point

_NAME = str.maketrans(
    {",": r"\,", "=": r"\=", " ": r"\ ", "\\": "/", "\n": r"\ ", "\r": r"\ "}
)
_TEXT = str.maketrans({'"': r"\"", "\\": r"\\", "\n": " ", "\r": " "})


def lines(points: Iterable[Point]) -> bytes:
    r"""Write points, one a line.

    >>> lines([Point("barometer", "p 1", "phone", False, 17, {"pressure": 703.36})])
    b'barometer,device=p\\ 1,kind=phone,origin=real pressure=703.36 17\n'
    """
    return "".join(_line(point) for point in points).encode()


def _line(point: Point) -> str:
    fields = ",".join(
        f"{name.translate(_NAME)}={_field(value)}"
        for name, value in point.values.items()
    )
    return (
        f"{point.sensor.translate(_NAME)},device={point.device_id.translate(_NAME)},"
        f"kind={point.kind},origin={'synthetic' if point.synthetic else 'real'} "
        f"{fields} {point.time}\n"
    )


def _field(value: Value) -> str:
    return repr(value) if isinstance(value, float) else f'"{value.translate(_TEXT)}"'

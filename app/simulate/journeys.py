"""Journeys: made-up phones on their way, second by second, as their app would tell."""

from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin, tau
from typing import Any

from app.events.payments import Place
from app.sensors.heights import pressure_hpa

METRE = 1 / 111_195  # degrees of latitude
SHAKES = 10  # accelerometer readings a second


@dataclass(frozen=True)
class Journey:
    """A phone on a round of its neighbourhood: `mps` metres a second on the way.

    The round is an eight, `span_m` across; every third minute it stands still.
    """

    home: Place
    mps: float
    span_m: float
    phase: float = 0.0

    def at(self, second: float) -> dict[str, float]:
        """Return what the phone's receiver says after so many seconds."""
        still = second % 180 >= 120  # noqa: PLR2004 - of three minutes the third
        ridden = second // 180 * 120 + min(second % 180, 120)
        angle = self.phase + ridden * self.mps * 2 / self.span_m
        north, east = self._metres(angle)
        ahead, aside = self._metres(angle + 0.01)
        narrow = max(0.01, cos(radians(self.home.latitude)))
        return {
            "latitude": self.home.latitude + north * METRE,
            "longitude": self.home.longitude + east * METRE / narrow,
            "altitude": round(180 + 20 * sin(angle), 1),
            "verticalAccuracy": 4.0,
            "speed": 0.0 if still else self.mps,
            "bearing": round(degrees(atan2(aside - east, ahead - north)) % 360, 1),
            "horizontalAccuracy": 5.0 + 3.0 * sin(second / 7) ** 2,
        }

    def _metres(self, angle: float) -> tuple[float, float]:
        half = self.span_m / 2
        return half * sin(angle) * cos(angle), half * sin(angle)

    def message(self, number: int, *, session: str, now_ns: int) -> dict[str, Any]:
        """Return the app's message number `number`, one a second."""
        fix = self.at(number)
        shaken = 0.05 + fix["speed"] / 4
        pressure = {"pressure": round(pressure_hpa(fix["altitude"]), 3)}
        readings = [
            {"name": "location", "time": now_ns, "values": fix},
            {"name": "barometer", "time": now_ns, "values": pressure},
        ]
        for shake in range(SHAKES):
            turn = tau * shake / SHAKES + number
            values = {
                "x": shaken * sin(3 * turn),
                "y": shaken * cos(5 * turn),
                "z": 9.81 + shaken * sin(7 * turn),
            }
            before = (SHAKES - shake) * 10**9 // SHAKES
            at = now_ns - before
            readings.append({"name": "accelerometer", "time": at, "values": values})
        return {
            "messageId": number,
            "sessionId": session,
            "deviceId": session,
            "payload": readings,
        }

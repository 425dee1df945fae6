"""Machines: a made-up cash machine at rest, at work, serviced, and attacked."""

from dataclasses import dataclass
from math import sin, tau
from typing import Any

from app.sensors.machines import SENSOR

SERVICED = (60, 90)
ATTACKED = (150, 180)
RIGHTED = (1_500, 1_530)
ROUND = 1_800
"""Seconds of a round: a technician comes, a thief comes, a technician puts it right."""
LEANS_DEGREES = 14.0


@dataclass(frozen=True)
class Machine:
    """A cash machine that stands outdoors, and is attacked once in a round.

    It trembles when notes are counted, and is as warm as the hour. A technician says
    so (`service`) before the door is opened. The thief pries the front open, which
    shakes and tilts the machine, and leaves it leaning with a skimmer on.
    """

    warmest: float = 27.0
    coldest: float = 13.0
    rest_degrees: float = 0.4

    def at(self, second: float, *, day_second: float) -> dict[str, float]:
        """Return what it feels so many seconds after its start, and after midnight."""
        part = second % ROUND
        visited = _within(part, SERVICED) or _within(part, RIGHTED)
        attacked = _within(part, ATTACKED)
        leans = ATTACKED[0] <= part < RIGHTED[0]
        counting = 0.4 if part % 20 < 4 else 0.0  # noqa: PLR2004 - of 20 s four
        mean, swing = (self.warmest + self.coldest) / 2, self.warmest - self.coldest
        afternoon = sin(tau * (day_second / 86_400 - 9 / 24))  # warmest at 15:00
        return {
            "tilt": self.rest_degrees + (LEANS_DEGREES if leans else 0.0),
            "vibration": round(
                0.1 + counting + 0.8 * visited + 7.0 * attacked + 0.05 * sin(second), 3
            ),
            "temperature": round(mean + swing / 2 * afternoon + 0.2 * sin(second), 2),
            "door": float(visited or attacked),
            "service": float(visited),
        }

    def message(
        self, number: int, *, session: str, now_ns: int, every: float = 1.0
    ) -> dict[str, Any]:
        """Return its message `number`, one in `every` seconds."""
        day_second = now_ns / 1e9 % 86_400
        values = self.at(number * every, day_second=day_second)
        return {
            "messageId": number,
            "sessionId": session,
            "deviceId": session,
            "payload": [{"name": SENSOR, "time": now_ns, "values": values}],
        }


def _within(part: float, visit: tuple[int, int]) -> bool:
    return visit[0] <= part < visit[1]

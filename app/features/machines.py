"""Machines: what a cash machine felt, and what that says of a payment at it."""

from struct import Struct
from typing import NamedTuple, Self

from app.events.readings import Alarms
from app.features.clock import DAY, SECOND, microseconds, moment

MOST_ALARMS = 16  # remembered a terminal, the newest ones
KINDS = ("tilt", "vibration", "temperature", "door")
KEPT = Struct("<qBH")
_LARGEST = (1 << 16) - 1
NOTHING: list[float | None] = [None] * 5
"""What is said of a terminal whose machine never raised an alarm, or that has none."""


class Heard(NamedTuple):
    """An alarm as a row keeps it: microseconds, the place in `KINDS`, tenths."""

    at: int
    kind: int
    value: int


class AlarmLog:
    """The last alarms of a terminal's cash machine, by event time, each 11 bytes."""

    __slots__ = ("_alarms",)

    def __init__(self) -> None:
        self._alarms: list[Heard] = []

    def learn(self, told: Alarms) -> None:
        """Remember alarms; each at its own time, whenever it arrives."""
        found = {
            Heard(
                microseconds(one.occurred_at),
                KINDS.index(one.kind),
                min(round(one.value * 10), _LARGEST),
            )
            for one in told.alarms
        }
        self._alarms = sorted(found.union(self._alarms))[-MOST_ALARMS:]

    def profile(self, at: int) -> list[float | None]:
        """Return what the alarms of the day until a moment say of a payment then.

        In the order of the last features of `catalogue.TERMINAL_FEATURES`.
        """
        if not self._alarms or self._alarms[0].at > at:
            return NOTHING
        recent = [one for one in self._alarms if at - DAY < one.at <= at]
        if not recent:
            return [0.0, 0.0, None, None, None]
        tilts = [(one.value, one.at) for one in recent if not one.kind]
        tilt, tilted_at = max(tilts, default=(0, 0))
        return [
            float(len(recent)),
            float(len({one.kind for one in recent})),
            (at - recent[-1].at) / SECOND,
            tilt / 10 if tilts else None,
            (at - tilted_at) / SECOND if tilts else None,
        ]

    def view(self) -> list[dict[str, object]]:
        """Return the alarms as REST shows them, the newest last."""
        return [
            {
                "occurred_at": moment(one.at),
                "kind": KINDS[one.kind],
                "value": one.value / 10,
            }
            for one in self._alarms
        ]

    def encode(self) -> bytes:
        """Return their number, and the alarms."""
        kept = (KEPT.pack(*one) for one in self._alarms)
        return b"".join((bytes((len(self._alarms),)), *kept))

    @classmethod
    def decode(cls, data: bytes) -> tuple[Self, int]:
        """Return the log at the start of bytes, and where it ends in them."""
        log = cls()
        end = 1 + data[0] * KEPT.size
        log._alarms = [Heard(*one) for one in KEPT.iter_unpack(data[1:end])]
        return log, end

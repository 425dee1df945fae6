"""Machines: what cash machines felt last, as the workers' pulses tell it."""

import time
from bisect import insort
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter

from app.events.pulses import Pulse
from app.events.readings import Alarm, AlarmKind

MOST_ALARMS = 16
"""Kept of a machine, the newest: as many as its terminal's row remembers."""
MOST_MACHINES = 2_000
RECENT = 86_400.0
"""Seconds for which an alarm says something of the payments at the machine."""

_when = attrgetter("occurred_at")


class Machines:
    """Adds up the alarms of pulses, machine by machine."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._alarms: dict[str, list[Alarm]] = {}
        self._known: set[str] = set()

    def add(self, pulse: Pulse) -> None:
        """Take a pulse."""
        for told in pulse.alarms:
            self.learn(told.device_id, told.alarms)

    def learn(self, device_id: str, alarms: Iterable[Alarm]) -> None:
        """Take alarms of a machine; one that is known already changes nothing."""
        kept = self._alarms.pop(device_id, [])
        known = {_identity(one) for one in kept}
        for alarm in alarms:
            if _identity(alarm) not in known:
                known.add(_identity(alarm))
                insort(kept, alarm, key=_when)
        self._alarms[device_id] = kept[-MOST_ALARMS:]  # the one heard last is last
        while len(self._alarms) > MOST_MACHINES:
            gone = next(iter(self._alarms))
            del self._alarms[gone]
            self._known.discard(gone)

    def remember(self, device_id: str, alarms: Iterable[Alarm]) -> None:
        """Take what was remembered of a machine from before this worker listened."""
        self._known.add(device_id)
        self.learn(device_id, alarms)

    def unknown(self, device_id: str) -> bool:
        """Whether it is still to be asked what is remembered of a machine."""
        return device_id not in self._known

    def newest(self, device_id: str) -> list[Alarm]:
        """Return the alarms of a machine, the newest first."""
        return self._alarms.get(device_id, [])[::-1]

    def recent(self, alarm: Alarm) -> bool:
        """Whether an alarm was raised within a day."""
        return self._clock() - alarm.occurred_at.timestamp() <= RECENT


def _identity(alarm: Alarm) -> tuple[datetime, AlarmKind]:
    return alarm.occurred_at, alarm.kind

"""Pulse: says four times a second what this worker does."""

from collections import Counter
from datetime import UTC, datetime

import msgspec
from mode import Service

from app.counters import BUCKETS, Counters
from app.engine.application import Application
from app.events.pulses import Pulse
from app.settings import Settings
from app.topics import PULSE
from web.outlet import Outlet
from web.problems import Problem
from web.state import lag, owned, state

INTERVAL = 0.25

_encode = msgspec.json.Encoder().encode


class Heart:
    """Makes pulses: counts since the start, and what is new since the last one."""

    def __init__(
        self, settings: Settings, app: Application, counters: Counters, *, url: str
    ) -> None:
        self._settings = settings
        self._app = app
        self._counters = counters
        self._url = url
        self._latency = [0] * len(BUCKETS)

    def beat(self, now: datetime) -> Pulse:
        """Return the next pulse."""
        counters = self._counters
        latency = list(counters.latency)
        new = [count - old for count, old in zip(latency, self._latency, strict=True)]
        self._latency = latency
        return Pulse(
            worker=self._settings.worker,
            role=self._settings.role,
            url=self._url,
            at=now,
            state=state(self._app),
            owned=owned(self._app),
            decided=counters.decided,
            outcomes=dict(counters.outcomes),
            captured=counters.captured,
            duplicates=counters.duplicates,
            dead_letters=counters.dead_letters,
            delivered=counters.delivered,
            latency_ms={b: n for b, n in zip(BUCKETS, new, strict=True) if n},
            lag=lag(self._app),
            hits=dict(Counter(counters.hits) + Counter(counters.shadows)),
            recent=counters.take_recent(),
            readings=counters.readings,
            positions=counters.take_positions(),
            alarms=counters.take_alarms(),
            groups=counters.take_groups(),
            drift=counters.drift.read(),
            quality=counters.quality.read(
                replayed=self._app.engine.repeats,
                late_app_events=counters.late_app_events,
            ),
        )


class PulseSender(Service):
    """Sends this worker's pulses.

    One that Kafka does not take is lost: the next one says more.
    """

    def __init__(self, heart: Heart, outlet: Outlet) -> None:
        super().__init__()
        self._heart = heart
        self._outlet = outlet

    @Service.task
    async def _send(self) -> None:
        heart = self._heart
        while not self.should_stop:
            await self.sleep(INTERVAL)
            pulse = heart.beat(datetime.now(UTC))
            key = f"{pulse.worker}-{pulse.role}".encode()
            try:
                await self._outlet.send(PULSE.name, [(key, _encode(pulse))])
            except Problem as problem:
                self.log.debug("a pulse was lost: %s", problem)

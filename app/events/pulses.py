"""Pulses: what a worker says of itself four times a second."""

from datetime import datetime

from msgspec import Struct, field

from app.events.decisions import Decision
from app.events.drift import Drifted
from app.events.groups import GroupMoved
from app.events.quality import Measured
from app.events.readings import Alarms, Position


class Pulse(Struct, frozen=True):
    """A worker's counts since its start and its newest decisions, on `pulse`.

    `owned` maps a topic to the partitions this worker owns: how one worker finds
    the owner of a key. `latency_ms` counts decisions since the last pulse by upper
    bound in milliseconds of receive-to-decision ("inf" for the rest). `hits` counts
    by rule, those in shadow too. `recent` holds at most 20 decisions since the last
    pulse, flagged ones first, `positions` at most 500 fixes of devices and `alarms`
    at most 100 times what cash machines felt, oldest first. `groups` holds the newest
    alert of each of at most 20 groups.
    """

    worker: str
    role: str
    url: str
    at: datetime
    state: str
    owned: dict[str, list[int]] = field(default_factory=dict)
    decided: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    captured: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    delivered: int = 0
    latency_ms: dict[str, int] = field(default_factory=dict)
    lag: dict[str, int] = field(default_factory=dict)
    hits: dict[str, int] = field(default_factory=dict)
    recent: list[Decision] = field(default_factory=list)
    readings: int = 0
    positions: list[Position] = field(default_factory=list)
    drift: Drifted | None = None
    quality: Measured | None = None
    alarms: list[Alarms] = field(default_factory=list)
    groups: list[GroupMoved] = field(default_factory=list)

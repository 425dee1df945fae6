"""Counters: what this worker has done since its start, cheap enough for every batch."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.drift import Drift
from app.events.decisions import Decision
from app.events.groups import GroupMoved
from app.events.readings import Alarms, Position
from app.quality import Quality

BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
BUCKETS = (*(str(bound) for bound in BOUNDS_MS), "inf")
RECENT = 20
ALARMS = 100
POSITIONS = 500
GROUPS = 20


@dataclass
class Counters:
    """Counts since the start of the worker.

    Attributes:
        late_app_events: those that came more than a day behind the customer's newest.
        unplaced_labels: those of payments that the customer's row had not, or no more.
        latency: decisions by receive-to-decision time, one count a bucket.
        recent: the newest decisions since they were last taken, flagged ones first
            to stay.
        hits: payments that a rule hit, by its name; `shadows` likewise for the rules
            that only watch.
        positions: where devices were since it was last taken, the newest 500.
        alarms: what cash machines felt since it was last taken, the last 100 told.
        groups: groups that moved since they were last taken, the newest 20.
        drift: how far payments have moved from what the live model learnt from.
        quality: what came twice, late, unevenly or unfit.
    """

    captured: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    decided: int = 0
    delivered: int = 0
    readings: int = 0
    repeats: int = 0
    labels: int = 0
    unplaced_labels: int = 0
    app_events: int = 0
    late_app_events: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    latency: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))
    latency_sum_ms: float = 0.0
    hits: dict[str, int] = field(default_factory=dict)
    shadows: dict[str, int] = field(default_factory=dict)
    flagged: list[Decision] = field(default_factory=list)
    approved: list[Decision] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    alarms: list[Alarms] = field(default_factory=list)
    groups: dict[str, GroupMoved] = field(default_factory=dict)
    drift: Drift = field(default_factory=Drift)
    quality: Quality = field(default_factory=Quality)

    def decided_batch(
        self, decisions: list[Decision], latencies: Iterable[int]
    ) -> None:
        """Count a batch of decisions and how long each took, in milliseconds."""
        self.decided += len(decisions)
        outcomes = self.outcomes
        for decision in decisions:
            outcomes[decision.outcome] = outcomes.get(decision.outcome, 0) + 1
            if decision.outcome != "approve":
                self.flagged.append(decision)
            for hit in decision.hits:
                self.hits[hit.rule] = self.hits.get(hit.rule, 0) + 1
            for name in decision.shadows:
                self.shadows[name] = self.shadows.get(name, 0) + 1
        del self.flagged[:-RECENT]
        self.approved += decisions[-RECENT:]
        del self.approved[:-RECENT]
        latency = self.latency
        for taken in latencies:
            latency[bisect_left(BOUNDS_MS, taken)] += 1
            self.latency_sum_ms += taken

    def saw(self, position: Position) -> None:
        """Keep where a device is, until the next pulse says it."""
        self.positions.append(position)
        if len(self.positions) > 2 * POSITIONS:
            del self.positions[:-POSITIONS]

    def take_positions(self) -> list[Position]:
        """Return where devices were since the last call, the newest 500."""
        found, self.positions = self.positions[-POSITIONS:], []
        return found

    def felt(self, alarms: Alarms) -> None:
        """Keep what a cash machine felt, until the next pulse says it."""
        self.alarms.append(alarms)
        del self.alarms[:-ALARMS]

    def take_alarms(self) -> list[Alarms]:
        """Return what cash machines felt since the last call, the newest 100."""
        found, self.alarms = self.alarms, []
        return found

    def moved(self, group: GroupMoved) -> None:
        """Keep that a group moved or is over, until the next pulse says it."""
        self.groups.pop(group.id, None)
        self.groups[group.id] = group
        while len(self.groups) > GROUPS:
            del self.groups[next(iter(self.groups))]

    def take_groups(self) -> list[GroupMoved]:
        """Return the groups that moved since the last call, who moved last at last."""
        found, self.groups = list(self.groups.values()), {}
        return found

    def take_recent(self) -> list[Decision]:
        """Return the newest decisions since the last call, at most 20."""
        plain = [d for d in self.approved if d.outcome == "approve"]
        found = (self.flagged + plain)[:RECENT]
        self.flagged, self.approved = [], []
        return found

"""Moving together: which planted gangs are found as groups, and who is wronged.

A bank is made up, its events take the road of the sketches in this process, by the
code that runs live.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct

from app.events.app_events import AppEvent
from app.events.groups import GroupAlert
from app.events.labels import Label
from app.events.payments import Payment
from app.features.clock import DAY, microseconds
from app.sketches.behaviour import BehaviourRow
from app.sketches.groups import Found, Groups

GANGS = ("mule-ring", "bot-farm", "money-cycle", "fan-in")
"""Scenarios in which several customers take part."""


class Judged(Protocol):
    """A payment, and the scenario that it is part of; empty where it is honest."""

    @property
    def payment(self) -> Payment:
        """The payment."""
        ...

    @property
    def scenario(self) -> str:
        """The scenario."""
        ...


J = TypeVar("J", bound=Judged)


class Watcher:
    """Behaviours and groups in one process, without a broker.

    `alerts` holds the newest of each group.
    """

    def __init__(self) -> None:
        self.rows: defaultdict[str, BehaviourRow] = defaultdict(BehaviourRow)
        self.groups = Groups()
        self.alerts: dict[str, GroupAlert] = {}

    def learn(self, event: Payment | AppEvent | Label) -> Found | None:
        """Learn an event; return the group that its customer is in, if that is news."""
        told = self.rows[event.customer_id].learn(event)
        if told is None:
            return None
        found = self.groups.learn(told)
        if found is None or not found.news:
            return None
        self.alerts[found.alert.id] = found.alert
        return found


class Part(NamedTuple):
    """Who took part in a gang, and when: a payment of it that is known as fraud."""

    scenario: str
    customer: str
    at: int


class Gang(Struct, frozen=True):
    """What was found of a kind of gang.

    Attributes:
        members: customers that took part, each counted once a day.
        found: how many of them were in a group that was alerted within a day.
        groups: alerted groups with a member that took part.
    """

    scenario: str
    members: int
    found: int
    groups: int

    @property
    def recall(self) -> float:
        """The share of members that were found."""
        return self.found / max(self.members, 1)


class Moving(Struct, frozen=True):
    """All kinds of gangs, and who is in groups by mistake.

    `right` are members of alerted groups that took part in a gang within a day of it,
    `wrong` those that did not; `mistaken` are groups without anybody who did.
    """

    gangs: list[Gang]
    groups: int
    mistaken: int
    right: int
    wrong: int

    @property
    def precision(self) -> float:
        """The share of those in alerted groups that took part."""
        return self.right / max(self.right + self.wrong, 1)


def noted(judged: Iterable[J], parts: list[Part]) -> Iterator[J]:
    """Yield what was judged, and note who took part in what."""
    for one in judged:
        if one.scenario:
            at = microseconds(one.payment.occurred_at)
            parts.append(Part(one.scenario, one.payment.customer_id, at))
        yield one


def moving(
    alerts: Iterable[GroupAlert], parts: Iterable[Part], *, since: int
) -> Moving:
    """Hold groups alerted since a time, microseconds, against who took part."""
    told = [one for one in alerts if microseconds(one.since) >= since]
    took: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        if part.scenario in GANGS and part.at >= since:
            took[part.customer].append(part)
    everybody = {_day(one) for some in took.values() for one in some}
    found: set[tuple[str, str, int]] = set()
    of_scenario: dict[str, set[str]] = {name: set() for name in GANGS}
    mistaken = right = wrong = 0
    for alert in told:
        first, last = microseconds(alert.since) - DAY, microseconds(alert.at) + DAY
        before = right
        for member in alert.members:
            mine = [one for one in took.get(member, ()) if first <= one.at <= last]
            right += bool(mine)
            wrong += not mine
            for one in mine:
                found.add(_day(one))
                of_scenario[one.scenario].add(alert.id)
        mistaken += right == before
    gangs = [
        Gang(
            name,
            sum(one[0] == name for one in everybody),
            sum(one[0] == name for one in found),
            len(of_scenario[name]),
        )
        for name in GANGS
    ]
    return Moving(gangs, len(told), mistaken, right, wrong)


def _day(part: Part) -> tuple[str, str, int]:
    return part.scenario, part.customer, part.at // DAY

"""Groups: customers that move together, found as their behaviour is told.

Each customer's acts of a day make a set; sets that are much alike are linked, and
what links hold together from three customers on is a group. An act that everybody
does links nobody, and a link needs evidence: rare acts of some weight in common.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from msgspec.structs import replace

from app.events.groups import Behaviour, GroupAlert, Grouped, Link, Shared
from app.features.clock import DAY, microseconds, moment
from app.sketches.behaviour import WINDOW, weight, words
from app.sketches.clusters import Clusters
from app.sketches.minhash import EMPTY, Signature, added
from app.sketches.money import Accounts

ALIKE = 0.25
"""Share of the acts of two, by weight, that they have in common, at the least."""
EVIDENCE = 6
"""Weight of the acts that two have in common, at the least."""
COMMON = 30
"""An act that more customers do within the day is no evidence."""
LEAST = 3  # customers of a group
MOST_MEMBERS = 200  # remembered of a group
MOST_LINKS = 400
MOST_REASONS = 4
LASTS = 30 * DAY
"""How long a group is remembered after it last moved."""

PAYS, PASSES = "pays ", "passes "
ON = ", who is one of them and passes it on"


class Member(NamedTuple):
    """What was last told of a customer; `counted` are the acts that tell it apart.

    `order` grows from one that is told to the next.
    """

    order: int
    at: int
    acts: list[str]
    counted: list[str]
    frauds: int
    synthetic: bool


class Found(NamedTuple):
    """The group of who was told of: all that move together now, and whether it is new.

    It is where somebody joined, or where more or fewer have a known fraud.
    """

    alert: GroupAlert
    moving: list[str]
    news: bool


class Groups:
    """The groups of all customers, as their behaviours come in one log.

    `known` has the groups that moved in the last 30 days; `news` are the names of
    those to tell of after what was learnt last, or that are known no longer. A
    function of the log; `touched` collects the names of groups that changed, for the
    caller to store and clear, as `clusters` and `accounts` do, and `changed` those of
    customers.
    """

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}  # who was told of last at the end
        self.known: dict[str, GroupAlert] = {}  # the one that moved last at the end
        self.beyond: dict[str, list[str]] = {}  # of full groups: told of, no room left
        self.accounts = Accounts()
        self.clusters = Clusters(alike=ALIKE, judge=self._alike)
        self.news: dict[str, None] = {}
        self.newest = 0
        self.clock = 0
        self.touched: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.holders: Counter[str] = Counter()
        self._doers: dict[str, dict[str, None]] = {}  # of acts that are evidence alone

    def learn(self, told: Behaviour, *, logged: int | None = None) -> Found | None:
        """Learn what a customer did; return the group that it is in, if it is.

        `logged` is when the log took it, microseconds: what claims to be of later is
        taken to be of then, or one payment dated ahead would age all others.
        """
        self.news.clear()
        key, at = told.customer_id, microseconds(told.at)
        if logged is not None:
            at = min(at, logged)
        if told.erased:
            self._erase(key)
            return None
        self.newest = max(self.newest, at)
        self._forget()
        gone: set[str] = set()
        if told.transfer and self.accounts.move(key, told.transfer, at):
            back = told.transfer.beneficiary_id
            if one := self.members.get(back):
                self.clock += 1
                gone |= self._put(back, one._replace(order=self.clock))
        self.clock += 1
        member = Member(self.clock, at, told.acts, [], told.frauds, told.synthetic)
        gone |= self._put(key, member)
        name = self.clusters.names.get(key)
        moving = sorted(self.clusters.members(name)) if name else []
        if name is None or len(moving) < LEAST:
            return None
        found = self._move(name, moving)
        self._take_up(found.alert, gone - {name})
        return found

    def restore(
        self,
        members: Iterable[tuple[str, Member]],
        known: Iterable[tuple[GroupAlert, list[str]]],
    ) -> None:
        """Become what the groups were that had these.

        With each group comes who is `beyond` what is remembered of it. Their clusters
        and accounts are restored by themselves.
        """
        for key, member in sorted(members, key=lambda one: one[1].order):
            self.members[key] = member
            self._hold(key, member.acts)
        for alert, beyond in sorted(known, key=lambda one: one[0].at):
            self.known[alert.id] = alert
            if beyond:
                self.beyond[alert.id] = beyond

    def _put(self, key: str, member: Member) -> set[str]:
        """Remember a customer; return the names of the clusters that changed."""
        before = self._drop(key)
        own = (act for act in member.acts if not act.startswith(PASSES))
        acts = sorted({*own, *self._passed(key)})
        self._hold(key, acts)
        counted = [act for act in acts if self.holders[act] <= COMMON]
        self.members[key] = member._replace(acts=acts, counted=counted)
        self.changed[key] = None
        if sum(map(weight, counted)) < EVIDENCE:
            return self.clusters.remove(key)
        if before and before.counted == counted and key in self.clusters.names:
            return set()
        near = [one for act in counted for one in self._doers.get(act, ())]
        return self.clusters.put(key, signature(counted), near=near)

    def _passed(self, key: str) -> list[str]:
        """Return the acts of an account that passes money on.

        It shares them with who sent it the money, and with who passes on the same.
        """
        sources = self.accounts.sources(key)
        collects = [f"{PAYS}{key}"] if sources else []
        return collects + [f"{PASSES}{one}" for one in sources]

    def _hold(self, key: str, acts: list[str]) -> None:
        self.holders.update(acts)
        for act in acts:
            if weight(act) >= EVIDENCE:
                self._doers.setdefault(act, {})[key] = None

    def _drop(self, key: str) -> Member | None:
        before = self.members.pop(key, None)
        for act in before.acts if before else ():
            self.holders[act] -= 1
            if not self.holders[act]:
                del self.holders[act]
            if doers := self._doers.get(act):
                del doers[key]
                if not doers:
                    del self._doers[act]
        return before

    def _alike(self, one: str, other: str) -> float:
        """Return which share of the acts of the one that has fewer are the other's too.

        By weight; 0 without evidence.
        """
        here, there = (self.members[key].counted for key in (one, other))
        common = sum(
            weight(act)
            for act in set(here).intersection(there)
            if self.holders[act] <= COMMON
        )
        if common < EVIDENCE:
            return 0.0
        return common / min(sum(map(weight, here)), sum(map(weight, there)))

    def _move(self, name: str, moving: list[str]) -> Found:
        """Remember that a group moved."""
        before = self.known.pop(name, None)
        members = before.members if before else []
        told = {*members, *self.beyond.get(name, ())}
        frauds = sum(self.members[key].frauds > 0 for key in moving)
        news = not before or not told.issuperset(moving) or frauds != before.frauds
        links = before.links if before else []
        if news:
            self.news[name] = None
            members = self._remembered(name, members, moving)
            links = self._links(links, moving, set(members))
        now = moment(self.newest)
        alert = GroupAlert(
            id=name,
            since=before.since if before else now,
            at=now,
            size=len(moving),
            frauds=frauds,
            members=members,
            why=self.why(moving) if news or not before else before.why,
            links=links,
            synthetic=all(self.members[key].synthetic for key in moving),
        )
        self.known[name] = alert
        self.touched[name] = None
        return Found(alert, moving, news)

    def _remembered(self, name: str, old: list[str], moving: list[str]) -> list[str]:
        """Return the members of a group that is news, the oldest first.

        Where they are too many, the oldest that no longer move go; who then still
        has no room is remembered to have been told of, until the next news.
        """
        known, now = set(old), set(moving)
        members = [*old, *(key for key in moving if key not in known)]
        spare = max(len(members) - MOST_MEMBERS, 0)
        gone = set(islice((key for key in members if key not in now), spare))
        members = [key for key in members if key not in gone]
        self.beyond.pop(name, None)
        if beyond := members[MOST_MEMBERS:]:
            self.beyond[name] = beyond
        return members[:MOST_MEMBERS]

    def _links(
        self, before: list[Link], moving: list[str], members: set[str]
    ) -> list[Link]:
        """Return which members are alike, or were when the group was news before."""
        known = dict.fromkeys(before)
        for key in moving:
            linked = sorted(self.clusters.links[key])
            known.update(dict.fromkeys(Link(key, one) for one in linked if key < one))
        among = (one for one in known if {one.one, one.other} <= members)
        return list(islice(among, MOST_LINKS))

    def why(self, moving: list[str]) -> list[Shared]:
        """Return what most of some customers have in common, the weightiest first."""
        held: Counter[str] = Counter()
        for key in moving:
            held.update(self.members[key].counted)
        shared = [(act, count) for act, count in held.items() if count > 1]
        shared.sort(key=lambda one: (-one[1] * weight(one[0]), one[0]))
        found = (self._shared(act, count, moving) for act, count in shared)
        return [one for one in found if one.members > 1][:MOST_REASONS]

    def _shared(self, act: str, count: int, moving: list[str]) -> Shared:
        """Say how many do an act; a payee holds that it is paid where it passes on."""
        said, payee = words(act), act.removeprefix(PAYS)
        if payee != act and payee in moving and act in self.members[payee].counted:
            count -= 1
            said += ON
        return Shared(count, f"{count} of {len(moving)} {said}")

    def _take_up(self, alert: GroupAlert, names: set[str]) -> None:
        """Forget groups that are no more, and whose members are all in this one."""
        for name in sorted(names):
            other = self.known.get(name)
            if other is None or self.clusters.members(name):
                continue
            if set(other.members) <= set(alert.members):
                self._end(name)

    def _erase(self, key: str) -> None:
        """Forget a customer, also in groups and in what others did."""
        self._drop(key)
        self.clusters.remove(key)
        self.changed[key] = None
        self.accounts.erase(key)
        named = f"{PAYS}{key}", f"{PASSES}{key}"
        for other in sorted({one for act in named for one in self._doers.get(act, ())}):
            member = self.members[other]
            self.clock += 1
            acts = [act for act in member.acts if act not in named]
            self._put(other, member._replace(order=self.clock, acts=acts))
        for name in sorted(self.known):
            self._leave_out(name, key)

    def _leave_out(self, name: str, key: str) -> None:
        """Have a group name a customer no longer; end one that is none without it."""
        alert, beyond = self.known[name], self.beyond.get(name, [])
        if key in beyond:
            beyond.remove(key)
            self.touched[name] = None
        members = [one for one in alert.members if one != key]
        why = [one for one in alert.why if not _names(one.reason, key)]
        if members == alert.members and why == alert.why:
            return
        if len(members) < LEAST:
            self._end(name)
            return
        size = min(alert.size, len(members) + len(beyond))
        self.known[name] = replace(
            alert,
            size=size,
            frauds=min(alert.frauds, size),
            members=members,
            why=why,
            links=[one for one in alert.links if key not in (one.one, one.other)],
        )
        self.touched[name] = self.news[name] = None

    def _forget(self) -> None:
        """Forget what is past its time."""
        past = self.newest - WINDOW
        while self.members:
            key, member = next(iter(self.members.items()))
            if member.at > past:
                break
            self._drop(key)
            self.clusters.remove(key)
            self.changed[key] = None
        self.accounts.forget(past)
        oldest = moment(self.newest - LASTS)
        while self.known:
            name, alert = next(iter(self.known.items()))
            if alert.at > oldest:
                break
            self._end(name)

    def _end(self, name: str) -> None:
        """Forget a group."""
        del self.known[name]
        self.beyond.pop(name, None)
        self.touched[name] = self.news[name] = None


def _names(reason: str, customer: str) -> bool:
    """Whether a reason is that a customer was paid, or sent what was passed on."""
    said = words(f"{PAYS}{customer}"), words(f"{PASSES}{customer}")
    return reason.removesuffix(ON).endswith(said)


def grouped(found: Found, partition_of: Callable[[str], int]) -> list[Grouped]:
    """Return what the logs of those that move together are told, once a partition.

    More than one record of one origin would look like a repeat there. `partition_of`
    gives a customer's partition.
    """
    alert = found.alert
    shares: dict[int, list[str]] = {}
    for customer in found.moving:
        shares.setdefault(partition_of(customer), []).append(customer)
    return [
        Grouped(alert.id, alert.at, alert.size, alert.frauds, customers)
        for _, customers in sorted(shares.items())
    ]


def signature(acts: list[str]) -> Signature:
    """Return the signature of acts, each in the set as often as it weighs."""
    return added(EMPTY, [f"{act} {n}" for act in acts for n in range(weight(act))])

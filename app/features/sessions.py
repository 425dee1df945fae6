"""Sessions: what a customer did in the app before a payment."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter
from struct import Struct
from typing import Literal, NamedTuple, Self, TypeVar

import mmh3

from app.events.app_events import AppEvent
from app.events.payments import Payment
from app.features.clock import DAY, SECOND, microseconds, moment
from app.features.steps import FIRST, Steps, step_of, surprises

GAP = 30 * 60 * SECOND
"""A session ends where nothing happens for longer."""
HORIZON = DAY
"""How far behind the customer's newest an event may be."""
MOST_EVENTS = 128
"""Remembered one by one; beyond it the oldest are only learnt from."""
MARKS_LAST = 31 * DAY
MOST_MARKS = 10  # beneficiaries added and the like; the oldest goes
MOST_KNOWN = 12  # devices, countries and networks, each; the oldest goes
FEWEST_PACED = 3  # events that have a pace
MINUTE = 60 * SECOND
LONG_AGO = -(1 << 62)

HEADER = Struct("<BqHHHHH")
"""Version; of what is forgotten, when and which step the last was; how many events,
known things and marks follow, and how many bytes of steps."""
EVENT = Struct("<qQHBIIII")
KNOWN = Struct("<BIq")  # device, country or network; its hash; when last seen
MARK = Struct("<BIq")  # which; the beneficiary's hash; when
VERSION = 1

Learnt = Literal["new", "repeat", "late"]
LOG_IN, RESET, LIMIT, ADDED = range(1, 5)
_MARKS = {
    "log-in": LOG_IN,
    "password-reset": RESET,
    "limit-changed": LIMIT,
    "beneficiary-added": ADDED,
}
FAILED = 128
NAMES = (
    "session_minutes",
    "session_actions",
    "session_seconds_an_action",
    "session_surprise",
    "session_surprise_for_all",
    "session_new_device",
    "session_new_country",
    "session_new_network",
    "session_failed_log_ins",
    "minutes_since_log_in",
    "minutes_since_beneficiary_added",
    "minutes_since_limit_changed",
    "minutes_since_password_reset",
)
UNKNOWN: list[float | None] = [None] * len(NAMES)
"""What is said of a payment of somebody who was never in the app."""
K = TypeVar("K", int, tuple[int, int])
_at = attrgetter("at")


class Event(NamedTuple):
    """An app event as it is remembered; `places` are hashes, 0 for none.

    `mark` is the kind, where a payment after it is judged by that; 128 more where
    the bank refused it.
    """

    at: int
    id: int
    step: int
    mark: int
    beneficiary: int
    places: tuple[int, int, int]


class Sessions:
    """The app events of a customer's last day, by event time, and habits from before.

    An event that comes late or out of order lands where it belongs, and a payment is
    judged by what happened up to its own time: the same whatever came in first.
    Events a day behind the newest are learnt from and forgotten, so are those beyond
    128; until then each takes 35 bytes. One that comes after that changes nothing.
    """

    __slots__ = ("_events", "_ids", "_known", "_last", "_marked", "_marks", "_steps")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._ids: set[int] = set()  # of the events
        self._marked: list[Event] = []  # of the events, those that changed something
        self._last = (LONG_AGO, FIRST)  # when and which step was forgotten last
        self._known: tuple[dict[int, int], ...] = ({}, {}, {})  # when last seen
        self._steps = Steps()
        self._marks: dict[tuple[int, int], int] = {}

    def learn(self, event: AppEvent) -> Learnt:
        """Remember an event, unless it was there before or comes too late."""
        one = _remembered(event)
        events = self._events
        if one.id in self._ids:
            return "repeat"
        newest = events[-1].at if events else LONG_AGO
        if one.at <= max(self._last[0], newest - HORIZON):
            return "late"
        insort(events, one)
        self._ids.add(one.id)
        if LOG_IN < one.mark < FAILED:
            insort(self._marked, one)
        if events[0].at <= events[-1].at - HORIZON or len(events) > MOST_EVENTS:
            self._forget(max(self._stale(), len(events) - MOST_EVENTS))
        return "new"

    def read(self, payment: Payment, at: int) -> list[float | None]:
        """Return what `NAMES` says of a payment at a time, and learn nothing."""
        events = self._events
        here = bisect_left(events, at + 1, key=_at)
        start, before = here, at
        while start and before - events[start - 1].at <= GAP:
            start -= 1
            before = events[start].at
        session: list[float | None] = [None] * (len(NAMES) - 3)
        if start < here:
            session = self._session(start, here, at)
        if not (self._marked or self._marks):
            return session + UNKNOWN[-3:]
        beneficiary = _hash(payment.beneficiary_id)
        return [
            *session,
            self._minutes_since((ADDED, beneficiary), at) if beneficiary else None,
            self._minutes_since((LIMIT, 0), at),
            self._minutes_since((RESET, 0), at),
        ]

    def _session(self, start: int, end: int, at: int) -> list[float | None]:
        """Return what is said of a session, which is a slice of the events."""
        session = self._events[start:end]
        count = len(session)
        paced = (session[-1].at - session[0].at) / SECOND / max(count - 1, 1)
        failed = 0
        logged_in = None
        for event in session:
            failed += event.mark == FAILED + LOG_IN
            if event.mark == LOG_IN:
                logged_in = (at - event.at) / MINUTE
        path = [event.step for event in session]
        own, everybodys = surprises(path, self._steps, self._recent(start))
        return [
            (at - session[0].at) / MINUTE,
            float(count),
            paced if count >= FEWEST_PACED else None,
            own,
            everybodys,
            *(self._is_new(place, start, session) for place in range(3)),
            float(failed),
            logged_in,
        ]

    def _recent(self, start: int) -> Steps:
        """Return the customer's steps before a session that are not yet habits."""
        steps = Steps()
        last = self._last
        for event in self._events[:start]:
            last = _follow(event, last, steps)
        return steps

    def _is_new(self, place: int, start: int, session: Sequence[Event]) -> float | None:
        """Say whether a session has a device, country or network not seen before.

        None where none was ever seen before, or none is stated.
        """
        here = {e.places[place] for e in session if e.mark < FAILED}
        here.discard(0)
        known = set(self._known[place])
        known.update(e.places[place] for e in self._events[:start] if e.mark < FAILED)
        known.discard(0)
        if not here or not known:
            return None
        return float(not here <= known)

    def _minutes_since(self, mark: tuple[int, int], at: int) -> float | None:
        """Return how long before a payment something happened; None if it did not."""
        for event in reversed(self._marked):
            if (event.mark, event.beneficiary) == mark and event.at <= at:
                return (at - event.at) / MINUTE
        since = self._marks.get(mark)
        if since is None or not at - MARKS_LAST <= since <= at:
            return None
        return (at - since) / MINUTE

    def _stale(self) -> int:
        """Return how many events at the start are past the horizon."""
        events = self._events
        if not events:
            return 0
        return bisect_left(events, events[-1].at - HORIZON + 1, key=_at)

    def _forget(self, count: int) -> None:
        """Learn from the oldest events, and forget them."""
        for event in self._events[:count]:
            self._ids.discard(event.id)
            self._last = _follow(event, self._last, self._steps)
            if event.mark < FAILED:
                for known, seen in zip(self._known, event.places, strict=True):
                    if seen:
                        known[seen] = event.at
                        _cut(known, MOST_KNOWN)
            if LOG_IN < event.mark < FAILED:
                self._marks[event.mark, event.beneficiary] = event.at
                _cut(self._marks, MOST_MARKS)
                self._marked.remove(event)
        del self._events[:count]

    def encode(self) -> bytes:
        """Return the bytes, the same whatever order the events came in."""
        steps = b"".join(self._steps.encode())
        known = [
            KNOWN.pack(place, seen, at)
            for place, kept in enumerate(self._known)
            for seen, at in sorted(kept.items())
        ]
        marks = [MARK.pack(*mark, at) for mark, at in sorted(self._marks.items())]
        counts = len(self._events), len(known), len(marks), len(steps)
        return b"".join(
            chain(
                [HEADER.pack(VERSION, *self._last, *counts)],
                (EVENT.pack(*one[:-1], *one.places) for one in self._events),
                known,
                marks,
                [steps],
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the sessions that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        if data[0] != VERSION:
            message = f"sessions: got version {data[0]}, expected {VERSION}"
            raise ValueError(message)
        _, at, step, *counts = HEADER.unpack_from(data)
        row = cls()
        row._last = at, step
        parts = _parts(data[HEADER.size :], counts)
        row._events = [
            Event(at, i, step, mark, beneficiary, (device, country, network))
            for at, i, step, mark, beneficiary, device, country, network in (
                EVENT.iter_unpack(next(parts))
            )
        ]
        row._ids = {event.id for event in row._events}
        row._marked = [e for e in row._events if LOG_IN < e.mark < FAILED]
        for place, seen, at in KNOWN.iter_unpack(next(parts)):
            row._known[place][seen] = at
        for mark, beneficiary, at in MARK.iter_unpack(next(parts)):
            row._marks[mark, beneficiary] = at
        row._steps = Steps.decode(next(parts))
        return row

    def view(self) -> dict[str, object]:
        """Return what REST shows of it."""
        events = self._events
        last = events[-1].at if events else self._last[0]
        names = ("devices", "countries", "networks")
        known = {
            name: len(
                kept.keys() | {e.places[place] for e in events if e.mark < FAILED} - {0}
            )
            for place, (name, kept) in enumerate(zip(names, self._known, strict=True))
        }
        return {
            "last_event_at": moment(last),
            "events": len(events),
            "known": known,
            "sessions": [_shown(one) for one in self._sessions()],
        }

    def _sessions(self) -> list[list[Event]]:
        """Part the events remembered where nothing happened for long, oldest first."""
        found: list[list[Event]] = []
        for event in self._events:
            if found and event.at - found[-1][-1].at <= GAP:
                found[-1].append(event)
            else:
                found.append([event])
        return found


def _shown(session: Sequence[Event]) -> dict[str, object]:
    return {
        "started_at": moment(session[0].at),
        "ended_at": moment(session[-1].at),
        "events": len(session),
        "failed_log_ins": sum(event.mark == FAILED + LOG_IN for event in session),
    }


def _remembered(event: AppEvent) -> Event:
    mark = _MARKS.get(event.kind, 0)
    network = str(event.asn) if event.asn is not None else None
    return Event(
        microseconds(event.occurred_at),
        mmh3.hash64(event.id, signed=False)[0],
        step_of(event),
        mark + FAILED * (event.outcome == "failure"),
        _hash(event.beneficiary_id) if mark == ADDED else 0,
        (_hash(event.device_id), _hash(event.country), _hash(network)),
    )


def _hash(text: str | None) -> int:
    """Return 32 bits by which a text is remembered; 0 for none."""
    return (mmh3.hash(text, signed=False) or 1) if text else 0


def _follow(event: Event, last: tuple[int, int], steps: Steps) -> tuple[int, int]:
    """Learn how an event follows the last one; return it as the last."""
    then, before = last
    steps.add((before if event.at - then <= GAP else FIRST, event.step))
    return event.at, event.step


def _cut(kept: dict[K, int], most: int) -> None:
    """Forget what was seen longest ago where there is too much."""
    if len(kept) > most:
        _, oldest = min((at, seen) for seen, at in kept.items())
        del kept[oldest]


def _parts(data: bytes, counts: Sequence[int]) -> Iterator[bytes]:
    """Yield the parts of a row's bytes, by how many of each there are."""
    start = 0
    sizes = EVENT.size, KNOWN.size, MARK.size, 1
    for count, size in zip(counts, sizes, strict=True):
        yield data[start : start + count * size]
        start += count * size

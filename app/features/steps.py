"""Steps: how likely one thing in the app follows another, by habit and for all.

A step is what an event is about: its kind or, of a plain action, the first part of
the call's name: `/ACCOUNTS/STATEMENTS` is a step `ACCOUNTS`.
"""

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from math import log2
from struct import Struct
from typing import Self

import mmh3

from app.events.app_events import AppEvent

FIRST = 0
"""What comes before a session's first step."""
WEIGHT = 8.0
"""How many own transitions from a step count as much as everybody's."""
RARE = 1 / 512
"""What a step gets that is in no statistics: nine bits of surprise."""
MOST = 64
"""Transitions remembered of a customer; beyond it all counts are halved."""
TRANSITION = Struct("<HHH")
_LARGEST = (1 << 16) - 1

Transition = tuple[int, int]


def step_of(event: AppEvent) -> int:
    """Return the step of an event as 16 bits of its name's hash, never 0."""
    return named(name_of(event.kind, event.action))


def name_of(kind: str, action: str | None) -> str:
    """Return the name of the step that an event is.

    >>> name_of("action", "/accounts/statements"), name_of("log-in", "/X/Y")
    ('ACCOUNTS', 'log-in')
    """
    if kind != "action":
        return kind
    return (action or "").lstrip("/").partition("/")[0].upper()


@lru_cache(maxsize=4_096)
def named(step: str) -> int:
    """Return the 16 bits that stand for a step's name.

    >>> named("log-in") == named("log-in") != named("ACCOUNTS")
    True
    """
    return mmh3.hash(step, signed=False) % _LARGEST + 1


@cache
def everybody() -> dict[Transition, float]:
    """Return how often each step follows another, as a share of what follows it.

    Counted once over a month of the made-up bank (`python -m app.simulate.steps`):
    a bank puts its own counts there.
    """
    text = (files("app.features") / "steps.json").read_text(encoding="utf-8")
    shares: dict[Transition, float] = {}
    for before, following in json.loads(text).items():
        total = sum(following.values())
        first = named(before) if before else FIRST
        for step, count in following.items():
            shares[first, named(step)] = count / total
    return shares


def surprises(path: list[int], habit: "Steps", recent: "Steps") -> tuple[float, float]:
    """Return how unlikely a sequence of steps is, in bits a step: for one, and for all.

    For one: what follows a step as often as it did in this customer's past, which is
    a habit and what came recently, mixed with what everybody does; that weighs as
    much as 8 times of the customer's own.
    """
    shares = everybody()
    own = everybodys = 0.0
    before = FIRST
    for step in path:
        pair = before, step
        share = shares.get(pair, RARE)
        seen = habit.seen(pair) + recent.seen(pair)
        left = habit.left(before) + recent.left(before)
        own -= log2(max((seen + WEIGHT * share) / (left + WEIGHT), RARE))
        everybodys -= log2(max(share, RARE))
        before = step
    return own / len(path), everybodys / len(path)


class Steps:
    """How often a customer went from one step to another."""

    __slots__ = ("_counts", "_from")

    def __init__(self) -> None:
        self._counts: dict[Transition, int] = {}
        self._from: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def seen(self, pair: Transition) -> int:
        """Return how often a step followed another."""
        return self._counts.get(pair, 0)

    def left(self, step: int) -> int:
        """Return how often anything followed a step."""
        return self._from.get(step, 0)

    def add(self, pair: Transition) -> None:
        """Learn a transition."""
        counts = self._counts
        counts[pair] = counts.get(pair, 0) + 1
        self._from[pair[0]] = self._from.get(pair[0], 0) + 1
        if len(counts) > MOST or counts[pair] == _LARGEST:
            self._halve()

    def _halve(self) -> None:
        kept = {pair: count // 2 for pair, count in self._counts.items() if count > 1}
        self._counts = kept
        self._from = {}
        for (before, _), count in kept.items():
            self._from[before] = self._from.get(before, 0) + count

    def encode(self) -> Iterator[bytes]:
        """Yield each transition with its count, in an order of their own."""
        for pair, count in sorted(self._counts.items()):
            yield TRANSITION.pack(*pair, count)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the steps that `encode` made the bytes from."""
        steps = cls()
        for before, step, count in TRANSITION.iter_unpack(data):
            steps._counts[before, step] = count
            steps._from[before] = steps._from.get(before, 0) + count
        return steps

"""Scenarios: how much of each planted fraud is found, and how many are bothered for it.

A bank is made up, its payments take the road in this process, and the rules decide
them by the code that decides live. The bank's first days only teach it habits.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from app.detection.log import Road
from app.detection.moving import Watcher
from app.events.decisions import Outcome
from app.events.labels import Label
from app.events.payments import Payment
from app.events.readings import Fixes
from app.features.catalogue import READABLE
from app.features.clock import microseconds
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import Ruleset
from app.scoring.decide import Vector, decide
from app.scoring.model import Model
from app.simulate.fraud import INCIDENTS
from app.simulate.phones import Pockets
from app.sources.chunks import Chunk

WARM_UP = 30
"""Days before the first payment that is judged."""

_label = msgspec.json.Decoder(Label).decode


class Judged(NamedTuple):
    """A payment after the warm-up: what it was, and what was made of it.

    `scenario` is empty for an honest one; `rule` is the hit with the highest score;
    `probability` is the model's, 0 without one.
    """

    payment: Payment
    scenario: str
    outcome: Outcome
    rule: str
    probability: float


class Found(Struct, frozen=True):
    """What was found of one scenario.

    Attributes:
        incidents: customers, or terminals, that it happened to.
        seen: of these, those with a payment for review or declined.
        detected: share of its payments for review or declined; `declined` of the
            latter alone.
        bothered: share of honest payments that were flagged by the rules that find
            this scenario rather than another.
        by_model: share of its payments that the model flags where it flags as many
            honest payments as the rules do; null without a model.
    """

    scenario: str
    payments: int
    incidents: int
    seen: int
    detected: float
    declined: float
    bothered: float
    by_model: float | None


class Report(Struct, frozen=True):
    """Each scenario, and all honest payments: how many, and which share was flagged."""

    scenarios: list[Found]
    honest: int
    bothered: float


def judged(  # noqa: PLR0913 - what differs between two uses, by name
    chunks: Iterable[Chunk],
    *,
    since: int,
    ruleset: Ruleset,
    currency: str,
    model: Model | None = None,
    pockets: Pockets | None = None,
    watcher: Watcher | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Judged]:
    """Decide payments as the road would; yield those from `since` on, microseconds.

    With `pockets` customers have phones, which tell where they are; with a `watcher`
    those that move together are known.
    """
    scenarios: dict[str, str] = {}

    def whereabouts(payment: Payment) -> Fixes | None:
        if pockets is None:
            return None
        return pockets.fixes(payment, scenarios.get(payment.id, ""))

    road = Road(currency, whereabouts=whereabouts if pockets else None, watcher=watcher)
    rules = compile_ruleset(ruleset, READABLE)
    for chunk in chunks:
        scenarios.clear()
        for one in chunk.labels:
            scenarios[one.transaction_id] = _label(one.value).scenario or ""
        found = [
            one
            for one in road.profiled(chunk)
            if one and microseconds(one[0].occurred_at) >= since
        ]
        payments = [payment for payment, _ in found]
        vectors: list[Vector] = [vector for _, vector in found]
        chances = model.score(vectors).tolist() if model else [0.0] * len(vectors)
        alone = [[*vector, None] for vector in vectors]  # the rules, without a model
        for payment, told, chance in zip(
            payments, decide(alone, payments, rules=rules), chances, strict=True
        ):
            rule = max(told.hits, key=lambda hit: hit.score).rule if told.hits else ""
            scenario = scenarios.get(payment.id, "")
            yield Judged(payment, scenario, told.outcome, rule, chance)
        if progress:
            progress(len(chunk.ids))


def report(all_judged: Iterable[Judged], *, with_model: bool = False) -> Report:
    """Sum up by scenario.

    A rule counts for the scenario of which it flags most, so that each honest payment
    that is flagged is counted for one scenario: that of its strongest rule.
    """
    honest, flagged_honest = 0, Counter[str]()
    frauds: dict[str, list[Judged]] = {name: [] for name in INCIDENTS}
    finds: dict[str, Counter[str]] = {}
    chances: list[float] = []
    for one in all_judged:
        flagged = one.outcome != "approve"
        if not one.scenario:
            honest += 1
            flagged_honest[one.rule] += flagged
            chances.append(one.probability)
            continue
        frauds[one.scenario].append(one)
        if flagged:
            finds.setdefault(one.rule, Counter())[one.scenario] += 1
    bothered = Counter[str]()
    for rule, count in flagged_honest.items():
        told = finds.get(rule, Counter()).most_common(1)
        bothered[told[0][0] if told else ""] += count
    total = sum(bothered.values())
    limit = _limit(chances, total) if with_model else None
    return Report(
        [
            _found(name, some, bothered=bothered[name] / max(honest, 1), limit=limit)
            for name, some in frauds.items()
        ],
        honest,
        total / max(honest, 1),
    )


def _limit(chances: list[float], flagged: int) -> float:
    """Return the probability above which so many honest payments are flagged."""
    ranked = np.sort(np.array(chances))[::-1]
    return float(ranked[min(flagged, len(ranked) - 1)]) if len(ranked) else 1.0


def _found(
    name: str, some: list[Judged], *, bothered: float, limit: float | None
) -> Found:
    def victim(one: Judged) -> str:
        if name == "compromised-terminal":
            return one.payment.terminal_id
        return one.payment.customer_id

    flagged = [one for one in some if one.outcome != "approve"]
    count = max(len(some), 1)
    return Found(
        name,
        len(some),
        len({victim(one) for one in some}),
        len({victim(one) for one in flagged}),
        len(flagged) / count,
        sum(one.outcome == "decline" for one in some) / count,
        bothered,
        None if limit is None else sum(o.probability > limit for o in some) / count,
    )

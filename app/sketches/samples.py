"""Samples: a fair sample of each stratum's payments, and how many it stands for."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import expm1, inf

from msgspec import Struct
from msgspec.structs import replace

from app.events.decisions import Outcome
from app.sketches.observed import Observed, Sample, Segment, sample
from app.sketches.reservoir import Reservoir, Sampled
from app.sketches.rows import Population, Rows
from app.sketches.seen import LASTS

SIZE = 32
"""Payments kept of a stratum: as many of a rare one as of a common one."""
WEIGHTED = 24
"""Payments of the weighted sample: fewer than are kept of a stratum."""
PREFIX = b"sample/"
SALT = "strata"
PERIOD = timedelta(seconds=LASTS)
EPOCH = datetime.fromtimestamp(0, UTC)


class Stratum(Struct, frozen=True):
    """A stratum: customers of a segment, payments of an outcome, through a channel.

    `seen` counts its payments since `since`, `kept` are those of them in the sample.
    """

    segment: Segment
    outcome: Outcome
    channel: str
    since: datetime
    seen: int
    kept: int


class Kept(Struct, frozen=True):
    """A stratum's sample, by transaction, the smallest lots first."""

    stratum: Stratum
    payments: list[tuple[float, str, Sample]]


def learn(rows: Rows, observed: Observed) -> bool:
    """Count a payment, and draw its lot; return whether it is in the sample now.

    Each period of 30 days of event time has samples of its own. One that begins ends
    the one before the last, and what comes later than that is not drawn.
    """
    population: Population = rows.shared(learn=True)
    population.newest = max(population.newest, observed.at)
    period = observed.at // LASTS
    counts = population.counts.get(period)
    if counts is None:
        oldest = population.newest // LASTS - 1
        if period < oldest:
            return False
        for over in [one for one in population.counts if one < oldest]:
            for name in population.counts.pop(over):
                rows.drop(_key(over, name))
        counts = population.counts[period] = {}
    name = f"{observed.segment}/{observed.outcome}/{observed.payment.channel}"
    counts[name] = counts.get(name, 0) + 1
    key = _key(period, name)
    held = rows.hold(key)
    if held and held.reservoir and held.reservoir.passes(observed.id):
        return False
    row = rows.touch(key)
    if row.reservoir is None:
        row.reservoir = Reservoir(SIZE, salt=SALT)
    return row.reservoir.add(observed.id, sample(observed))


def kept(rows: Rows) -> list[Kept]:
    """Return the samples of a partition, by period."""
    population: Population = rows.shared() or Population()
    found = []
    for period, counts in sorted(population.counts.items()):
        for name, seen in sorted(counts.items()):
            held = rows.hold(_key(period, name))
            if held is not None and held.reservoir is not None:
                found.append(_kept(_stratum(period, name, seen), held.reservoir))
    return found


def merged(parts: Iterable[Kept]) -> list[Kept]:
    """Return the samples of all that several partitions have had, by period."""
    wholes: dict[tuple[datetime, str, str, str], Reservoir[Sample]] = {}
    strata: dict[tuple[datetime, str, str, str], Stratum] = {}
    for part in parts:
        of = part.stratum
        name = of.since, of.segment, of.outcome, of.channel
        whole = wholes.setdefault(name, Reservoir(SIZE, salt=SALT))
        whole.join(Sampled(*one) for one in part.payments)
        seen = of.seen + (strata[name].seen if name in strata else 0)
        strata[name] = replace(of, seen=seen)
    return [_kept(strata[name], wholes[name]) for name in sorted(strata)]


def whole(parts: Iterable[Kept]) -> list[Kept]:
    """Return one sample a stratum: of the newest period of any, and of the last.

    The smallest lots of two periods are those of both together: all payments of either
    are as likely to be in it.
    """
    found = list(parts)
    since = max((one.stratum.since for one in found), default=EPOCH) - PERIOD
    return merged(
        replace(one, stratum=replace(one.stratum, since=since))
        for one in found
        if one.stratum.since >= since
    )


def weighted(
    strata: Iterable[Kept], *, size: int = WEIGHTED
) -> list[tuple[float, str, Sample]]:
    """Draw one sample of all strata; return what each stands for, id and payment.

    A payment is weighted by how rare it is, by one over its stratum's payments: all
    strata together weigh the same. What was kept of each is enough, since payments of
    one weight are drawn by the order of their lots. Each stands for one over the chance
    that it had, given the first that was not drawn: sums of them are unbiased (Cohen
    and Kaplan, 2007).
    """
    drawn = Reservoir[tuple[float, Sample]](size + 1, salt=SALT)
    for one in strata:
        weight = 1 / one.stratum.seen
        for _, identity, payment in one.payments:
            drawn.add(identity, (weight, payment), weight=weight)
    ranked = drawn.sample()
    least = ranked[size].rank if len(ranked) > size else inf
    return [
        (-1 / expm1(-weight * least), identity, payment)
        for _, identity, (weight, payment) in ranked[:size]
    ]


def totals(strata: Iterable[Stratum]) -> list[Stratum]:
    """Return each stratum over all partitions; its whole sample is not looked at."""
    return [
        replace(one.stratum, kept=min(SIZE, one.stratum.seen))
        for one in whole(Kept(stratum, []) for stratum in strata)
    ]


def _key(period: int, name: str) -> bytes:
    return PREFIX + f"{period}/{name}".encode()


def _stratum(period: int, name: str, seen: int) -> Stratum:
    segment, outcome, channel = name.split("/", 2)
    since = EPOCH + period * PERIOD
    return Stratum(segment, outcome, channel, since, seen, 0)  # type: ignore[arg-type]


def _kept(stratum: Stratum, reservoir: Reservoir[Sample]) -> Kept:
    payments = [(one.rank, one.id, one.item) for one in reservoir.sample()]
    return Kept(replace(stratum, kept=len(payments)), payments)

"""Samples: a fair sample of each stratum's payments, and how many it stands for."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from app.events.decisions import Outcome
from app.sketches.observed import Observed, Sample, Segment, sample
from app.sketches.reservoir import Reservoir, Sampled
from app.sketches.rows import Rows

SIZE = 32
"""Payments kept of a stratum: as many of a rare one as of a common one."""
PREFIX = b"sample/"
SALT = "strata"


class Stratum(Struct, frozen=True):
    """A stratum: customers of a segment, payments of an outcome, through a channel.

    `seen` counts its payments, `kept` are those of them in the sample.
    """

    segment: Segment
    outcome: Outcome
    channel: str
    seen: int
    kept: int


class Kept(Struct, frozen=True):
    """A stratum's sample, by transaction, the smallest lots first."""

    stratum: Stratum
    payments: list[tuple[float, str, Sample]]


def learn(rows: Rows, observed: Observed) -> bool:
    """Count a payment, and draw its lot; return whether it is in the sample now."""
    name = f"{observed.segment}/{observed.outcome}/{observed.payment.channel}"
    counts = rows.shared(learn=True).counts
    counts[name] = seen = counts.get(name, 0) + 1
    key = PREFIX + name.encode()
    held = rows.hold(key)
    if held and held.reservoir and held.reservoir.passes(observed.id):
        return False
    row = rows.touch(key)
    if row.reservoir is None:
        row.reservoir = Reservoir(SIZE, salt=SALT)
    kept = row.reservoir.add(observed.id, sample(observed))
    row.reservoir.seen = seen
    return kept


def kept(rows: Rows) -> list[Kept]:
    """Return the samples of a partition."""
    population = rows.shared()
    counts: Mapping[str, int] = population.counts if population else {}
    found = []
    for name, seen in sorted(counts.items()):
        held = rows.hold(PREFIX + name.encode())
        if held is not None and held.reservoir is not None:
            found.append(_kept(name, seen, held.reservoir))
    return found


def merged(parts: Iterable[Kept]) -> list[Kept]:
    """Return the samples of all that several partitions have had."""
    wholes: dict[str, Reservoir[Sample]] = {}
    seen: dict[str, int] = {}
    for part in parts:
        of = part.stratum
        name = f"{of.segment}/{of.outcome}/{of.channel}"
        whole = wholes.setdefault(name, Reservoir(SIZE, salt=SALT))
        whole.join(Sampled(*one) for one in part.payments)
        seen[name] = seen.get(name, 0) + of.seen
    return [_kept(name, seen[name], whole) for name, whole in sorted(wholes.items())]


def _kept(name: str, seen: int, reservoir: Reservoir[Sample]) -> Kept:
    segment, outcome, channel = name.split("/", 2)
    payments = [(one.rank, one.id, one.item) for one in reservoir.sample()]
    stratum = Stratum(segment, outcome, channel, seen, len(payments))  # type: ignore[arg-type]
    return Kept(stratum, payments)


def totals(strata: Iterable[Stratum]) -> list[Stratum]:
    """Return each stratum over all partitions; its whole sample is not looked at."""
    found: dict[tuple[str, str, str], Stratum] = {}
    for one in strata:
        name = one.segment, one.outcome, one.channel
        so_far = found.get(name)
        seen = one.seen + (so_far.seen if so_far else 0)
        kept = min(SIZE, one.kept + (so_far.kept if so_far else 0))
        found[name] = replace(one, seen=seen, kept=kept)
    return [found[name] for name in sorted(found)]

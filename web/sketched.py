"""Sketched: what is told of the sketches, over all workers that keep some."""

from msgspec import Struct

from app.sketches import samples
from app.sketches.observed import Kind, Sample, Segment
from app.sketches.samples import Stratum
from app.sketches.seen import Fill
from app.sketching import filters_of
from web.auth import Caller
from web.context import Context
from web.listings import compared, tokens_of
from web.sketches import (
    Question,
    answered,
    ask,
    fills_of,
    nobody,
    wanted_segment,
    wanted_thing,
)


class Sketched(Struct, frozen=True):
    """What is known in summary; `answered` of the partitions have been asked.

    `filters` say how full each Bloom filter is, and its error; `strata` how many
    payments each has had, and how many of them are in its sample.
    """

    partitions: int
    answered: int
    filters: list[Fill]
    strata: list[Stratum]


class Seen(Struct, frozen=True):
    """Whether a thing was seen in the last 30 days, or 60 at most.

    A no is never wrong for what came after the filter's `since`; of places only those
    of sampled payments are known. A yes is wrong for `error` of the things never seen
    at the most, as configured. `known_as` is what the filter knows it by: a place by
    its cell.
    """

    kind: Kind
    value: str
    known_as: str
    segment: Segment | None
    seen: bool
    error: float


class SampledPayment(Struct, frozen=True):
    """A payment of a sample, by transaction; it stands for so many of its stratum."""

    id: str
    stands_for: float
    payment: Sample


class Samples(Struct, frozen=True):
    """Samples of the strata that were asked for.

    `payments` are of each stratum by itself; `weighted` is one sample of all strata, in
    which a payment is the likelier the rarer its stratum is.
    """

    partitions: int
    answered: int
    strata: list[Stratum]
    payments: list[SampledPayment]
    weighted: list[SampledPayment]


async def summary(context: Context, caller: Caller) -> Sketched:
    """Return what all workers know in summary.

    Raises:
        Problem: 503, none of them keeps sketches now.
    """
    parts = await ask(context, Question("fills"), caller)
    return Sketched(
        context.settings.partitions,
        answered(parts),
        fills_of(parts),
        samples.totals(one for part in parts for one in part.strata),
    )


async def sample(context: Context, caller: Caller) -> Samples:
    """Return the samples of all strata, merged over all workers.

    Raises:
        Problem: 503, none of them keeps sketches now.
    """
    parts = await ask(context, Question("samples"), caller)
    whole = samples.whole(one for part in parts for one in part.kept)
    payments = [
        SampledPayment(identity, one.stratum.seen / one.stratum.kept, payment)
        for one in whole
        for _, identity, payment in one.payments
    ]
    return Samples(
        context.settings.partitions,
        answered(parts),
        [one.stratum for one in whole],
        payments,
        [
            SampledPayment(identity, stands_for, payment)
            for stands_for, identity, payment in samples.weighted(whole)
        ],
    )


async def seen(
    context: Context,
    caller: Caller,
    kind: str,
    value: str,
    *,
    segment: str | None = None,
) -> Seen:
    """Say whether a thing was seen, over all or among a segment's customers.

    Raises:
        Problem: 422, it cannot be asked so; 503, a no needs every partition.
    """
    if kind == "card" and value.isdigit():
        value = compared("card", value, tokens_of(context.settings))
    known, known_as = wanted_thing(kind, value)
    among = wanted_segment(segment)
    parts = await ask(context, Question("seen", known, known_as, among), caller)
    found = any(part.seen for part in parts)
    if not found and answered(parts) < context.settings.partitions:
        raise nobody()
    error = filters_of(context.settings).configured
    return Seen(known, value, known_as, among, found, error)

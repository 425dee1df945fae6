"""Quality: how well the data comes in, as all workers have counted it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from app.events.quality import Hot, Load, Measured
from app.quality import LATE, SHOWN
from web.context import Context


class Source(Struct, frozen=True):
    """What was sent to a raw topic; `refused` did not fit, and is a dead letter."""

    topic: str
    taken: int
    refused: int


class Repeats(Struct, frozen=True):
    """What came twice and was dropped.

    By its id among so many payments and app events; by its origin, by log, what a
    worker published before a crash and its successor again.
    """

    payments: int
    payments_dropped: int
    app_events: int
    app_events_dropped: int
    by_origin: dict[str, int]


class Late(Struct, frozen=True):
    """Payments behind a newer one of their customer, up to a bound in seconds.

    The last one has none: a customer's row remembers no further.
    """

    up_to: int | None
    payments: int


class Order(Struct, frozen=True):
    """In which order payments came: `in_order` were the newest of their customer.

    `too_late` came further behind than is remembered, and `app_events_too_late`.
    """

    in_order: int
    late: list[Late]
    too_late: int
    app_events_too_late: int


class Skew(Struct, frozen=True):
    """How unevenly the customers' log is used: the fullest partition by the mean.

    The mean is of all partitions; `partitions` are those that have had something.
    """

    records: int
    fullest_to_mean: float | None
    partitions: list[Load]


class Quality(Struct, frozen=True):
    """How well the data comes in: counted since they started by workers that run."""

    workers: list[str]
    sources: list[Source]
    repeats: Repeats
    order: Order
    skew: Skew


def quality(context: Context) -> Quality:
    """Return what the workers that are alive last told, added up."""
    told = {
        pulse.worker: pulse.quality
        for pulse in context.cluster.workers()
        if pulse.quality and pulse.role == "score"
    }
    return merged(told, partitions=context.settings.partitions)


def merged(told: Mapping[str, Measured], *, partitions: int) -> Quality:
    """Add up what workers measured, by their names, on a log of so many partitions."""
    all_of = list(told.values())
    taken = _sum(one.taken for one in all_of)
    refused = _sum(one.refused for one in all_of)
    payments = sum(one.payments for one in all_of)
    dropped = sum(one.repeated_payments for one in all_of)
    late = _sum(one.late_by for one in all_of)
    bounds = [None if bound == "inf" else int(bound) for bound in LATE]
    return Quality(
        workers=sorted(told),
        sources=[Source(t, n, refused.get(t, 0)) for t, n in sorted(taken.items())],
        repeats=Repeats(
            payments,
            dropped,
            sum(one.app_events for one in all_of),
            sum(one.repeated_app_events for one in all_of),
            _sum(one.replayed for one in all_of),
        ),
        order=Order(
            payments - dropped - sum(late.values()),
            [Late(b, late.get(n, 0)) for b, n in zip(bounds, LATE, strict=True)],
            late.get("inf", 0),
            sum(one.late_app_events for one in all_of),
        ),
        skew=_skew([load for one in all_of for load in one.loads], of=partitions),
    )


def _skew(loads: Sequence[Load], *, of: int) -> Skew:
    by_partition: dict[int, list[Load]] = {}
    for load in loads:
        by_partition.setdefault(load.partition, []).append(load)
    partitions = [_together(same) for _, same in sorted(by_partition.items())]
    records = [load.records for load in partitions]
    whole = sum(records)
    ratio = max(records) * of / whole if whole else None
    return Skew(whole, ratio, partitions)


def _together(loads: Sequence[Load]) -> Load:
    """Put together what several workers counted of one partition, one after another."""
    counts: Counter[str] = Counter()
    for load in loads:
        counts.update({hot.key: hot.records for hot in load.hot})
    unsure = sum(max((hot.unsure for hot in load.hot), default=0) for load in loads)
    best = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
    return Load(
        loads[0].partition,
        sum(load.records for load in loads),
        [Hot(key, count, unsure) for key, count in best],
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    summed: Counter[str] = Counter()
    for one in counts:
        summed.update(one)
    return dict(summed)

"""Trade-off: how many fixes a way of reporting sends, and how wrong it leaves one."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from app.events.readings import Fix
from app.features.places import distance_m
from app.sensors.fixes import place
from app.sensors.reporting import Reporting, is_news

IsNews = Callable[[Fix | None, Fix], bool]


class Outcome(Struct, frozen=True):
    """What a way of reporting costs and gives on one journey.

    An error is the distance, in metres, between where the device is and where it was
    last reported, at each of its fixes.
    """

    how: str
    sent: int
    of: int
    mean_m: float
    p95_m: float
    most_m: float


def judge(fixes: Sequence[Fix], how: str, is_new: IsNews) -> Outcome:
    """Report a journey's fixes, in the order of time, and measure."""
    last: Fix | None = None
    sent = 0
    errors = []
    for fix in fixes:
        if last is None or is_new(last, fix):
            last, sent = fix, sent + 1
        errors.append(distance_m(place(last), place(fix)))
    errors.sort()
    return Outcome(
        how,
        sent,
        len(fixes),
        sum(errors) / len(errors),
        errors[len(errors) * 95 // 100],
        errors[-1],
    )


def every(seconds: float) -> IsNews:
    """Report by the clock: once in so many seconds."""

    def due(last: Fix | None, fix: Fix) -> bool:
        return (
            last is None
            or (fix.occurred_at - last.occurred_at).total_seconds() >= seconds
        )

    return due


def when_moved(metres: float) -> IsNews:
    """Report by event, with so many metres as what a move is."""
    how = Reporting(moved_m=metres)
    return lambda last, fix: is_news(last, fix, how)


WAYS: tuple[tuple[str, IsNews], ...] = (
    ("every fix", every(0.0)),
    *((f"every {seconds} s", every(seconds)) for seconds in (5, 10, 30, 60)),
    *(
        (f"by event, moved {metres} m", when_moved(metres))
        for metres in (10, 25, 50, 100, 250)
    ),
)


def compare(fixes: Sequence[Fix]) -> list[Outcome]:
    """Judge every way on one journey; at least one fix."""
    return [judge(fixes, how, is_new) for how, is_new in WAYS]

"""Learning: what a decision teaches the sketches of its partition."""

from app.sketches import samples
from app.sketches.observed import Observed, cell
from app.sketches.rows import Rows
from app.sketches.seen import Filters


def learn(rows: Rows, observed: Observed, *, filters: Filters) -> None:
    """Draw a payment's lot, and remember its device, card, terminal and place.

    Only the places of payments that are drawn become known: few, and those where
    many pay. What comes late is seen now: a partition's time never goes back.
    """
    drawn = samples.learn(rows, observed)
    segment, at = observed.segment, rows.shared().newest
    for kind, value in observed.things():
        filters.learn(rows, kind, value, segment=segment, at=at)
    if drawn and observed.payment.place is not None:
        where = cell(observed.payment.place)
        filters.learn(rows, "place", where, segment=segment, at=at)

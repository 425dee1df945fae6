"""Sketching: the filters in the size that the settings ask for."""

from app.settings import Settings
from app.sketches.seen import Filters


def filters_of(settings: Settings) -> Filters:
    """Return the filters that a worker of role `sketch` keeps.

    >>> filters_of(Settings()).plan.capacity * filters_of(Settings()).plan.blocks
    50006
    """
    return Filters(
        capacity=settings.sketch_capacity,
        error=settings.sketch_error,
        partitions=settings.partitions,
    )

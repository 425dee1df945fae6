"""Quality: how well the data came in, as a worker counts it since its start."""

from msgspec import Struct


class Hot(Struct, frozen=True):
    """A key that is frequent in its partition.

    It came `records` times at the least, and `unsure` times more at the most.
    """

    key: str
    records: int
    unsure: int = 0


class Load(Struct, frozen=True):
    """What came down a partition of the customers' log, and its most frequent keys."""

    partition: int
    records: int
    hot: list[Hot] = []


class Measured(Struct, frozen=True):
    """What a worker has counted since its start.

    `taken` counts what was sent by raw topic, `refused` what of it did not fit.
    `payments` and `app_events` came to the customers, those with an id that was there
    before among them: they are `repeated_…`. `replayed` counts by log the records that
    were published before and came again. `late_by` counts payments behind a newer one
    of their customer, by upper bound in seconds ("inf" for the rest).
    """

    taken: dict[str, int] = {}
    refused: dict[str, int] = {}
    payments: int = 0
    repeated_payments: int = 0
    app_events: int = 0
    repeated_app_events: int = 0
    replayed: dict[str, int] = {}
    late_by: dict[str, int] = {}
    late_app_events: int = 0
    loads: list[Load] = []

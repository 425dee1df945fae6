"""Quality: what is planted is what is counted."""

from app.events.quality import Hot, Load
from app.features.clock import SECOND
from app.features.customers import CustomerRow
from app.quality import LATE, SHOWN, Quality
from tests.engine.fetched import Fetched
from tests.features.builders import paid

MINUTE, DAY = 1 / 1_440, 1.0


def profiled(days: list[float]) -> Quality:
    """Profile payments in the order of their arrival, as the customers' stage does."""
    quality, row = Quality(), CustomerRow()
    for day in days:
        quality.payments += 1
        row.profile(paid(day))
        if row.late:
            quality.late(row.late)
    return quality


def test_payments_in_their_order_are_not_late():
    assert profiled([0, 0, MINUTE, DAY]).read(replayed={}).late_by == {}


def test_a_payment_is_late_by_how_far_it_is_behind_its_customers_newest():
    arrived = [10 * DAY, 10 * DAY - MINUTE / 2, 9.5 * DAY, 11 * DAY, 10.99 * DAY, 4.5]

    told = profiled(arrived).read(replayed={})

    assert told.late_by == {"60": 1, "3600": 1, "86400": 1, "604800": 1}
    assert told.payments == 6


def test_what_is_behind_all_that_is_remembered_is_too_late():
    told = profiled([40 * DAY, 40 * DAY - 31 * DAY, 40 * DAY - 31.01 * DAY])

    assert told.read(replayed={}).late_by == {LATE[-2]: 1, LATE[-1]: 1}


def test_a_hot_customer_is_named_with_its_partition_and_its_count():
    quality = Quality()
    keys = [b"hot"] * 60 + [f"c-{n % 30}".encode() for n in range(90)]
    quality.came([Fetched(key=key, partition=2) for key in keys])
    quality.came([Fetched(key=None, partition=0), Fetched(key=b"\xff", partition=2)])

    empty, full = quality.read(replayed={}).loads

    assert empty == Load(0, 0, [])  # what has no key is told to all
    assert (full.partition, full.records, full.hot[0]) == (2, 151, Hot("hot", 60))
    assert len(full.hot) == SHOWN


def test_what_is_refused_is_counted_by_topic():
    quality = Quality()
    quality.captured("transactions", taken=10, refused=3)
    quality.captured("transactions", taken=2, refused=0)
    quality.captured("labels", taken=1, refused=1)

    told = quality.read(replayed={"customer-activity": 4, "readings": 0})

    assert told.taken == {"transactions": 12, "labels": 1}
    assert told.refused == {"transactions": 3, "labels": 1}
    assert told.replayed == {"customer-activity": 4}


def test_a_bound_belongs_to_its_bucket():
    quality = Quality()
    quality.late(60 * SECOND)
    quality.late(60 * SECOND + 1)

    assert quality.read(replayed={}).late_by == {"60": 1, "600": 1}

"""Learning: what decisions teach the sketches, and that it is the same every time."""

from datetime import datetime, timedelta
from random import Random

import msgspec
import pytest
from msgspec.structs import replace

from app.engine.tables import Partition
from app.events.payments import Place
from app.sketches import samples
from app.sketches.learning import learn
from app.sketches.observed import Kind, cell, segment
from app.sketches.reservoir import Reservoir
from app.sketches.rows import Population, SketchRow
from app.sketches.samples import EPOCH
from app.sketches.seen import (
    IMPOSSIBLE,
    LASTS,
    PROBES,
    Filters,
    merged,
)
from tests.scoring.builders import NOON
from tests.sketches.builders import VIENNA, observed, rows

FILTERS = Filters(capacity=3_000, error=0.01, partitions=4)
PERIOD = timedelta(seconds=LASTS)
FIRST = EPOCH + (NOON - EPOCH) // PERIOD * PERIOD
"""When the period began that NOON is in."""
STRATUM = f"sample/{(NOON - EPOCH) // PERIOD}/new/approve/pos".encode()


def learnt(numbers: range, partition: Partition[SketchRow]) -> Partition[SketchRow]:
    for number in numbers:
        one = observed(number, payments=number % 80, place=VIENNA)
        learn(partition, one, filters=FILTERS)
    return partition


def restored(partition: Partition[SketchRow]) -> Partition[SketchRow]:
    """Give the rows as another worker finds them."""
    again = rows()
    again.rows = dict(partition)
    return again


def test_what_a_payment_names_is_seen_by_whom_and_over_all():
    partition = rows()
    learn(partition, observed(1, payments=30, place=VIENNA), filters=FILTERS)

    things: list[tuple[Kind, str]] = [
        ("device", "d-1"),
        ("card", "k1:1"),
        ("terminal", "P1"),
        ("place", cell(VIENNA)),
    ]
    for kind, value in things:
        assert FILTERS.seen(partition, kind, value)
        assert FILTERS.seen(partition, kind, value, segment="regular")
        assert not FILTERS.seen(partition, kind, value, segment="new")
        assert not FILTERS.seen(partition, kind, f"{value}0")


def test_a_payment_without_card_device_or_place_teaches_its_terminal_only():
    partition = rows()
    one = observed(1, card=None, device_id=None, place=None)
    learn(partition, one, filters=FILTERS)

    found = {(f.kind, f.things) for f in FILTERS.fills(partition) if not f.by_segment}
    assert found == {("terminal", 1), ("card", 0), ("device", 0), ("place", 0)}


def test_a_place_becomes_known_when_its_payment_is_drawn_and_not_else():
    partition = rows()
    for number in range(3_000):
        learn(partition, observed(number, place=None), filters=FILTERS)
    far = Place(-33.9, 151.2)
    one = next(
        one
        for one in (observed(number, place=far) for number in range(3_000, 4_000))
        if partition.hold(STRATUM).reservoir.passes(one.id)  # type: ignore[union-attr]
    )
    learn(partition, one, filters=FILTERS)

    assert FILTERS.seen(partition, "terminal", one.payment.terminal_id)
    assert not FILTERS.seen(partition, "place", cell(far))


def test_what_is_learnt_is_the_same_after_a_restart_and_a_repeat():
    whole = learnt(range(2_000), rows())
    halves = learnt(range(700), rows())
    for cut in (700, 701, 1_500):
        halves = learnt(
            range(cut, {700: 701, 701: 1_500}.get(cut, 2_000)), restored(halves)
        )

    assert dict(restored(halves)) == dict(whole)


def test_no_block_is_over_16_kib_and_no_sample_over_18():
    large = Filters(capacity=10**6, error=0.01, partitions=4)
    partition = rows()
    for number in range(samples.SIZE):
        one = observed(
            number,
            payments=5,
            terminal_id="t" * 64,
            amount=100_000_000_000,
            channel="transfer",
            country="AT",
            place=Place(-48.12345678901234, -116.12345678901234),
            synthetic=True,
        )
        hits = [replace(hit, reason="r" * 200) for hit in one.hits]
        longest = replace(one, id=f"{number:064}", score=12.345678901234567, hits=hits)
        learn(partition, longest, filters=large)
    sizes = {key.split(b"/")[0]: len(row) for key, row in sorted(partition) if key}

    assert 15_000 < sizes[b"seen"] <= 16 * 1024
    assert 17_000 < sizes[b"sample"] <= 18 * 1024


def test_a_payment_that_changes_nothing_makes_only_the_count_dirty():
    partition = learnt(range(2_000), rows())
    partition.dirty.clear()
    again = observed(5, payments=5, place=VIENNA)
    learn(partition, again, filters=FILTERS)

    assert partition.dirty == {b""}


def test_a_thing_is_forgotten_after_two_generations_of_event_time():
    partition = rows()
    learn(partition, observed(1), filters=FILTERS)
    for month in (1, 2):
        later = NOON + timedelta(seconds=month * LASTS)
        for number in range(2, 200):
            one = observed(number, occurred_at=later)
            learn(partition, one, filters=FILTERS)

    assert not FILTERS.seen(partition, "device", "d-1")
    assert FILTERS.seen(partition, "device", "d-2")


def test_filters_of_another_capacity_begin_anew_and_drop_the_former():
    partition = learnt(range(10), rows())
    larger = Filters(capacity=9_000, error=0.01, partitions=4)
    learn(partition, observed(11), filters=larger)

    assert larger.seen(partition, "device", "d-11")
    assert not FILTERS.seen(partition, "device", "d-1")
    kept = [key for key in partition.known_keys() if key.startswith(b"seen/")]
    assert 0 < len(kept) <= 6
    assert all(partition.rows[key].block.bits for key in kept)  # type: ignore[union-attr]


def test_the_error_measured_by_impossible_things_is_the_one_expected():
    filters = Filters(capacity=4_000, error=0.2, partitions=1)
    partition = rows()
    for number in range(4_000):
        filters.learn(partition, "device", f"d-{number}", segment="new", at=0)
    found = next(f for f in filters.fills(partition) if f.kind == "device")

    assert found.things == pytest.approx(4_000, rel=0.06)  # some are taken for seen
    assert found.measured == pytest.approx(found.expected, rel=0.1)
    assert found.expected < found.configured == 0.2


def test_blocks_are_asked_for_impossible_things_as_for_any_other():
    filters = Filters(capacity=3_000, error=0.5, partitions=1)
    partition = rows()
    for number in range(3_000):
        filters.learn(partition, "card", f"{number}", segment="new", at=0)
    told = next(f for f in filters.fills(partition) if f.kind == "card")
    wrong = sum(
        filters.seen(partition, "card", IMPOSSIBLE.format(number))
        for number in range(PROBES)
    )

    assert wrong > 1_000
    assert told.measured == wrong / PROBES


def test_a_filter_over_partitions_errs_where_any_of_them_does():
    fills = list(FILTERS.fills(learnt(range(2_000), rows())))
    one = fills[0]
    whole = merged([one, one, one, one])

    assert whole.expected == pytest.approx(1 - (1 - one.expected) ** 4)
    assert (whole.things, whole.blocks) == (4 * one.things, 4 * one.blocks)
    assert whole.configured == 0.01


def test_a_filter_knows_everything_since_its_last_block_began():
    filters = Filters(capacity=30_000, error=0.01, partitions=4)
    assert filters.plan.blocks > 1
    early, late = rows(), rows()
    for number in range(50):
        filters.learn(early, "card", f"c-{number}", segment="new", at=number)
        filters.learn(late, "card", f"c-{number}", segment="new", at=1_000 + number)
    one, other = (
        next(f for f in filters.fills(held) if f.kind == "card")
        for held in (early, late)
    )
    begun = sorted(
        row.block.since[1]
        for key, row in early.rows.items()
        if isinstance(row, SketchRow) and row.block and b"/card/" in key
    )

    assert one.since
    assert other.since
    assert begun[0] < begun[-1] == one.since.timestamp() - 1
    assert merged([one, other]).since == other.since == merged([other, one]).since


def test_whatever_was_seen_since_is_known_however_late_payments_come():
    filters = Filters(capacity=40, error=0.01, partitions=4)
    partition, chance = rows(), Random(1)  # noqa: S311 - no secret is made
    seen: dict[str, datetime] = {}
    for number in range(400):
        late = chance.choice((0, 0, 0, 3, 70))
        day = number / 10 - late + chance.random()
        one = observed(
            number, device_id=f"d-{number % 90}", occurred_at=NOON + timedelta(day)
        )
        learn(partition, one, filters=filters)
        device, at = f"d-{number % 90}", one.payment.occurred_at
        seen[device] = max(at, seen.get(device, at))
        if number % 10:
            continue
        since = next(filters.fills(partition)).since

        assert since
        assert all(
            filters.seen(partition, "device", name)
            for name, when in seen.items()
            if when >= since
        )


def test_full_filters_of_all_partitions_together_err_as_often_as_configured():
    filters = Filters(capacity=2_000, error=0.2, partitions=4)
    fills = []
    for part in range(4):
        partition = rows()
        for generation in range(2):
            at = generation * LASTS
            for number in range(filters.plan.capacity):
                thing = f"{part} {generation} {number}"
                filters.learn(partition, "device", thing, segment="new", at=at)
        fills.append(next(iter(filters.fills(partition))))
    whole = merged(fills)

    assert merged(fills[::-1]) == whole
    assert whole.expected == pytest.approx(0.2, rel=0.1)
    assert whole.measured == pytest.approx(whole.expected, rel=0.1)
    assert whole.fill == pytest.approx(0.5, rel=0.1)


def test_samples_of_partitions_merge_into_that_of_the_whole():
    whole = samples.kept(learnt(range(2_000), rows()))
    parts = [
        *samples.kept(learnt(range(900), rows())),
        *samples.kept(restored(learnt(range(900, 2_000), rows()))),
    ]

    assert samples.merged(parts) == whole
    assert sum(one.stratum.seen for one in whole) == 2_000
    assert {one.stratum.kept for one in whole} == {samples.SIZE}
    assert {one.stratum.segment for one in whole} == {
        segment(count) for count in range(80)
    }


def months(numbers: range, *, to: Partition[SketchRow] | None = None) -> list[int]:
    """Learn half a year of payments at 200 places; return how many are known by month.

    All places are visited as often, and each month has as many payments.
    """
    partition = rows() if to is None else to
    places = [Place(40 + number / 10, 10.0) for number in range(200)]
    one = observed(0, payments=30, card=None, device_id=None)
    known = []
    for month in numbers:
        for number in range(2_000):
            made = {
                "place": places[number * 7 % 200],
                "occurred_at": FIRST + (month + number / 2_000) * PERIOD,
            }
            name, payment = f"T{month}-{number}", replace(one.payment, **made)
            learn(partition, replace(one, id=name, payment=payment), filters=FILTERS)
        known.append(sum(FILTERS.seen(partition, "place", cell(at)) for at in places))
    return known


def test_as_many_places_are_known_in_the_sixth_month_as_in_the_second():
    partition = rows()
    known = months(range(6), to=partition)

    assert known[1] > 150
    assert min(known[2:]) > 0.9 * known[1]
    (stratum,) = (one.stratum for one in samples.whole(samples.kept(partition)))
    assert (stratum.since, stratum.seen) == (FIRST + 4 * PERIOD, 4_000)


def test_nothing_of_a_sample_is_older_than_two_periods():
    partition, newest_two = rows(), rows()
    months(range(4), to=partition)
    months(range(2, 4), to=newest_two)
    times = [
        payment.occurred_at
        for one in samples.kept(restored(partition))
        for _, _, payment in one.payments
    ]

    assert min(times) >= FIRST + 2 * PERIOD
    assert samples.kept(partition) == samples.kept(newest_two)
    held = [key for key in partition.known_keys() if key.startswith(samples.PREFIX)]
    assert sorted(partition.shared().counts) == sorted(
        int(key.split(b"/")[1]) for key in held
    )


def test_a_sample_over_two_periods_is_that_of_their_payments_together():
    payments = [
        observed(number, payments=30, occurred_at=FIRST + number % 2 * PERIOD)
        for number in range(400)
    ]
    partition, at_once = rows(), Reservoir[int](samples.SIZE, salt=samples.SALT)
    for number, one in enumerate(payments):
        learn(partition, one, filters=FILTERS)
        at_once.add(one.id, number)
    (found,) = samples.whole(samples.kept(partition))

    assert [name for _, name, _ in found.payments] == [
        one.id for one in at_once.sample()
    ]
    assert (found.stratum.seen, found.stratum.kept) == (400, samples.SIZE)


def test_partitions_that_are_behind_tell_of_the_same_two_periods():
    ahead, behind = rows(), rows()
    months(range(3), to=ahead)
    months(range(2), to=behind)
    parts = samples.kept(ahead) + samples.kept(behind)
    (found,) = samples.whole(parts)

    assert found.stratum.since == FIRST + PERIOD
    assert found.stratum.seen == 3 * 2_000
    assert samples.whole(samples.merged(parts)) == [found]
    assert samples.totals(one.stratum for one in parts) == [found.stratum]


def test_a_payment_of_three_periods_ago_is_not_drawn_and_drops_nothing():
    partition = rows()
    months(range(2, 4), to=partition)
    before = samples.kept(partition)
    learn(partition, observed(99_999, occurred_at=FIRST), filters=FILTERS)

    assert samples.kept(partition) == before
    assert FILTERS.seen(partition, "device", "d-99999")


def test_a_hand_over_in_the_middle_of_months_leaves_the_same_bytes_and_tombstones():
    whole, first = rows(), rows()
    months(range(4), to=whole)
    months(range(2), to=first)
    former = [key for key in first.known_keys() if key.startswith(samples.PREFIX)]
    second = restored(first)
    months(range(2, 4), to=second)
    gone = {key for key, value in second.checkpoint()[0] if value is None}

    assert dict(second) == dict(whole)
    assert len(former) == 2
    assert gone == set(former)


def test_counts_of_another_version_are_refused():
    with pytest.raises(ValueError, match="array"):
        Population.decode(b'{"new/approve/pos":3}')


def test_a_sample_names_neither_customer_nor_card():
    learnt_one = samples.kept(learnt(range(1), rows()))
    text = msgspec.json.encode(learnt_one).decode()

    assert "k1:" not in text
    assert "customer" not in text
    assert '"T0"' in text


def test_bytes_of_something_else_are_refused():
    with pytest.raises(ValueError, match="got kind b'x'"):
        SketchRow.decode(b"xyz")
    assert SketchRow.decode(b"").encode() == b""

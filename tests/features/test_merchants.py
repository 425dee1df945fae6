"""What a merchant's row knows, and what partitions tell each other, by plain scans."""

from array import array
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.changelog import Reading
from app.engine.tables import Partition
from app.events.merchants import MerchantLabel, MerchantsPaid
from app.features import merchants, telling
from app.features.aggregates import hashed
from app.features.catalogue import MERCHANT_FEATURES
from app.features.clock import DAY
from app.features.merchants import MerchantRow
from app.features.telling import MERCHANT, TURNED, Turned, key_of, learn_paid, turn
from app.features.terminals import TerminalRow

NAMES = [feature.name for feature in MERCHANT_FEATURES]
TODAY = 20_000


def fraud(
    day: float, name: str = "tx", terminal: str = "t-1", *, fraud: bool = True
) -> MerchantLabel:
    return MerchantLabel(
        hashed("m-1"), hashed(terminal), hashed(name), int(day * DAY), fraud
    )


def told(row: MerchantRow, day: int, terminal: str = "t-1") -> list[float | None]:
    row = MerchantRow.decode(row.encode())
    return row.profile(day, terminal)


def test_features_are_of_the_thirty_whole_days_that_ended_a_week_before_this_one():
    row = MerchantRow()
    for ago, payments in ((7, 1), (8, 20), (37, 300), (38, 4_000)):
        row.add(TODAY - ago, payments)
    for place, days in enumerate((6.9, 7.01, 13.9, 14.5, 37, 37.01)):
        row.label(fraud(TODAY - days, f"tx-{place}", f"t-{place % 2}"))

    assert dict(zip(NAMES, told(row, TODAY, "t-0"), strict=True)) == {
        "merchant_count_30d": 320,
        "merchant_frauds_7d": 2,
        "merchant_frauds_30d": 4,
        "merchant_frauds_elsewhere_30d": 2,
        "merchant_risk_30d": 4 / 320,
    }
    assert told(row, TODAY, "t-9")[3] == 4


def test_an_all_clear_takes_back_and_what_was_told_twice_counts_once():
    row = MerchantRow()
    row.add(TODAY, 8)
    row.label(fraud(TODAY))
    row.label(fraud(TODAY))
    row.label(fraud(TODAY, "other"))
    row.label(fraud(TODAY, "never told", fraud=False))

    assert told(row, TODAY + 8) == [8, 2, 2, 0, 1 / 4]

    row.label(fraud(TODAY, "other", fraud=False))

    assert told(row, TODAY + 8) == [8, 1, 1, 0, 1 / 8]


def test_nobody_knows_anything_of_a_new_merchant_and_frauds_may_be_told_first():
    row = MerchantRow()

    assert told(row, TODAY) == [0, 0, 0, 0, 0]

    row.label(fraud(TODAY))

    assert told(row, TODAY + 8) == [0, 1, 1, 0, 0]
    assert not row.past(TODAY + 38)
    assert row.past(TODAY + 39)


def test_a_risk_is_a_share_though_payments_are_told_later_than_their_labels():
    row = MerchantRow()
    row.add(TODAY, 1)
    row.label(fraud(TODAY))
    row.label(fraud(TODAY, "other"))

    assert told(row, TODAY + 8)[-1] == 1


def test_a_day_far_ahead_leaves_nothing_and_a_count_has_an_end():
    row = MerchantRow()
    row.add(TODAY, 5)
    row.label(fraud(TODAY))
    row.add(TODAY + 1_000_000, merchants.LARGEST)
    row.add(TODAY + 1_000_000, 5)
    row.add(TODAY, 5)

    assert told(row, TODAY + 8) == [0, 0, 0, 0, 0]
    assert told(row, TODAY + 1_000_008)[0] == merchants.LARGEST


def test_rows_of_another_version_are_refused():
    with pytest.raises(ValueError, match="got version 9, expected 1"):
        MerchantRow.decode(b"\x09" + MerchantRow().encode()[1:])


happened = st.one_of(
    st.tuples(st.integers(0, 60), st.integers(1, 9)),
    st.tuples(st.integers(0, 60), st.sampled_from("abcdef"), st.sampled_from("xyz")),
)


@given(
    events=st.lists(happened, max_size=60),
    day=st.integers(0, 70),
    saved=st.sets(st.integers(0, 60)),
    seed=st.integers(0, 9),
)
@settings(max_examples=120)
def test_in_whatever_order_it_is_told_a_row_says_what_a_plain_scan_says(
    events: list[tuple[int, int] | tuple[int, str, str]],
    day: int,
    saved: set[int],
    seed: int,
):
    rows = []
    for shuffled in (False, True):
        row, order = MerchantRow(), list(events)
        if shuffled:
            Random(seed).shuffle(order)  # noqa: S311 - no secret is made
        for place, event in enumerate(order):
            if place in saved:
                row = MerchantRow.decode(row.encode())
            row.profile(place, "x")
            if len(event) == 2:
                row.add(*event)
            else:
                at, name, terminal = event
                row.label(fraud(at + 0.5, f"{name}{terminal}{at}", terminal))
        rows.append(row)
    paid = [event for event in events if len(event) == 2]
    newest = max((at for at, _ in paid), default=None)
    known = {event for event in events if len(event) == 3}
    if newest is not None:
        paid = [event for event in paid if event[0] > newest - merchants.DAYS]
        known = {event for event in known if event[0] > newest - merchants.DAYS}
    month = [event for event in known if day - 37 <= event[0] <= day - 8]
    count = sum(event[1] for event in paid if day - 37 <= event[0] <= day - 8)

    assert rows[0].encode() == rows[1].encode()
    assert rows[1].profile(day, "x") == [
        count,
        sum(event[0] >= day - 14 for event in month),
        len(month),
        sum(event[2] != "x" for event in month),
        min(1.0, len(month) / count) if count else 0.0,
    ]


def rows_of(stored: dict[bytes, bytes] | None = None) -> Partition[MerchantRow]:
    """Give a partition, restored from what another had stored."""
    others = {MERCHANT: MerchantRow, TURNED: Turned}
    rows: Partition[MerchantRow] = Partition(TerminalRow, None, others)  # type: ignore[arg-type]
    reading = Reading()
    reading.rows.update(stored or {})
    rows.restore(reading)
    return rows


def pay(rows: Partition[MerchantRow], merchant: str, day: int, times: int = 1) -> None:
    for _ in range(times):
        rows.touch(key_of(merchant)).pay(day)


def test_a_day_that_begins_tells_all_that_was_before_it_and_only_once():
    rows = rows_of()

    assert turn(rows, 5) is None
    pay(rows, "m-1", 5, 3)
    pay(rows, "m-2", 5)
    assert turn(rows, 5) is None
    pay(rows, "m-1", 4)
    said = turn(rows, 6)
    assert said == MerchantsPaid(
        6,
        sorted(
            [(hashed("m-1"), 4, 1), (hashed("m-1"), 5, 3), (hashed("m-2"), 5, 1)],
            key=lambda one: key_by_hash(one[0]),
        ),
    )
    assert turn(rows, 6) is None
    assert turn(rows, 5) is None
    assert turn(rows, 9) is None
    assert rows.touch(key_of("m-1")).profile(13, "t")[0] == 0

    learn_paid(rows, said)

    assert rows.touch(key_of("m-1")).profile(13, "t")[0] == 4


def key_by_hash(merchant: int) -> bytes:
    return telling.KEY.pack(MERCHANT, merchant)


def test_what_is_told_is_the_same_in_whatever_order_rows_were_restored():
    rows = rows_of()
    turn(rows, 5)
    for number in range(30):
        pay(rows, f"m-{number}", 5, number + 1)
    stored = dict(rows)
    turned = dict(reversed(stored.items()))

    assert turn(rows_of(turned), 6) == turn(rows_of(stored), 6) == turn(rows, 6)


def test_a_word_that_is_too_long_is_told_in_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(telling, "MOST_TOLD", 4)
    rows = rows_of()
    turn(rows, 5)
    for number in range(10):
        pay(rows, f"m-{number}", 5, number + 1)

    parts = []
    while part := turn(rows, 6):
        rows = rows_of(dict(rows))
        pay(rows, "m-1", 6)  # of the day itself: waits for the next
        parts.append(part)

    told = [one for part in parts for one in part.paid]
    assert [len(part.paid) for part in parts] == [4, 4, 2]
    assert sorted(told) == sorted((hashed(f"m-{n}"), 5, n + 1) for n in range(10))
    assert turn(rows, 7) == MerchantsPaid(7, [(hashed("m-1"), 6, 3)])


def test_a_merchant_of_whom_nothing_matters_any_more_is_forgotten():
    rows = rows_of()
    learn_paid(rows, MerchantsPaid(5, [(hashed("m-1"), 4, 1), (hashed("m-2"), 9, 1)]))
    rows.touch(b"t-1")

    turn(rows, 4 + merchants.DAYS - 1)
    assert rows.hold(key_of("m-1"))
    turn(rows, 4 + merchants.DAYS)

    assert rows.hold(key_of("m-1")) is None
    assert rows.hold(key_of("m-2"))
    assert isinstance(rows.hold(b"t-1"), TerminalRow)


def test_no_terminal_has_the_key_of_a_merchant():
    for key in (MERCHANT, TURNED):
        with pytest.raises(UnicodeDecodeError):
            key.decode()
    assert array("b", key_of("m-1")).itemsize * 9 == len(key_of("m-1"))

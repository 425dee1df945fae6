"""Of which merchant a label is: what a terminal's row remembers of its payments."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.events.payments import Payment
from app.features import terminals
from app.features.aggregates import hashed
from app.features.terminals import TerminalRow
from tests.features.builders import labelled, paid


def at_merchant(day: float, merchant: str | None, name: str = "") -> Payment:
    return replace(paid(day, name=name), merchant_id=merchant)


def a_row(*payments: Payment) -> TerminalRow:
    row = TerminalRow()
    for payment in payments:
        row.profile(payment)
    return TerminalRow.decode(row.encode())


def owner(row: TerminalRow, day: float) -> int:
    return row.merchant_of(labelled(paid(day)))


def test_a_label_is_of_the_merchant_whose_the_payment_was():
    row = a_row(
        at_merchant(1, "m-1"),
        at_merchant(3, "m-2"),
        at_merchant(2, None),
        at_merchant(1.5, "m-2"),
    )

    assert [owner(row, day) for day in (1, 1.5, 2, 3)] == [
        hashed("m-1"),
        hashed("m-2"),
        0,
        hashed("m-2"),
    ]
    assert owner(row, 1.7) == 0  # there was no such payment


def test_of_a_moment_with_payments_of_several_merchants_nobody_is_told():
    row = a_row(at_merchant(1, "m-1", "a"), at_merchant(1, "m-2", "b"))
    one = a_row(at_merchant(1, "m-1", "a"), at_merchant(1, "m-1", "b"))

    assert owner(row, 1) == 0
    assert owner(one, 1) == hashed("m-1")


def test_a_terminal_of_one_merchant_keeps_it_once_and_one_of_none_nothing():
    plain = a_row(*(paid(day) for day in range(20)))
    one = a_row(*(at_merchant(day, "m-1") for day in range(20)))
    two = a_row(*(at_merchant(day, f"m-{day % 2}") for day in range(20)))

    lengths = [len(row.encode()) - len(plain.encode()) for row in (one, two)]

    assert plain.encode()[0] == terminals.VERSION
    assert lengths == [4 + 8, 4 + 20 * 8]
    assert owner(plain, 3) == 0
    assert owner(TerminalRow(), 3) == 0


def test_what_is_forgotten_of_payments_is_forgotten_of_their_merchants():
    former = [at_merchant(day, "m-1") for day in range(5)]
    later = [at_merchant(day, "m-2") for day in range(60, 64)]
    row = a_row(*former, *later)

    assert owner(row, 3) == 0
    assert owner(row, 61) == hashed("m-2")
    assert row.encode() == a_row(*later).encode()


def test_too_many_payments_forget_the_oldest_merchants(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(terminals, "MOST_PAYMENTS", 3)
    row = TerminalRow()
    for number in range(40):
        row.profile(at_merchant(1 + number / 100, f"m-{number}"))

    known = [
        [owner(kept, 1 + n / 100) for n in (36, 37, 39)]
        for kept in (row, TerminalRow.decode(row.encode()))
    ]

    assert known == [[0, hashed("m-37"), hashed("m-39")]] * 2


@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([None, "m-1", "m-2", "m-3"])),
        min_size=1,
        max_size=40,
    ),
    seed=st.integers(0, 9),
    saved=st.sets(st.integers(0, 40)),
)
@settings(max_examples=80)
def test_whatever_order_payments_come_in_a_row_knows_the_same_merchants(
    drawn: list[tuple[int, str | None]], seed: int, saved: set[int]
):
    first, other = TerminalRow(), TerminalRow()
    shuffled = list(drawn)
    Random(seed).shuffle(shuffled)  # noqa: S311 - no secret is made
    for day, merchant in sorted(drawn, key=str):
        first.profile(at_merchant(day, merchant))
    for place, (day, merchant) in enumerate(shuffled):
        if place in saved:
            other = TerminalRow.decode(other.encode())
        other.profile(at_merchant(day, merchant))
    newest = max(day for day, _ in drawn)

    assert first.encode() == other.encode()
    for day in range(newest + 1):
        restored = TerminalRow.decode(other.encode())
        assert owner(other, day) == owner(first, day) == owner(restored, day)
    for day in range(newest - 37, newest + 1):
        mine = {merchant for at, merchant in drawn if at == day}
        (only,) = mine if len(mine) == 1 else {None}
        assert owner(other, day) == (hashed(only) if only else 0)

"""Peers: the group that a customer moves with, at each payment's own moment."""

from datetime import timedelta

import pytest

from app.events.groups import Grouped
from app.features.catalogue import PROFILE
from app.features.customers import CustomerRow
from tests.features.builders import START, paid

NAMES = [feature.name for feature in PROFILE]


def joined(day: float, size: int, frauds: int = 0) -> Grouped:
    return Grouped("g.1", START + timedelta(days=day), size, frauds, ["c-1"])


def peers(row: CustomerRow, day: float) -> list[float | None]:
    told = dict(zip(NAMES, row.profile(paid(day)), strict=True))
    return [told["peer_group_size"], told["peer_group_frauds"]]


def test_a_payment_is_told_the_group_as_it_was_told_before_it():
    row = CustomerRow()
    row.join(joined(1, 5, 2))

    assert peers(row, 1.5) == [5.0, 2.0]
    assert peers(row, 0.9) == [None, None]  # late: nobody knew then
    assert peers(row, 2.1) == [None, None]  # a day is over


def test_who_moves_with_nobody_has_no_peers():
    assert peers(CustomerRow(), 1) == [None, None]


def test_what_is_told_last_counts_and_what_comes_late_does_not():
    row = CustomerRow()
    for told in (joined(1, 3), joined(1, 4), joined(0.5, 9)):
        row.join(told)

    assert peers(row, 1.2) == [4.0, 0.0]


@pytest.mark.parametrize("size", [3, 200])
def test_peers_survive_a_restart(size: int):
    row = CustomerRow()
    row.join(joined(1, size, 1))

    assert peers(CustomerRow.decode(row.encode()), 1.2) == [float(size), 1.0]

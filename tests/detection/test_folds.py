"""Folds as the Handbook cuts them."""

from datetime import date

import numpy as np
import pytest

from app.detection.folds import (
    Fold,
    counted,
    date_of,
    day_of,
    folds_from,
    folds_until,
    learnt,
)
from app.detection.log import Log


def a_log(rows: list[tuple[int, int, bool]]) -> Log:
    """Make a log of (day, customer, fraud) without features."""
    days, customers, frauds = (np.array(column) for column in zip(*rows, strict=True))
    return Log(days, customers, frauds, np.empty((len(rows), 0)), ())


def test_a_test_week_begins_a_week_after_the_training_week():
    fold = Fold(day_of(date(2018, 7, 25)))

    assert date_of(fold.train_end) == date(2018, 8, 1)
    assert date_of(fold.test_start) == date(2018, 8, 8)
    assert date_of(fold.test_end) == date(2018, 8, 15)


def test_folds_are_those_that_the_log_reaches_into():
    log = a_log([(day, 0, False) for day in range(100, 130)])

    assert folds_from(log, 100, count=4) == [Fold(100), Fold(107), Fold(114)]
    assert folds_from(log, 99, count=1) == []
    assert folds_until(log, 130, count=9) == []
    assert folds_until(log, 150, count=9) == [Fold(129)]


# a customer each: what is known of it, and on which days of the test it still counts
@pytest.mark.parametrize(
    ("fraud_on", "first", "last"),
    [
        (99, 14, 20),  # before the training week: not looked at
        (100, None, None),
        (106, None, None),
        (107, 14, 14),  # known eight days later, from the second day of the test on
        (110, 14, 17),
        (112, 14, 19),
        (113, 14, 20),
        (115, 14, 20),
    ],
)
def test_customers_known_as_compromised_are_left_out_day_by_day(
    fraud_on: int, first: int | None, last: int | None
):
    others = [(day, 0, False) for day in range(98, 121)]
    mine = [(day, 1, False) for day in range(114, 121)]
    log = a_log(sorted([*others, *mine, (fraud_on, 1, True)]))

    chosen = counted(log, Fold(100))

    kept = sorted(set(log.days[chosen][log.customers[chosen] == 1].tolist()))
    expected = [] if first is None or last is None else range(first, last + 1)
    assert kept == [100 + day for day in expected]
    assert set(log.days[chosen][log.customers[chosen] == 0]) == set(range(114, 121))


def test_what_is_learnt_ends_with_the_training_week():
    log = a_log([(day, 0, False) for day in range(100, 150)])

    assert log.days[learnt(log, 140, history=7)].tolist() == list(range(133, 140))
    assert log.days[learnt(log, 140, history=None)].tolist() == list(range(128, 140))

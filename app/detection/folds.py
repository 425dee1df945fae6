"""Folds: weeks to learn from and weeks to be judged on, as the Handbook cuts them.

A model learns from labels known a week before its test week begins. Customers known
as compromised do not count in the test: frauds of the training week, and for each day
of the test those until eight days before it (Le Borgne et al., 2022, chapter 5.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from app.detection.log import Log

WEEK = 7  # days: training week, delay of the labels, test week
WARM_UP = 4 * WEEK  # days from the start of a log in which features warm up
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Fold:
    """A training week, a week of delay, and the test week after it.

    `train_start` is in days from the epoch, as all days here.
    """

    train_start: int

    @property
    def train_end(self) -> int:
        """The first day whose labels are not known when the test begins."""
        return self.train_start + WEEK

    @property
    def test_start(self) -> int:
        """The first day of the test week."""
        return self.train_end + WEEK

    @property
    def test_end(self) -> int:
        """The day after the test week."""
        return self.test_start + WEEK


def day_of(day: date) -> int:
    """Return the days from the epoch to a date."""
    return (day - _EPOCH).days


def date_of(day: int) -> date:
    """Return the date of a day."""
    return _EPOCH + timedelta(days=day)


def folds_from(log: Log, first: int, *, count: int) -> list[Fold]:
    """Return those of `count` weekly folds whose test week the log reaches into."""
    folds = [Fold(first + WEEK * number) for number in range(count)]
    return [
        fold
        for fold in folds
        if log.first_day <= fold.train_start and fold.test_start < log.end_day
    ]


def folds_until(log: Log, end: int, *, count: int) -> list[Fold]:
    """Return the last whole weekly folds whose test weeks end by a day.

    None has its training week before the features are warm.
    """
    last = end - 3 * WEEK
    folds = [Fold(last - WEEK * number) for number in reversed(range(count))]
    return [fold for fold in folds if log.first_day + WARM_UP <= fold.train_start]


def learnt(log: Log, end: int, *, history: int | None) -> NDArray[np.bool_]:
    """Choose the payments to learn from: those before a day.

    `history` is how many days, None for all since the features are warm.
    """
    start = log.first_day + WARM_UP if history is None else end - history
    return (log.days >= start) & (log.days < end)


def counted(log: Log, fold: Fold) -> NDArray[np.int64]:
    """Choose the payments of a fold's test week, without customers known by then."""
    known = np.zeros(int(log.customers.max(initial=-1)) + 1, dtype=bool)
    return np.concatenate(list(_counted_days(log, fold, known)))


def _counted_days(
    log: Log, fold: Fold, known: NDArray[np.bool_]
) -> Iterator[NDArray[np.int64]]:
    """Give the payments of each day; `known` grows by the customers that come out."""
    since = fold.train_start
    for day in range(fold.test_start, fold.test_end):
        told = (log.days >= since) & (log.days < day - WEEK) & log.frauds
        known[log.customers[told]] = True
        rows = np.flatnonzero(log.days == day)
        yield rows[~known[log.customers[rows]]]
        since = day - WEEK

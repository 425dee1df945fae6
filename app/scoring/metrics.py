"""Metrics: how well scores find frauds, as the Fraud Detection Handbook measures it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Flags = NDArray[np.bool_]

CAPACITY = 100  # cards that can be looked at in a day


def auc_roc(frauds: Flags, scores: Numbers) -> float:
    """Return the area under the ROC curve: how often a fraud outscores another.

    NaN without a fraud or without an honest payment.

    >>> auc_roc(np.array([True, False, False]), np.array([0.5, 0.5, 0.1]))
    0.75
    """
    positives = int(frauds.sum())
    negatives = len(frauds) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = ranks[frauds].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def average_precision(frauds: Flags, scores: Numbers) -> float:
    """Return the mean of precision over recall, as a sum of steps; NaN without fraud.

    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]))
    0.8333333333333333
    """
    if not frauds.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(frauds[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    precision = found[last] / (last + 1)
    recall = found[last] / found[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def card_precision(
    frauds: Flags,
    scores: Numbers,
    *,
    days: Numbers,
    customers: Numbers,
    capacity: int = CAPACITY,
) -> float:
    """Return the share of compromised customers among the first so many of each day.

    A customer scores as the worst payment of the day. One that is found is gone for
    the days after. The mean of all days; NaN without payments. Scores of 1 for a
    fraud and 0 for the rest give the ceiling: the most that any model could reach.
    """
    known = np.zeros(int(customers.max(initial=-1)) + 1, dtype=bool)
    shares = []
    for day in np.unique(days):
        rows = np.flatnonzero((days == day) & ~known[customers])
        cards, place = np.unique(customers[rows], return_inverse=True)
        worst = np.full(len(cards), -np.inf)
        np.maximum.at(worst, place, scores[rows])
        compromised = np.zeros(len(cards), dtype=bool)
        np.logical_or.at(compromised, place, frauds[rows])
        first = np.argsort(-worst, kind="stable")[:capacity]
        found = cards[first[compromised[first]]]
        known[found] = True
        shares.append(len(found) / capacity)
    return float(np.mean(shares)) if shares else float("nan")

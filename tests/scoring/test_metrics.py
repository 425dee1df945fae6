"""The Handbook's metrics, against a judge of their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from app.scoring.metrics import auc_roc, average_precision, card_precision

judged = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.9, 1.0])),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({fraud for fraud, _ in rows}) == 2)


@given(rows=judged)
def test_auc_and_average_precision_equal_scikit_learns(rows: list[tuple[bool, float]]):
    frauds = np.array([fraud for fraud, _ in rows])
    scores = np.array([score for _, score in rows])

    assert auc_roc(frauds, scores) == pytest.approx(roc_auc_score(frauds, scores))
    assert average_precision(frauds, scores) == pytest.approx(
        average_precision_score(frauds, scores)
    )


def test_without_a_fraud_there_is_nothing_to_measure():
    none, scores = np.zeros(3, bool), np.arange(3.0)

    assert np.isnan(auc_roc(none, scores))
    assert np.isnan(average_precision(none, scores))


def test_a_customer_counts_once_a_day_and_is_gone_once_found():
    #                  first day          second day
    customers = np.array([0, 0, 1, 2, 0, 1, 2])
    frauds = np.array([True, False, False, True, True, False, True])
    scores = np.array([0.1, 0.9, 0.5, 0.2, 0.9, 0.8, 0.7])
    days = np.array([17_000] * 4 + [17_001] * 3)

    actual = [
        card_precision(frauds, scores, days=days, customers=customers, capacity=top)
        for top in (1, 2)
    ]

    # one card a day: customer 0 on the first, customer 1 (honest) on the second;
    # two a day: 0 and 1, then 1 and 2
    assert actual == [0.5, 0.5]


def test_the_ceiling_is_what_the_truth_reaches():
    customers = np.array([0, 1, 2, 0, 3])
    frauds = np.array([True, False, False, True, True])
    days = np.array([1, 1, 1, 2, 2])

    actual = card_precision(
        frauds, frauds.astype(float), days=days, customers=customers, capacity=2
    )

    assert actual == 0.5

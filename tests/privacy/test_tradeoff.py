"""Each k costs something and hides somebody: both are measured on the same table."""

from itertools import pairwise

import polars as pl
import pytest

from app.privacy.anonymity import SIZES, measure
from app.privacy.tradeoff import tradeoff
from tests.privacy.test_anonymity import QUASI, payments


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return payments(600)


def test_a_larger_k_leaves_less_risk_and_loses_more(table: pl.DataFrame):
    found = tradeoff(
        table, QUASI, sensitive="category", person="customer", ks=(2, 10, 40)
    )

    assert [one.k for one in found.points] == [1, 2, 10, 40]
    assert found.points[0].measured.k == 1
    assert all(one.measured.k >= one.k for one in found.points)
    for one, larger in pairwise(found.points):
        assert one.measured.risk > larger.measured.risk
        assert one.loss < larger.loss
    assert (found.rows, found.people) == (600, table["customer"].n_unique())


def test_what_there_are_too_few_people_for_is_told(table: pl.DataFrame):
    few = table.filter(pl.col("customer").rank("dense") <= 9)

    found = tradeoff(few, ["hour"], sensitive="category", person="customer")

    assert found.refused == [12, 20, 30, 50]
    assert [one.k for one in found.points] == [1, 2, 3, 5, 8]


def test_when_the_time_is_up_the_rest_is_unfinished(table: pl.DataFrame):
    left = iter([True, True, False, False, False, False, False, False])

    found = tradeoff(
        table,
        ["hour"],
        sensitive="category",
        person="customer",
        go_on=lambda: next(left),
    )

    assert [one.k for one in found.points] == [1, 2, 3]
    assert found.unfinished == [5, 8, 12, 20, 30, 50]


def test_classes_are_counted_by_their_people():
    rows = [(zip_, f"{zip_}{who}") for zip_, size in enumerate((1, 1, 2, 4, 9, 150))
            for who in range(size)]  # fmt: skip
    table = pl.DataFrame(rows, schema=["zip", "who"], orient="row")

    found = measure(table, ["zip"], person="who")

    assert dict(zip(SIZES, found.sizes, strict=True)) == {
        1: 2, 2: 1, 3: 1, 5: 1, 10: 0, 20: 0, 50: 0, 100: 1,
    }  # fmt: skip

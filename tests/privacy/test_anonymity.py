"""Anonymity: classes, not clusters: k is enforced, and an outside judge agrees."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import AnonymityError
from app.privacy.anonymity import measure
from app.privacy.mondrian import Aim, anonymise
from app.simulate.bank import Bank
from tests.simulate.conftest import payments_of

QUASI = ["hour", "amount", "channel", "country"]


def payments(count: int = 1_000) -> pl.DataFrame:
    """Payments of the made-up bank, with what an analyst would ask for."""
    paid = payments_of(list(Bank(customers=300, app=False).chunks(limit=count)))
    return pl.DataFrame(
        {
            "customer": [one.customer_id for one, _ in paid],
            "hour": [one.occurred_at.hour for one, _ in paid],
            "amount": [one.amount for one, _ in paid],
            "channel": [one.channel for one, _ in paid],
            "country": [one.country for one, _ in paid],
            "category": [one.merchant_category for one, _ in paid],
            "large": [one.amount // 2_000 for one, _ in paid],
        }
    )


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return payments()


@pytest.mark.parametrize("k", [2, 5, 25])
def test_every_class_has_k_rows_and_nothing_but_what_was_asked_for(
    table: pl.DataFrame, k: int
):
    found = anonymise(table, QUASI, sensitive=["category"], aim=Aim(k=k))
    sizes = found.table.group_by(QUASI).len()["len"].to_list()

    assert min(sizes) >= k
    assert found.after.k == min(sizes)
    assert found.before.k == 1
    assert found.table.columns == [*QUASI, "category"]
    assert found.table.height == table.height
    assert sum(sizes) / len(sizes) < 2.5 * k  # no larger classes than needed
    assert sorted(found.table["category"]) == sorted(table["category"])


def test_a_larger_k_hides_more_and_tells_less(table: pl.DataFrame):
    found = [
        anonymise(table, QUASI, sensitive=["category"], aim=Aim(k=k))
        for k in (2, 10, 50, 200)
    ]

    assert [one.after.risk for one in found] == sorted(
        (one.after.risk for one in found), reverse=True
    )
    assert [one.loss for one in found] == sorted(one.loss for one in found)
    assert 0 < found[0].loss < found[-1].loss < 1


def test_l_and_t_are_kept_in_every_class(table: pl.DataFrame):
    aim = Aim(k=5, l=3, t=0.4)

    found = anonymise(table, QUASI, sensitive=["category", "large"], aim=aim)

    assert found.after.k >= 5
    assert min(found.after.l.values()) >= 3
    assert max(found.after.t.values()) <= 0.4
    for rows in found.table.partition_by(QUASI):
        assert rows["category"].n_unique() >= 3


@pytest.mark.parametrize("k", [2, 10])
def test_k_payments_of_one_customer_hide_nobody(table: pl.DataFrame, k: int):
    """Rows count as k people only where they are of k people."""
    aim = Aim(k=k)
    by_row = anonymise(table, QUASI, sensitive=["customer"], aim=aim).table

    found = anonymise(table, QUASI, sensitive=[], aim=aim, person="customer")
    people = anonymise(
        table.with_columns(pl.col("customer").alias("whose")),
        QUASI,
        sensitive=["whose"],
        aim=aim,
        person="customer",
    ).table

    assert measure(by_row, QUASI, person="customer").k < k <= found.after.k
    assert found.table.columns == QUASI
    assert min(people.group_by(QUASI).agg(pl.col("whose").n_unique())["whose"]) >= k


def test_risk_is_the_mean_chance_of_finding_a_rows_person():
    rows = [("a", 1), ("a", 1), ("a", 2), ("b", 3), ("b", 3)]
    table = pl.DataFrame(rows, schema=["zip", "who"], orient="row")

    found = measure(table, ["zip"], person="who")

    assert (found.k, found.classes, found.at_risk) == (1, 2, 1.0)
    assert found.risk == pytest.approx((3 * 0.5 + 2 * 1) / 5)
    assert measure(table, ["zip"]).risk == 2 / 5


def test_each_row_is_still_within_what_is_told_of_it(table: pl.DataFrame):
    amounts = table["amount"].sort().to_list()

    told = anonymise(
        table.with_columns(pl.col("amount").alias("true")),
        ["amount"],
        sensitive=["true"],
        aim=Aim(k=5),
    ).table
    for span, true in told.iter_rows():
        low, _, high = span.partition(" to ")
        assert int(low) <= true <= int(high or low)
    assert sorted(told["true"]) == amounts


def test_the_rarest_are_left_out_as_far_as_allowed(table: pl.DataFrame):
    odd = table.with_columns(
        pl.when(pl.int_range(pl.len()) < 3)
        .then(pl.lit("XX"))
        .otherwise("country")
        .alias("country")
    )

    found = anonymise(odd, QUASI, sensitive=[], aim=Aim(k=5, suppress=0.1))

    assert 3 <= found.suppressed <= 100
    assert not found.table["country"].str.contains("XX").any()


def test_what_cannot_be_fulfilled_is_refused(table: pl.DataFrame):
    for aim in (Aim(k=10_000), Aim(l=1_000)):
        with pytest.raises(AnonymityError, match="even as one class"):
            anonymise(table, QUASI, sensitive=["category"], aim=aim)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9) | st.none(),
            st.sampled_from("abc") | st.none(),
            st.sampled_from("xyz"),
        ),
        min_size=4,
        max_size=60,
    ),
    st.integers(2, 4),
)
def test_k_holds_for_any_table(rows: list[tuple[int, str, str]], k: int):
    table = pl.DataFrame(
        rows,
        schema={"n": pl.Int64, "word": pl.String, "ill": pl.String},
        orient="row",
    )

    found = anonymise(table, ["n", "word"], sensitive=["ill"], aim=Aim(k=k))

    assert found.after.k >= k
    assert found.table.height == len(rows)
    assert 0 <= found.loss <= 1


@pytest.mark.parametrize("name", ["len", "_people", "_rows", "_code"])
def test_a_column_may_have_any_name(table: pl.DataFrame, name: str):
    named = table.rename({"channel": name, "category": f"{name}2"})

    found = anonymise(
        named, ["amount", name], sensitive=[f"{name}2"], aim=Aim(5, suppress=0.1)
    )

    assert found.after.k >= 5


def test_grouping_people_is_not_hiding_them():
    """Two tidy clusters say nothing of k: each person in them is still alone."""
    people = pl.DataFrame({"age": [20, 21, 22, 80, 81, 82]})

    assert measure(people, ["age"]).k == 1

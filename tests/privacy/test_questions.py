"""What may be asked of a day: keys tell of nobody, and nobody counts for much."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from app.privacy.questions import MOST, OTHER, Question, counted, keys

DAY = date(2026, 3, 1)


def decisions(*rows: dict[str, object]) -> pl.DataFrame:
    valid = {
        "id": "T",
        "occurred_at": datetime(2026, 3, 1, 7, tzinfo=UTC),
        "customer_id": "C1",
        "channel": "pos",
        "country": "AT",
        "merchant_category": "5411",
        "outcome": "approve",
    }
    several = [valid | {"id": f"T{n}"} | row for n, row in enumerate(rows)]
    return pl.DataFrame(several, schema_overrides={"country": pl.String})


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("channel", "pos"),
        ("outcome", "approve"),
        ("country", "AT"),
        ("category", "54xx"),
        ("hour", "07"),
    ],
)
def test_every_key_is_there_whoever_paid(by, key: str):
    found = counted(decisions({}), Question(DAY, by=by))

    assert tuple(found) == keys(by)
    assert {one: count for one, count in found.items() if count} == {key: 1}


def test_a_customer_counts_a_few_times_at_most():
    many: list[dict[str, object]] = [{"customer_id": "C1"}] * 100
    many += [{"customer_id": "C2"}] * 3

    assert counted(decisions(*many), Question(DAY))["pos"] == MOST + 3


def test_only_what_is_asked_for_counts():
    some = decisions(
        {"outcome": "decline"}, {"outcome": "review"}, {"outcome": "decline"}
    )

    found = [counted(some, Question(DAY, of))["pos"] for of in ("declined", "approved")]

    assert found == [2, 0]


def test_what_has_no_key_of_its_own_is_counted_beside():
    some = decisions({"country": None}, {"country": "XX"}, {"country": "AT"})

    found = counted(some, Question(DAY, by="country"))

    assert (found[OTHER], found["AT"]) == (2, 1)


def test_there_are_as_many_countries_as_in_the_standard():
    assert len(keys("country")) == 249 + 1

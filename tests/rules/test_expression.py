"""The rule language: what it means, and what it refuses."""

import re
import sqlite3
from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import RuleError
from app.rules.errors import NotAllowed, NotSql, UnknownField
from app.rules.expression import compile_expression, first_comparison
from tests.rules.strategies import FIELDS, conditions, rows, scribbles

SCHEMA = {n: pl.Float64 if k == "number" else pl.String for n, k in FIELDS.items()}


def evaluate(text: str, *data: Mapping[str, object]) -> list[object]:
    """Evaluate a condition on rows."""
    frame = pl.DataFrame(list(data), schema=SCHEMA)
    compiled = compile_expression(text, FIELDS, kind="boolean")
    return frame.select(compiled.polars.alias("hit"))["hit"].to_list()


def hits(text: str, **values: float | str | None) -> object:
    """Evaluate a condition on one row; what is not named is null."""
    return evaluate(text, dict.fromkeys(FIELDS) | values)[0]


@pytest.mark.parametrize(
    ("text", "amount", "expected"),
    [
        ("amount > 100", 100.5, True),
        ("amount > 100", 100, False),
        ("amount > 100", None, None),
        ("amount >= 100", 100, True),
        ("amount < -1.5", -2, True),
        ("amount <= .5", 0.5, True),
        ("amount = 1e2", 100, True),
        ("amount <> 100", 100, False),
        ("amount != 100", None, None),
        ("100 < amount", 101, True),
        ("NOT amount > 100", 100, True),
        ("NOT amount > 100", None, None),
        ("amount + 2 * 3 = 7", 1, True),
        ("(amount + 2) * 3 = 9", 1, True),
        ("amount - 2 - 3 = -4", 1, True),
        ("-amount = 1", -1, True),
        ("amount / 2 = 0.5", 1, True),
        ("amount / 0 > 0", 1, None),
        ("1 / amount > 0", 0, None),
        ("0 / amount = 0", 0, None),
        ("1 / (1 / amount) = 0", 0, None),
        ("amount * 1e300 * 1e300 > 0", 1, None),
        ("amount * 1e300 * 1e300 - amount * 1e300 * 1e300 >= 0", 1, None),
        ("COALESCE(amount / 0, 7) = 7", 1, True),
        ("amount > 1 AND is_night > 1", 1, False),
        ("amount > 1 AND is_night > 1", 2, None),
        ("amount > 1 OR is_night > 1", 2, True),
        ("amount > 1 OR is_night > 1", 1, None),
        ("amount > 1 OR amount < 0 AND amount > 5", 2, True),
        ("(amount > 1 OR amount < 0) AND amount > 5", 2, False),
        ("amount IS NULL", None, True),
        ("amount IS NOT NULL", None, False),
        ("is_night IS NULL AND amount IS NOT NULL", 1, True),
        ("amount IN (1, -2, 3.5)", -2, True),
        ("amount IN (1, 2)", None, None),
        ("amount NOT IN (1, 2)", 3, True),
        ("amount NOT IN (1, 2)", None, None),
        ("amount BETWEEN 1 AND 2", 2, True),
        ("amount NOT BETWEEN 1 AND 2", 2, False),
        ("amount BETWEEN 2 AND 1", 1.5, False),
        ("CASE WHEN amount > 1 THEN 5 ELSE 6 END = 5", 2, True),
        ("CASE WHEN amount > 1 THEN 5 ELSE 6 END = 6", None, True),
        ("CASE WHEN amount > 1 THEN 5 END IS NULL", 1, True),
        ("CASE WHEN amount > 2 THEN 1 WHEN amount > 1 THEN 2 END = 2", 1.5, True),
        ("COALESCE(is_night, amount, 3) = 3", None, True),
        ("COALESCE(is_night, amount, 3) = 2", 2, True),
        ("ABS(amount) = 2", -2, True),
        ("ROUND(amount) = 3", 2.5, True),
        ("ROUND(amount) = -3", -2.5, True),
        ("ROUND(amount, 1) = 2.4", 2.44, True),
        ("GREATEST(amount, 2, is_night) = 2", 1, True),
        ("LEAST(amount, 2, is_night) = 1", 1, True),
        ("GREATEST(is_night, amount) > 0", None, None),
        ("amount > 1 OR TRUE", None, True),
        ("amount > 1 AND FALSE", 2, False),
        ("(amount > 1) = TRUE", 2, True),
        ("amount > 1 -- and a remark", 2, True),
        ('"amount" > 1', 2, True),
    ],
)
def test_numbers_compare_and_calculate_as_in_sql(
    text: str, amount: float | None, *, expected: bool | None
) -> None:
    actual = hits(text, amount=amount)

    assert actual is expected


@pytest.mark.parametrize(
    ("text", "channel", "expected"),
    [
        ("channel = 'online'", "online", True),
        ("channel = 'online'", None, None),
        ("channel <> 'online'", "pos", True),
        ("channel = 'it''s'", "it's", True),
        ("channel = 'ONLINE'", "online", False),
        ("channel IN ('pos', 'atm')", "atm", True),
        ("channel NOT IN ('pos', 'atm')", None, None),
        ("COALESCE(channel, 'none') = 'none'", None, True),
        ("CASE WHEN channel = 'pos' THEN 'a' ELSE 'b' END = 'b'", "atm", True),
        ("channel < 'b'", "atm", True),
    ],
)
def test_texts_compare_as_in_sql(
    text: str, channel: str | None, *, expected: bool | None
) -> None:
    actual = hits(text, channel=channel)

    assert actual is expected


@given(condition=conditions, row=rows)
@settings(max_examples=150)
def test_a_condition_says_what_sqlite_says(
    condition: str, row: dict[str, float | str | None]
) -> None:
    columns = ", ".join(f":{name} AS {name}" for name in row)
    with sqlite3.connect(":memory:") as database:
        query = f"SELECT {condition} FROM (SELECT {columns})"  # noqa: S608
        (said,) = database.execute(query, row).fetchone()

    actual = evaluate(condition, row)

    assert actual == [None if said is None else bool(said)]


@given(first=conditions, second=conditions, row=rows)
@settings(max_examples=150)
def test_where_a_required_field_is_null_nothing_is_hit(
    first: str, second: str, row: dict[str, float | str | None]
) -> None:
    for text in (f"({first}) AND ({second})", f"{first} OR {second}"):
        compiled = compile_expression(text, FIELDS, kind="boolean")

        for name in compiled.required:
            assert evaluate(text, row | {name: None}) != [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount > 1 AND customer_count_1d / 2 > 1", {"amount", "customer_count_1d"}),
        ("amount > 1 OR (amount < 0 AND is_night = 1)", {"amount"}),
        ("NOT channel IN ('pos')", {"channel"}),
        ("COALESCE(amount, 2) > 1", set()),
        ("LEAST(amount, 2) > 1", set()),
        ("amount IS NULL AND is_night = 1", {"is_night"}),
        ("CASE WHEN amount > 1 THEN 1 ELSE 2 END > 1", set()),
        ("NOT (amount > 1 AND is_night = 1)", set()),
    ],
)
def test_fields_that_a_hit_requires_are_known(text: str, expected: set[str]) -> None:
    assert compile_expression(text, FIELDS, kind="boolean").required == expected


@given(text=scribbles)
@settings(max_examples=400)
def test_any_text_either_compiles_and_runs_or_is_refused(text: str) -> None:
    try:
        compiled = compile_expression(text, FIELDS, kind="boolean")
    except RuleError:
        return
    frame = pl.DataFrame([dict.fromkeys(FIELDS)] * 3, schema=SCHEMA)
    result = frame.select(compiled.polars.alias("hit"))

    assert result.schema == {"hit": pl.Boolean}
    assert result.height == 3


@given(
    depth=st.integers(1, 400), shape=st.sampled_from(["(%s)", "NOT (%s)", "ABS(%s)"])
)
@settings(max_examples=30)
def test_any_nesting_either_compiles_or_is_refused(depth: int, shape: str) -> None:
    text = "amount" if "ABS" in shape else "amount > 1"
    for _ in range(depth):
        text = shape % text
    text += " > 1" if "ABS" in shape else ""

    try:
        compile_expression(text, FIELDS, kind="boolean")
    except NotAllowed:
        assert depth > 8
    else:
        assert depth <= 64


def test_nested_conditions_stay_cheap() -> None:
    text = "amount"
    for _ in range(20):
        text = f"CASE WHEN {text} BETWEEN 1 AND 2 THEN 1 / amount END"

    assert hits(f"{text} = 1", amount=1.0) is True


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "amuont > 1",
            UnknownField,
            "line 1, column 1: got field 'amuont', expected 'amount' or another",
        ),
        ("is_night = 1 AND\n  chanel = 'pos'", UnknownField, "line 2, column 3"),
        ("amount > 1 AND AMOUNT > 2", UnknownField, "expected 'amount'"),
        ("x > 1", UnknownField, "expected one of amount, channel, customer_count_1d"),
        ("payments.amount > 1", NotAllowed, "got `payments.amount`"),
        ("amount > (SELECT 1)", NotAllowed, "column 10: got `(SELECT 1)`"),
        ("amount IN (SELECT amount)", NotAllowed, "got `amount IN (SELECT amount)`"),
        ("EXISTS (SELECT 1)", NotAllowed, "got `EXISTS"),
        ("SELECT amount > 1", NotAllowed, "got `SELECT amount > 1`"),
        ("amount > 1 UNION SELECT 1", NotAllowed, "got `amount > 1 UNION"),
        ("amount > 1; DROP TABLE rules", NotSql, "got 2 statements"),
        ("DROP TABLE rules", NotAllowed, "got `DROP TABLE rules`"),
        ("read_csv('/etc/passwd') > 1", NotAllowed, "got `READ_CSV('/etc/passwd')`"),
        ("pg_sleep(9) > amount", NotAllowed, "got `PG_SLEEP(9)`"),
        ("SUM(amount) > 1", NotAllowed, "got `SUM(amount)`"),
        ("AVG(amount) OVER () > 1", NotAllowed, "got `AVG(amount) OVER ()`"),
        ("amount::int > 1", NotAllowed, "got `CAST(amount AS INT)`"),
        ("CAST(amount AS INT) > 1", NotAllowed, "got `CAST(amount AS INT)`"),
        ("amount % 2 = 1", NotAllowed, "got `amount % 2`"),
        ("channel LIKE 'p%'", NotAllowed, "got `channel LIKE 'p%'`"),
        ("channel || 'x' = 'posx'", NotAllowed, "got `channel || 'x'`"),
        ("amount > :limit", NotAllowed, "got `:limit`"),
        ("amount > 1 AS hit", NotAllowed, "got `amount > 1 AS hit`"),
        ("amount = NULL", NotAllowed, "got `NULL`"),
        ("amount IN (1, NULL)", NotAllowed, "got `NULL`"),
        ("amount IN (is_night)", NotAllowed, "expected a number or a 'text' in"),
        ("amount IS TRUE", NotAllowed, "expected IS NULL or IS NOT NULL"),
        ("CASE amount WHEN 1 THEN 2 END = 2", NotAllowed, "got `CASE amount WHEN"),
        ("ROUND(amount, 99) > 1", NotAllowed, "expected 0 to 9 decimals"),
        ("amount > 1e999", NotAllowed, "got `1e999`"),
        ("amount > 'pos'", NotAllowed, "got `'pos'`, which is text, expected a number"),
        ("channel = 5", NotAllowed, "got `5`, which is number, expected a text"),
        ("amount < channel", NotAllowed, "column 10: got `channel`, which is text"),
        ("is_night AND amount > 1", NotAllowed, "boolean; write is_night = 1"),
        ("1 < amount < 3", NotAllowed, "expected a boolean"),
        ("amount", NotAllowed, "got a number, expected a boolean as the whole"),
        ("1 = 1", NotAllowed, "got a constant, expected at least one field"),
        ("amount > " + "1 + " * 600 + "1", NotAllowed, "expected at most 2000"),
        (" OR ".join(["amount > 1"] * 90), NotAllowed, "expected at most 64 levels"),
        ("", NotSql, "got 0 statements"),
        ("amount >", NotSql, "column 8: got what does not parse at '>'"),
        ("amount > 1 AND * 2", NotSql, "expected one SQL condition such as amount"),
        ("channel = 'pos", NotSql, "got a quote or comment that is not closed"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_its_place(
    text: str, error: type[RuleError], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        compile_expression(text, FIELDS, kind="boolean")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount > 100", ("amount", "100")),
        ("100 <= amount", ("amount", "100")),
        ("channel = 'pos' AND amount > 2 * is_night", ("amount", "2 * is_night")),
        ("NOT (amount / is_night < 3) OR is_night = 1", ("amount / is_night", "3")),
        ("channel = 'pos'", None),
        ("amount IS NULL", None),
        ("1 < 2 AND amount = 3", ("amount", "3")),
    ],
)
def test_value_and_threshold_are_the_sides_of_the_first_comparison_of_a_field(
    text: str, expected: tuple[str, str] | None
) -> None:
    actual = first_comparison(text, FIELDS)

    assert actual == expected


def test_an_expression_names_the_fields_that_it_reads() -> None:
    compiled = compile_expression(
        "amount > 1 OR channel IN ('pos')", FIELDS, kind="boolean"
    )

    assert compiled.fields == {"amount", "channel"}


@pytest.mark.parametrize("divisor", ["49", "is_night", "(40 + 9)", "COALESCE(49, 1)"])
@pytest.mark.parametrize("height", [1, 2, 7])
def test_a_quotient_is_exact_in_a_batch_of_any_size(divisor: str, height: int) -> None:
    amounts = [49.0 * 3.3 * (n + 1) for n in range(height)]
    frame = pl.DataFrame({"amount": amounts, "is_night": [49.0] * height})
    compiled = compile_expression(f"amount / {divisor}", FIELDS, kind="number")

    actual = frame.select(compiled.polars.alias("x"))["x"].to_list()

    assert actual == [amount / 49.0 for amount in amounts]

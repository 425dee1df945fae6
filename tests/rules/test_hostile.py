"""Hostile expressions: refused or evaluated, in little time and memory.

They run in a process of their own behind a fence: see tests/rules/hostile.py.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.rules.errors import NotAllowed
from app.rules.expression import compile_expression
from tests.rules.strategies import FIELDS

ROOT = Path(__file__).parent.parent.parent
MANY = 1500
MOST_SECONDS = 5.0
"""Of CPU, for one expression compiled and evaluated on a thousand rows: hundredths of
one as a rule; what grows without bounds takes minutes on any machine."""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Try many, behind the fence; return what is told of it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.rules.hostile", "4", str(MANY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the fence is made of Linux")
def test_hostile_expressions_crash_nothing_open_nothing_and_take_little_time(
    told: dict[str, Any],
) -> None:
    assert told["fenced"]
    assert told["tried"] > MANY
    assert told["allowed"] > 50
    assert told["seconds"] < MOST_SECONDS, told["slowest"]


@pytest.mark.parametrize("link", [" + 1", " - 1", " * 2", " / 2"])
def test_a_long_sum_costs_as_much_as_it_is_long(link: str) -> None:
    compiled = compile_expression(
        "amount" + link * 60 + " < 1e300", FIELDS, kind="boolean"
    )
    frame = pl.DataFrame({"amount": [1.0, None]})

    assert frame.select(compiled.polars.alias("x"))["x"].to_list() == [True, None]


@pytest.mark.parametrize(
    "shape", ["1 / ({})", "GREATEST(1 * {}, 1)", "COALESCE({} + 1, 1)"]
)
def test_what_would_grow_without_bounds_is_refused(shape: str) -> None:
    text = "amount"
    for _ in range(20):
        text = shape.format(text)

    with pytest.raises(NotAllowed, match="expected fewer quotients, LEAST or CASE"):
        compile_expression(f"{text} > 1", FIELDS, kind="boolean")


@pytest.mark.parametrize(
    "text",
    [
        "0 / (amount * 1e300 * 1e300) = 0",
        "LEAST(amount * 1e300 * 1e300, 5) = 5 AND FALSE",
        "ABS(amount * -1e300 * 1e300) > 5",
        "ROUND(amount * 1e300 * 1e300, 2) > 5",
        "-(amount / 0) < 5",
        "amount / 0 * 0 = 0",
        "CASE WHEN amount > 0 THEN amount / 0 END > 5",
        "amount / 0 IN (1, 2)",
        "amount / 0 BETWEEN 1 AND 2",
    ],
)
def test_what_is_not_finite_on_the_way_is_null_at_the_end(text: str) -> None:
    compiled = compile_expression(text, FIELDS, kind="boolean")
    frame = pl.DataFrame({"amount": [1.0]})

    assert frame.select(compiled.polars.alias("x"))["x"].to_list() in ([None], [False])

"""`smartbank anonymise` writes what it measured, or nothing."""

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from app.cli import main
from app.privacy.anonymity import measure


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    rows = [(20 + n % 40, f"{n % 7}", f"name {n}", "ab"[n % 2]) for n in range(400)]
    schema = ["age", "zip", "name", "ill"]
    pl.DataFrame(rows, schema=schema, orient="row").write_csv(file)
    return file


def ask(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["anonymise", *words])
    return result.exit_code, result.output


def test_the_file_has_the_k_and_l_that_the_report_says(people: Path):
    code, told = ask(
        str(people), "--quasi=age,zip", "--sensitive=ill", "--k=7", "--l=2", "--json"
    )

    report = json.loads(told)
    written = pl.read_csv(report["file"], infer_schema=False)
    found = measure(written, ["age", "zip"], sensitive=["ill"])
    assert code == 0
    assert written.columns == ["age", "zip", "ill"]
    assert report["after"]["k"] == found.k >= 7
    assert report["after"]["l"] == found.l
    assert found.l["ill"] >= 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--quasi=age,shoe"], "got shoe"),
        (["--quasi=age", "--k=1000"], "even as one class"),
        (["--quasi=age", "--sensitive=age"], "got age as both"),
        ([], "no quasi-identifier"),
    ],
)
def test_what_cannot_be_is_told_in_a_line_and_nothing_is_written(
    people: Path, words: list[str], expected: str
):
    code, told = ask(
        str(people),
        *(words or []),
        *([] if any(w.startswith("--sensitive") for w in words) else ["--sensitive="]),
    )

    assert code == 1
    assert expected in told
    assert list(people.parent.iterdir()) == [people]

"""`smartbank anonymise` writes what it measured, or nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from app.cli import main
from app.parquet.files import write
from app.parquet.frames import decisions_frame
from app.privacy.anonymity import measure
from tests.sinks.decided import a_decided


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
        (["--quasi=age,zip,age"], "got age twice in one list"),
        (["--quasi=zip", "--sensitive=ill,ill"], "got ill twice in one list"),
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


def test_what_is_no_finite_number_is_unknown(tmp_path: Path):
    file = tmp_path / "rates.parquet"
    odd = [float("nan"), float("inf"), -float("inf"), None]
    pl.DataFrame({"rate": [*map(float, range(16)), *odd]}).write_parquet(file)

    code, told = ask(str(file), "--quasi=rate", "--sensitive=", "--k=2", "--json")

    report = json.loads(told)
    texts = pl.read_parquet(report["file"])["rate"].to_list()
    assert code == 0
    assert 0 < report["loss"] < 0.2
    assert {"nan", "inf", "-inf"}.isdisjoint(
        word for text in texts if text for word in text.split()
    )
    assert sum(text is None or text.endswith("unknown") for text in texts) >= 4


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of two days: 40 customers who paid ten times each, some twice over."""
    root = tmp_path / "archive"
    paid = [
        a_decided(
            f"T{n}",
            outcome="review" if n % 3 else "approve",
            at=(0, n),
            occurred_at=datetime(2026, 3, 1 + n % 2, n % 24, tzinfo=UTC),
            customer_id=f"C{n % 40}",
            amount=100 + 7 * n,
            country="ATDEFR"[n % 3 * 2 :][:2],
        )
        for n in range(400)
    ]
    write(root / "decisions", decisions_frame(paid))
    write(root / "decisions", decisions_frame(paid[:50]))
    return root


def test_the_archive_is_given_away_with_k_people_in_each_class(archive: Path):
    code, told = ask(str(archive), "--k=4", "--l=2", "--json", "--suppress=0")

    report = json.loads(told)
    written = pl.read_parquet(report["file"])
    assert code == 0, told
    assert Path(report["file"]) == archive.with_name("archive.anonymous.parquet")
    assert written.height == report["before"]["rows"] == 400
    assert set(written.columns) == {
        "occurred_at",
        "amount_minor",
        "channel",
        "country",
        "merchant_category",
        "outcome",
    }
    assert report["before"]["k"] == 1
    assert report["after"]["k"] >= 4
    assert report["after"]["l"]["outcome"] >= 2


def test_days_are_chosen_and_labels_and_features_are_columns(archive: Path):
    words = ("--quasi=amount_minor,is_night", "--sensitive=fraud", "--since=2026-03-02")
    code, told = ask(str(archive), *words, "--json", "--suppress=0")

    assert code == 0, told
    assert json.loads(told)["before"]["rows"] == 200


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--quasi=device_id"], "got device_id"),
        (["--since=2027-01-01"], "no decision in this period"),
        (["--k=41"], "400 rows of 40 people do not fulfil k=41"),
        (["--person=card", "--quasi=card"], "got card as both"),
    ],
)
def test_what_the_archive_cannot_give_is_told(
    archive: Path, words: list[str], expected: str
):
    code, told = ask(str(archive), "--suppress=0", *words)

    assert code == 1
    assert expected in told
    assert not archive.with_name("archive.anonymous.parquet").exists()


def test_a_folder_that_is_no_archive_is_told(tmp_path: Path):
    code, told = ask(str(tmp_path))

    assert (code, "expected an archive folder" in told) == (1, True)


@pytest.mark.parametrize(
    "spelt", ["people.csv", "./folder/../people.csv", "link.csv", "hard.csv"]
)
def test_a_file_is_never_written_over_itself(people: Path, spelt: str):
    folder, before = people.parent, people.read_bytes()
    (folder / "folder").mkdir()
    (folder / "link.csv").symlink_to(people)
    (folder / "hard.csv").hardlink_to(people)

    code, told = ask(
        str(people), "--quasi=age", "--sensitive=", f"--out={folder}/{spelt}"
    )

    assert code == 1
    assert "which is the source's own, expected another file" in told
    assert people.read_bytes() == before


def test_nothing_is_written_into_the_archive_it_comes_from(archive: Path):
    before = sorted(archive.rglob("*"))
    [day, *_] = (path for path in before if path.suffix == ".parquet")

    codes = {ask(str(archive), f"--out={out}") for out in (day, archive / "x.parquet")}

    assert {code for code, _ in codes} == {1}
    assert all("expected a place outside the archive" in told for _, told in codes)
    assert sorted(archive.rglob("*")) == before


@pytest.mark.parametrize("source", ["people", "archive"])
def test_a_target_without_a_folder_is_told_before_any_work(
    source: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr("app.commands.anonymise.made_anonymous")
    file = request.getfixturevalue(source)

    code, told = ask(str(file), "--out=/no/such/x.parquet")

    assert code == 1
    assert told == (
        "Error: --out: got /no/such/x.parquet, expected a folder /no/such that exists\n"
    )


def test_a_target_that_cannot_be_written_is_told_in_a_line(people: Path):
    astray = people.with_name("astray.csv")
    astray.symlink_to("/no/such/file.csv")

    code, told = ask(str(people), "--quasi=age", "--sensitive=", f"--out={astray}")

    assert code == 1
    assert told.startswith(f"Error: {astray}: cannot be written: No such file")
    assert len(told.splitlines()) == 1

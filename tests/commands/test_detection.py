"""`smartbank train` and `smartbank evaluate`, as their user runs them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.scoring.model import Model
from tests.detection.builders import MAP, START, a_bank, archive, write
from tests.scoring.test_aggregated import an_aggregate

FIRST = (START.replace(day=2, month=2)).date().isoformat()  # four weeks in


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Give a file of payments and its column map."""
    payments, columns = write(a_bank(), tmp_path_factory.mktemp("bank"))
    return str(payments), str(columns)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def evaluated(*arguments: str) -> Any:
    result = run("evaluate", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output.splitlines()[-1])


def test_evaluate_tells_each_week_and_their_mean(bank: tuple[str, str]):
    payments, columns = bank

    told = evaluated(payments, "--map", columns, "--first", FIRST, "--weeks", "9")

    assert told["folds"][0]["train_start"] == FIRST
    assert [fold["days"] for fold in told["folds"]] == [7, 7, 7, 7]
    for name in ("auc", "ap", "cp100"):
        values = [fold[name] for fold in told["folds"]]
        assert told["mean"][name] == pytest.approx(sum(values) / 4)
        assert all(0 < value <= 1 for value in values)
    assert all(fold["cp100"] <= fold["ceiling"] for fold in told["folds"])


def test_evaluate_takes_the_last_whole_weeks_unless_told(bank: tuple[str, str]):
    payments, columns = bank

    told = evaluated(payments, "--map", columns, "--weeks", "2", "--history", "7")

    assert [fold["test_start"] for fold in told["folds"]] == [
        START.replace(day=2, month=3).date().isoformat(),
        START.replace(day=9, month=3).date().isoformat(),
    ]


def test_evaluate_learns_from_the_features_told(bank: tuple[str, str]):
    payments, columns = bank
    options = (payments, "--map", columns, "--weeks", "1")

    by_all = evaluated(*options)
    by_amount = evaluated(*options, "--features", "amount, is_*")
    unknown = run("evaluate", *options, "--features", "amount,amuont")

    assert by_amount["mean"]["ap"] < by_all["mean"]["ap"]
    assert unknown.exit_code == 2
    assert "got 'amuont', expected names of the catalogue" in unknown.output


def test_evaluate_prints_a_table_for_people(bank: tuple[str, str]):
    payments, columns = bank

    result = run("evaluate", payments, "--map", columns, "--weeks", "1")

    assert result.exit_code == 0, result.output
    for expected in ("AUC ROC", "CP@100", "ceiling", "mean", "deviation"):
        assert expected in result.output
    assert "published" not in result.output


def test_a_trained_model_is_judged_on_the_weeks_after_it(
    bank: tuple[str, str], tmp_path: Path
):
    payments, columns = bank
    end = START.replace(day=9, month=3)

    trained = run(
        *("train", payments, "--map", columns, "--out", str(tmp_path)),
        *("--until", end.date().isoformat()),
    )
    assert trained.exit_code == 0, trained.output
    (folder,) = tmp_path.iterdir()
    options = (payments, "--map", columns, "--model", str(folder), "--weeks")
    told = evaluated(*options, "1")
    too_early = run("evaluate", *options, "2")

    assert Model.load(folder).facts.learnt_until == "2026-03-02"
    assert {path.name for path in folder.iterdir()} == {
        *("model.txt", "model.json", "card.md", "card.json")
    }
    assert [fold["test_start"] for fold in told["folds"]] == ["2026-03-09"]
    assert too_early.exit_code == 1
    assert "has learnt until 2026-03-02" in too_early.output


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_a_map_without_labels_is_refused(
    verb: str, bank: tuple[str, str], tmp_path: Path
):
    columns = tmp_path / "map.toml"
    columns.write_text(MAP.partition("[labels]")[0], encoding="utf-8")
    out = ["--out", str(tmp_path)] if verb == "train" else []

    result = run(verb, bank[0], "--map", str(columns), *out)

    assert result.exit_code == 1
    assert "got no [labels]" in result.output


def test_weeks_that_the_file_does_not_hold_are_said(bank: tuple[str, str]):
    payments, columns = bank

    result = run("evaluate", payments, "--map", columns, "--first", "2027-01-01")

    assert result.exit_code == 1
    assert "no test week is in the file" in result.output


def test_an_archive_is_learnt_from_as_the_file_it_came_from(
    bank: tuple[str, str], tmp_path: Path
):
    payments, columns = bank
    root = str(archive(a_bank(), tmp_path / "archive"))
    by_file, by_archive = tmp_path / "file", tmp_path / "models"

    trained = run("train", root, "--out", str(by_archive))
    expected = run("train", payments, "--map", columns, "--out", str(by_file))
    told = evaluated(root, "--weeks", "2", "--features", "amount,terminal_*")

    assert trained.exit_code == expected.exit_code == 0, trained.output
    (actual,), (wanted,) = by_archive.iterdir(), by_file.iterdir()
    for name in ("model.txt", "model.json"):
        assert (actual / name).read_bytes() == (wanted / name).read_bytes()
    assert "payments of archive," in (actual / "card.md").read_text(encoding="utf-8")
    assert told == evaluated(
        *(payments, "--map", columns, "--weeks", "2"),
        *("--features", "amount,terminal_*"),
    )


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_a_file_needs_a_map_and_an_archive_has_none(
    verb: str, bank: tuple[str, str], tmp_path: Path
):
    out = ["--out", str(tmp_path)] if verb == "train" else []

    without = run(verb, bank[0], *out)
    needless = run(verb, str(tmp_path), "--map", "handbook", *out)
    nothing = run(verb, str(tmp_path), *out)

    assert (without.exit_code, needless.exit_code, nothing.exit_code) == (2, 2, 1)
    assert "--map: got none, expected what the columns of" in without.output
    assert "--map: got 'handbook', expected none" in needless.output
    assert "got a folder without decisions/" in nothing.output


def test_a_model_learns_from_aggregates_that_decisions_carried(
    bank: tuple[str, str], tmp_path: Path
):
    payments, columns = bank
    spent = an_aggregate(name="spent_2d", aggregate="sum", field="amount", window="2d")
    root = str(archive(a_bank(), tmp_path / "archive", aggregates=[spent]))
    features = ("--features", "amount,spent_*,terminal_*")

    trained = run(
        *("train", root, "--out", str(tmp_path / "models"), *features),
        *("--until", START.replace(day=9, month=3).date().isoformat()),
    )
    assert trained.exit_code == 0, trained.output
    (folder,) = (tmp_path / "models").iterdir()
    facts = Model.load(folder).facts
    judged = ("--model", str(folder), "--weeks", "1")
    told = evaluated(root, *judged)
    computed = run("evaluate", payments, "--map", columns, *judged)
    unknown = run("evaluate", payments, "--map", columns, "--features", "spent_*")

    assert facts.aggregates == ("spent_2d",)
    assert facts.features[-1] == "spent_2d"
    assert facts.reference["spent_2d"].shares
    assert Model.load(folder).importance()["spent_2d"] > 0.01
    assert told["mean"]["auc"] > 0.6
    assert computed.exit_code == 1
    assert "got no spent_2d: aggregates are in an archive" in computed.output
    assert "got 'spent_*', expected names of the catalogue or" in unknown.output


NOBODY = b"""\
TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO
1,2026-01-01 08:00:00,,4,5,0,0
"""
ODD: dict[str, bytes] = {
    "empty.csv": b"",
    "empty.parquet": b"",
    "junk.parquet": bytes(range(256)) * 9,
    "lines.jsonl": b'{"id":"one"}\n',
    "nobody.csv": NOBODY,
}
VERBS = {
    "train": ["--map", "handbook", "--out", "models"],
    "evaluate": ["--map", "handbook"],
    "replay": ["--map", "handbook"],
    "demo": ["--map", "handbook", "--replay"],
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ODD)
def test_a_file_that_cannot_be_read_is_told_in_a_line(
    verb: str, name: str, tmp_path: Path
):
    file = tmp_path / name
    file.write_bytes(ODD[name])

    told = run(verb, *VERBS[verb], str(file))

    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)
    assert told.output.splitlines()[-1].startswith(f"Error: {file}: ")
    assert len(told.output.splitlines()) == 1


@pytest.mark.parametrize("columns", ["handbook", "app-actions"])
def test_a_folder_without_a_table_is_told_in_a_line(columns: str, tmp_path: Path):
    told = run("replay", str(tmp_path), "--map", columns)

    assert told.exit_code == 1
    assert told.output == (
        f"Error: {tmp_path}: cannot be read as Parquet: "
        "a folder without any Parquet file\n"
    )

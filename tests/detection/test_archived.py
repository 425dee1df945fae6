"""The archive as a log: payments, features and labels of the file they came from."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.detection.archived import read_archive
from app.detection.log import Log
from app.detection.recipe import FEATURES, Recipe
from app.detection.training import train
from app.errors import ModelError, SmartbankError
from app.parquet import files
from tests.detection.builders import START, a_bank, archive


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the archive of the bank whose file the fixture `log` reads."""
    return archive(a_bank(), tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive of ten days."""
    return archive(a_bank(days=10), tmp_path_factory.mktemp("small"))


def test_an_archive_gives_the_log_of_the_file_it_came_from(log: Log, root: Path):
    actual = read_archive(root, names=log.names)

    assert actual.names == log.names
    np.testing.assert_array_equal(actual.days, log.days)
    np.testing.assert_array_equal(actual.frauds, log.frauds)
    np.testing.assert_array_equal(actual.vectors, log.vectors)
    same = np.unique(np.column_stack([actual.customers, log.customers]), axis=0)
    assert len(same) == len(np.unique(log.customers))


def test_an_archive_gives_the_model_of_the_file_it_came_from(log: Log, root: Path):
    recipe = Recipe(rounds=20)

    model, card = train(read_archive(root, names=FEATURES), recipe=recipe)
    expected, its_card = train(log, recipe=recipe)

    assert model.trees == expected.trees
    assert (model.version, card) == (expected.version, its_card)


def test_a_payment_decided_again_counts_once_by_its_first_decision(small: Path):
    once = read_archive(small, names=["amount"])
    day = f"{START + timedelta(days=3):%Y-%m-%d}"
    (path,) = (small / "decisions" / day).glob("*.parquet")
    again = pl.read_parquet(path).with_columns(
        pl.lit(1.0).alias("amount"),
        pl.col("offset") + 1_000_000,
        pl.col("decided_at") + timedelta(hours=1),
    )
    written = files.write(small / "decisions", again)
    actual = read_archive(small, names=["amount"])
    for one in written:
        one.unlink()

    np.testing.assert_array_equal(actual.vectors, once.vectors)


def test_a_feature_that_older_decisions_lack_is_unknown_there(small: Path):
    day = f"{START + timedelta(days=9):%Y-%m-%d}"
    (path,) = (small / "decisions" / day).glob("*.parquet")
    before = pl.read_parquet(path)
    before.with_columns(pl.lit(7.0).alias("newer")).write_parquet(path)
    actual = read_archive(small, names=["amount", "newer"])
    before.write_parquet(path)

    last = actual.days == actual.days[-1]
    assert (actual.vectors[last, 1] == 7).all()
    assert np.isnan(actual.vectors[~last, 1]).all()


def test_a_time_cuts_the_archive(small: Path):
    actual = read_archive(small, names=["amount"], until=START + timedelta(days=9))

    assert (actual.first_day, actual.end_day) == (20_458, 20_467)


def test_what_an_archive_lacks_is_said(small: Path, tmp_path: Path):
    silent = archive(a_bank(days=1).with_columns(fraud=0), tmp_path)

    for root, names, until, told in (
        (tmp_path / "labels", ["amount"], None, "got a folder without decisions/"),
        (small, ["amount"], START, "got no decision before 2026-01-05"),
        (small, ["amount", "of_next_year"], None, "that carries of_next_year"),
        (silent, ["amount"], None, "got no payment labelled as fraud among 270"),
    ):
        with pytest.raises(ModelError, match=told):
            read_archive(root, names=names, until=until)


def test_an_archive_that_is_too_short_to_learn_from_is_refused(small: Path):
    with pytest.raises(ModelError, match="expected seven weeks or more"):
        train(read_archive(small, names=FEATURES), recipe=Recipe())


def test_a_broken_file_of_the_archive_is_named(tmp_path: Path):
    root = archive(a_bank(days=1), tmp_path)
    (path,) = (root / "decisions").rglob("*.parquet")
    path.write_bytes(b"PAR1 no more")

    with pytest.raises(SmartbankError, match=r"archive: cannot read .*2026-01-05"):
        read_archive(root, names=["amount"])

"""The log of a file: features that know nothing of what comes later."""

from pathlib import Path

import numpy as np
import polars as pl

from app.detection.log import Log
from tests.detection.builders import START, a_bank, write
from tests.detection.conftest import log_of


def test_every_payment_is_there_with_its_label(log: Log):
    frame = a_bank()

    assert len(log.days) == frame.height
    assert log.frauds.tolist() == (frame["fraud"] == 1).to_list()
    assert log.vectors.shape == (frame.height, len(log.names))
    assert len(np.unique(log.customers)) == frame["customer"].n_unique()


def test_no_feature_knows_the_future(log: Log, tmp_path: Path):
    frame = a_bank()
    cuts = START.replace(day=12, month=2, hour=13), START.replace(day=2, month=3)

    for cut in cuts:
        early = log_of(*write(frame.filter(pl.col("at") < cut), tmp_path))

        known = len(early.days)
        assert 0 < known < len(log.days)
        np.testing.assert_array_equal(early.vectors, log.vectors[:known])


def test_a_label_changes_nothing_in_the_week_after_its_payment(
    log: Log, tmp_path: Path
):
    frame = a_bank()
    cut = START.replace(day=12, month=2)
    silent = frame.with_columns(
        pl.when(pl.col("at") < cut).then("fraud").otherwise(0).alias("fraud")
    )

    unlabelled = log_of(*write(silent, tmp_path))

    week = frame["at"].search_sorted(cut.replace(day=19))
    np.testing.assert_array_equal(unlabelled.vectors[:week], log.vectors[:week])
    assert not np.array_equal(
        unlabelled.vectors[week:], log.vectors[week:], equal_nan=True
    )


def test_repeated_payments_are_left_out(log: Log, tmp_path: Path):
    frame = a_bank()
    twice = pl.concat(
        [frame, frame.head(50).with_columns(pl.lit(0, pl.Int64).alias("fraud"))]
    )

    actual = log_of(*write(twice, tmp_path))

    assert actual.left_out == 50
    np.testing.assert_array_equal(actual.vectors, log.vectors)

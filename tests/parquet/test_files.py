"""The Parquet archive: each record once, however often it is written, however cut."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.archive import Decided
from app.errors import SmartbankError
from app.events.decisions import Hit
from app.events.labels import Label
from app.features.catalogue import READABLE
from app.parquet import files
from app.parquet.frames import (
    DECISIONS,
    LABELS,
    Labelled,
    decisions_frame,
    labels_frame,
)
from tests.scoring.builders import NOON, ORDINARY
from tests.sinks.decided import DECIDED_AT, a_decided

DAY = timedelta(days=1)


def a_label(identity: str, *, at: int = 0, **fields: Any) -> Labelled:
    valid: dict[str, Any] = {
        "transaction_id": identity,
        "customer_id": "c-1",
        "terminal_id": "t-1",
        "occurred_at": NOON,
        "labelled_at": NOON + 7 * DAY,
        "fraud": True,
    }
    return Labelled(Label(**(valid | fields)), 0, at)


def keep(root: Path, *batch: Decided) -> list[Path]:
    return files.write(root / "decisions", decisions_frame(batch))


def read(root: Path, *columns: str, **options: Any) -> pl.DataFrame:
    return pl.concat(files.decisions(root, columns, **options))


def ids(root: Path, **options: Any) -> list[str]:
    return read(root, **options)["id"].sort().to_list()


def test_no_feature_is_called_like_a_column_of_a_decision() -> None:
    assert not set(READABLE) & DECISIONS.keys()


def test_a_decision_comes_back_as_it_was_written(tmp_path: Path) -> None:
    paid: dict[str, Any] = {"channel": "online", "country": "DE", "amount": 12_345}
    one = a_decided("tx-1", at=(3, 7), device_type="tablet", **paid)
    keep(tmp_path, one)

    (found,) = read(tmp_path, *DECISIONS, features=READABLE).to_dicts()

    assert msgspec.json.decode(found.pop("hits"), type=list[Hit]) == one.decision.hits
    assert {name: found.pop(name) for name in READABLE} == ORDINARY
    assert found == {
        "id": "tx-1",
        "occurred_at": NOON,
        "decided_at": DECIDED_AT,
        "customer_id": "c-1",
        "terminal_id": "t-1",
        "amount_minor": 12_345,
        "currency": "EUR",
        "channel": "online",
        "country": "DE",
        "merchant_category": None,
        "merchant_id": None,
        "device_id": None,
        "device_type": "tablet",
        "beneficiary_id": None,
        "card": None,
        "outcome": "review",
        "listed": False,
        "score": 50.0,
        "shadows": [],
        "ruleset": "r1",
        "features_version": "f1",
        "model": None,
        "synthetic": False,
        "personal": None,
        "partition": 3,
        "offset": 7,
        "fraud": None,
    }


def test_a_file_is_named_by_day_partition_and_offsets(tmp_path: Path) -> None:
    written = keep(
        tmp_path,
        a_decided("a", at=(0, 5)),
        a_decided("b", at=(0, 9)),
        a_decided("c", at=(12, 5)),
        a_decided("d", at=(0, 10), occurred_at=NOON + DAY),
    )

    assert sorted(str(path.relative_to(tmp_path)) for path in written) == [
        "decisions/2026-05-04/00000-000000000000005-000000000000009.parquet",
        "decisions/2026-05-04/00012-000000000000005-000000000000005.parquet",
        "decisions/2026-05-05/00000-000000000000010-000000000000010.parquet",
    ]
    assert sorted(tmp_path.rglob("*.*")) == sorted(written)  # nothing half done


def test_the_same_records_again_are_the_same_files(tmp_path: Path) -> None:
    batch = [a_decided("a", at=(0, 5)), a_decided("b", at=(0, 6))]

    once = {path: path.read_bytes() for path in keep(tmp_path, *batch)}
    again = {path: path.read_bytes() for path in keep(tmp_path, *batch)}

    assert once == again


@settings(max_examples=15)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=8),
    small=st.integers(2, 4),
)
def test_records_are_read_once_however_they_were_cut(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int]], small: int
) -> None:
    root = tmp_path_factory.mktemp("archive")
    log = [
        a_decided(f"tx-{n:02}", at=(0, n), occurred_at=NOON + n * DAY / 20)
        for n in range(40)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "MOST_SMALL", small)
        for start, length in [*cuts, (0, 25), (20, 20)]:
            keep(root, *log[start : start + length])

    found = read(root, "offset")

    assert sorted(found["offset"].to_list()) == list(range(40))
    folders = [path for path in (root / "decisions").iterdir() if path.is_dir()]
    assert all(len(list(folder.iterdir())) < small for folder in folders)


def test_of_a_payment_decided_twice_the_first_decision_stands(tmp_path: Path) -> None:
    late = DECIDED_AT + timedelta(seconds=5)
    keep(
        tmp_path, a_decided("a", outcome="decline", at=(0, 9))._replace(decided_at=late)
    )
    keep(tmp_path, a_decided("a", outcome="review", at=(0, 3)))

    assert read(tmp_path, "outcome")["outcome"].to_list() == ["review"]


def test_small_files_are_put_together_and_large_ones_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(files.MOST_SMALL - 1):
        keep(tmp_path, a_decided(f"tx-{number}", at=(1, number)))
    before = len(list(tmp_path.rglob("*.parquet")))
    keep(tmp_path, a_decided("other", at=(2, 0)))
    other = len(list(tmp_path.rglob("*.parquet")))
    keep(tmp_path, a_decided("last", at=(1, 31)))
    after = sorted(path.name for path in tmp_path.rglob("*.parquet"))
    monkeypatch.setattr(files, "SMALL", 10)
    monkeypatch.setattr(files, "MOST_SMALL", 1)
    keep(tmp_path, a_decided("next", at=(1, 32)))

    assert (before, other) == (31, 32)
    assert after == [
        "00001-000000000000000-000000000000031.parquet",
        "00002-000000000000000-000000000000000.parquet",
    ]
    assert len(list(tmp_path.rglob("*.parquet"))) == 3
    assert len(ids(tmp_path)) == 34


def test_a_period_is_read_by_event_time_with_its_first_and_without_its_last_moment(
    tmp_path: Path,
) -> None:
    for number in range(-2, 3):
        at = NOON + number * DAY
        keep(tmp_path, a_decided(f"{number:+}", occurred_at=at, at=(0, number + 2)))

    assert ids(tmp_path, since=NOON - DAY, until=NOON + DAY) == ["+0", "-1"]
    assert ids(tmp_path, since=NOON + timedelta(seconds=1)) == ["+1", "+2"]
    assert ids(tmp_path, until=NOON) == ["-1", "-2"]
    assert len(list(files.decisions(tmp_path, since=NOON, until=NOON + DAY))) == 2


def test_a_feature_that_was_not_known_yet_is_null(tmp_path: Path) -> None:
    keep(tmp_path, a_decided("a"))

    found = read(tmp_path, features=["amount", "of_next_year"])

    assert found.select("amount", "of_next_year").row(0) == (42.0, None)


def test_an_archive_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list(files.decisions(tmp_path / "nowhere")) == []
    assert files.labels(tmp_path / "nowhere", "2026-05-04").columns == list(LABELS)


def test_the_newest_label_of_a_payment_counts(tmp_path: Path) -> None:
    keep(tmp_path, *(a_decided(name, at=(0, n)) for n, name in enumerate("abc")))
    told = [
        a_label("b", fraud=False, labelled_at=NOON + 9 * DAY, at=1),
        a_label("a", at=2),
        a_label("b", at=3),
        a_label("a", at=2),
        a_label("a", occurred_at=NOON + DAY, fraud=False, at=4),
    ]
    files.write(tmp_path / "labels", labels_frame(told))

    found = read(tmp_path)

    assert dict(found.select("id", "fraud").rows()) == {
        "a": True,
        "b": False,
        "c": None,
    }


def test_files_that_are_put_together_during_a_read_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = keep(tmp_path, a_decided("a"))
    gone = path.with_name("00000-000000000000007-000000000000007.parquet")
    listings = iter([[gone, path], [path]])
    monkeypatch.setattr(Path, "glob", lambda *_: iter(next(listings)))

    found = files._read(path.parent, DECISIONS, ["id"], files.ORDER)  # noqa: SLF001

    assert found["id"].to_list() == ["a"]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (path,) = keep(tmp_path, a_decided("a"))
    path.write_bytes(b"PAR1 no more")

    with pytest.raises(SmartbankError, match=r"archive: cannot read .*2026-05-04"):
        ids(tmp_path)


def test_times_of_other_zones_land_in_the_day_of_utc(tmp_path: Path) -> None:
    at = datetime.fromisoformat("2026-05-05T01:30:00+02:00")

    (path,) = keep(tmp_path, a_decided("a", occurred_at=at))

    assert path.parent.name == "2026-05-04"
    assert read(tmp_path)["occurred_at"].to_list() == [at.astimezone(UTC)]

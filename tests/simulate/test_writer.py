"""A bank in a file: the bytes that Kafka would get, or the same as columns."""

from pathlib import Path

import msgspec
import polars as pl
import pytest

from app.events.labels import Label
from app.events.payments import Transaction
from app.simulate.bank import Bank
from app.simulate.writer import write
from app.sources.chunks import Chunk
from app.sources.column_map import load_map
from app.sources.files import read


def test_lines_are_the_records_that_kafka_would_get(
    chunks: list[Chunk], tmp_path: Path
):
    path = tmp_path / "bank.jsonl"

    written = write(chunks, path)

    records = [value for chunk in chunks for value in chunk.values]
    labels = [label.value for chunk in chunks for label in chunk.labels]
    assert written == (len(records), len(labels), tmp_path / "bank.labels.jsonl")
    assert path.read_bytes().splitlines() == records
    assert written.labels_path.read_bytes().splitlines() == labels


def test_columns_say_what_the_records_say(chunks: list[Chunk], tmp_path: Path):
    path = tmp_path / "bank.parquet"

    written = write(chunks, path)

    frame = pl.read_parquet(path)
    records = [msgspec.json.decode(v) for chunk in chunks for v in chunk.values]
    labels = [msgspec.json.decode(d.value) for chunk in chunks for d in chunk.labels]
    scenarios = {label["transaction_id"]: label["scenario"] for label in labels}
    assert scenarios
    assert frame.height == len(records) == written.payments
    for row, record in zip(frame.iter_rows(named=True), records, strict=True):
        place = record.pop("place", {})
        at = row.pop("occurred_at").isoformat().replace("+00:00", "Z")
        stated = {"channel": "pos", **record, **place, "occurred_at": at}
        stated["fraud"] = record["id"] in scenarios
        stated |= {"scenario": scenarios[record["id"]]} if stated["fraud"] else {}
        assert {k: v for k, v in row.items() if v is not None} | {
            "occurred_at": at
        } == stated


def test_the_map_that_ships_reads_back_what_was_written(
    chunks: list[Chunk], tmp_path: Path
):
    write(chunks, tmp_path / "bank.parquet")

    total, read_back = read(tmp_path / "bank.parquet", columns=load_map("simulated"))

    again = list(read_back)
    assert total == sum(len(chunk.ids) for chunk in chunks)
    assert _paid(again) == _paid(chunks)
    assert _due(again) == _due(chunks)


def _paid(chunks: list[Chunk]) -> list[tuple[int, bytes, Transaction]]:
    return [
        (at, key, msgspec.json.decode(value, type=Transaction))
        for chunk in chunks
        for at, key, value in zip(chunk.times, chunk.keys, chunk.values, strict=True)
    ]


def _due(chunks: list[Chunk]) -> list[tuple[int, bytes, Label]]:
    return [
        (one.due, one.key, msgspec.json.decode(one.value, type=Label))
        for chunk in chunks
        for one in chunk.labels
    ]


def test_labels_beside_the_columns_join_their_payments(
    chunks: list[Chunk], tmp_path: Path
):
    written = write(chunks, tmp_path / "bank.parquet")

    payments = pl.read_parquet(tmp_path / "bank.parquet")
    labels = pl.read_parquet(written.labels_path)
    joined = labels.join(payments, left_on="transaction_id", right_on="id")
    assert joined.height == labels.height == written.labels > 0
    assert (joined["occurred_at"] == joined["occurred_at_right"]).all()
    assert labels["fraud"].all()
    assert set(labels["kind"]) == {"chargeback"}


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_honest_bank_has_a_file_of_no_labels(suffix: str, tmp_path: Path):
    stale = tmp_path / f"bank.labels{suffix}"
    stale.write_text("of an earlier bank")

    written = write(
        Bank(customers=50, fraud=False).chunks(limit=100), tmp_path / f"bank{suffix}"
    )

    left = stale.read_bytes() if suffix == ".jsonl" else pl.read_parquet(stale).rows()
    assert written.labels == len(left) == 0

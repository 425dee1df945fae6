"""`smartbank simulate`: to a file, or live to Kafka."""

import asyncio
import time
from pathlib import Path
from statistics import median
from unittest.mock import Mock

import msgspec
import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.events.payments import Transaction
from app.local.server import Server
from app.settings import load
from app.topics import ensure_topics
from tests.road import records

FEW = ("--customers", "50")


def simulate(*arguments: str | float | Path) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_the_same_seed_writes_the_same_files(suffix: str, tmp_path: Path):
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"

    results = [simulate("--limit", "5000", "--out", path) for path in (one, two)]

    assert results[0].exit_code == 0
    assert results[0].output.startswith(f"5,000 payments in {one}, ")
    assert one.read_bytes() == two.read_bytes()
    for path in (one, two):
        assert path.with_suffix(f".labels{suffix}").stat().st_size > 0


def test_a_file_holds_what_is_between_start_and_until(tmp_path: Path):
    path = tmp_path / "bank.jsonl"

    done = simulate(
        *FEW, "--start", "2026-02-01", "--until", "2026-02-03T12:00:00", "--out", path
    )

    times = [
        msgspec.json.decode(line)["occurred_at"]
        for line in path.read_bytes().splitlines()
    ]
    assert done.exit_code == 0
    assert "2026-02-01T" <= times[0] < "2026-02-01T12"
    assert "2026-02-03T" <= times[-1] < "2026-02-03T12"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--out", "bank.csv", "--limit", "9"], "ends in .jsonl or .parquet"),
        (["--out", "bank.jsonl"], "give --limit or --until"),
        (["--out", "bank.jsonl", "--limit", "9", "--rate", "9"], "--out takes no"),
        (["--rate", "9", "--pace", "9"], "exclude each other"),
        (["--live"], "a live bank needs --rate"),
        (["--history", "3"], "a live bank needs --rate"),
        (["--history", "3", "--rate", "9", "--no-live"], "without --start"),
        (["--rate", "9", "--until", "2026-03-01"], "does not go with a live bank"),
        (["--start", "2999-01-01"], "is in the future"),
        (["--start", "9999-12-31", "--out", "b.jsonl", "--limit", "9"], "the future"),
        (["--start", "1999-12-31"], "expected 2000-01-01 or later"),
        (["--start", "0001-01-01", "--out", "b.jsonl", "--limit", "9"], "or later"),
        (["--history", "99999999", "--rate", "9"], "days: since 2000"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: list[str], complaint: str
):
    done = simulate(*FEW, *arguments)

    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rate", 50, "--customers", 5_000], "3 times within 5.0 minutes"),
        (["--rate", 2, "--customers", 12_000], None),
        ([], None),
    ],
)
def test_a_rate_at_which_everybody_soon_pays_oddly_often_is_told(
    arguments: list[str | int], told: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.commands.simulate.Bank", Mock())
    monkeypatch.setattr("app.commands.simulate.send", Mock())

    done = simulate("--limit", 9, *arguments)

    assert done.exit_code == 0
    assert (told or "") in done.stderr
    assert ("note:" in done.stderr) == bool(told)


def test_without_a_kafka_it_says_so_in_a_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SMARTBANK_KAFKA", "127.0.0.1:1")

    done = simulate(*FEW, "--limit", "9")

    assert done.exit_code == 1
    assert done.output.splitlines()[-1].startswith("Error: no Kafka answers at")


def test_live_payments_happen_when_they_are_sent(
    kafka: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SMARTBANK_KAFKA", kafka.address)
    asyncio.run(ensure_topics(load()))
    started = time.time() * 1000

    # Nobody decides here: it gives up on the decisions after a second.
    done = simulate("--rate", 40, "--limit", 80, "--patience", 1, "--json")

    report = msgspec.json.decode(done.stdout)
    late = asyncio.run(_latenesses(kafka, since=started))
    assert (report["sent"], report["lost"], len(late)) == (80, 80, 80)
    assert done.exit_code == 1
    assert min(late) > -5
    assert median(late) < 30_000  # milliseconds; the first wait for what Kafka holds


async def _latenesses(kafka: Server, *, since: float) -> list[float]:
    """Return how long after each payment Kafka took it, in milliseconds."""
    return [
        record.timestamp - paid.occurred_at.timestamp() * 1000
        async for record in records(kafka.address, "transactions")
        if record.timestamp >= since
        and (paid := msgspec.json.decode(record.value, type=Transaction))
    ]

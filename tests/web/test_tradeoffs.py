"""What each k costs: by HTTP, from a sample of the archive, and asked only once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from app.parquet.files import write
from app.parquet.frames import decisions_frame
from app.privacy.tradeoff import KS, Tradeoff
from tests.sinks.decided import a_decided
from tests.web.site import Site
from web import tradeoffs
from web.problems import Problem
from web.tradeoffs import FRESH, Tradeoffs, sampled

PATH = "/v1/privacy/k"


def archive(folder: Path, *, customers: int = 60, payments: int = 400) -> None:
    """Write an archive of two days."""
    chance = Random(7)  # noqa: S311 - no secret is made
    at = datetime(2026, 3, 1, tzinfo=UTC)
    paid = [
        a_decided(
            f"T{n}",
            outcome="decline" if n % 9 == 0 else "approve",
            at=(0, n),
            occurred_at=at + timedelta(minutes=chance.randrange(2880)),
            customer_id=f"C{n % customers}",
            amount=int(chance.lognormvariate(8, 1)),
            country=chance.choice(["AT", "DE", "FR", "IT"]),
        )
        for n in range(payments)
    ]
    write(folder / "archive" / "decisions", decisions_frame(paid))


async def test_an_analyst_learns_what_each_k_costs(site: Site, tmp_path: Path):
    archive(tmp_path)
    async with site.client("ann") as ann:
        told = (await ann.get(PATH)).json()
        little = (await ann.get(f"{PATH}?quasi=hour&quasi=channel")).json()

    assert (told["rows"], told["people"]) == (400, 60)
    assert [one["k"] for one in told["points"]] == [1, *KS]
    assert all(one["measured"]["k"] >= one["k"] for one in told["points"])
    assert told["quasi"] == ["hour", "amount", "channel", "country", "category"]
    assert little["quasi"] == ["hour", "channel"]
    assert (
        little["points"][0]["measured"]["risk"] < told["points"][0]["measured"]["risk"]
    )


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("vic", "", 403),
        ("ann", "?quasi=customer", 422),
        ("ann", "", 404),
    ],
)
async def test_what_cannot_be_asked_is_told(
    site: Site, name: str, query: str, status: int
):
    async with site.client(name) as client:
        answer = await client.get(PATH + query)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_of_each_day_no_more_is_kept_than_is_drawn_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive(tmp_path)
    heights: list[int] = []
    concat = pl.concat

    def watched(frames: Any) -> pl.DataFrame:
        days = list(frames)
        heights.extend(day.height for day in days)
        return concat(days)

    monkeypatch.setattr(tradeoffs, "SAMPLE", 50)
    monkeypatch.setattr(pl, "concat", watched)
    found = sampled(tmp_path / "archive")
    lots = pl.select(id=pl.Series([f"T{n}" for n in range(400)])).with_columns(
        lot=pl.col("id").hash(seed=1)
    )

    assert heights == [50, 50]
    assert found is not None
    assert set(found["id"]) == set(lots.sort("lot")["id"].head(50))


async def test_an_answer_is_kept_a_while(site: Site, tmp_path: Path):
    archive(tmp_path, payments=100)
    now = [0.0]
    asked = Tradeoffs(site.context, clock=lambda: now[0])

    first = await asked.ask(["hour", "channel"])
    again = await asked.ask(["channel", "hour"])
    archive(tmp_path, payments=200)
    now[0] = FRESH + 1
    later = await asked.ask(["hour", "channel"])

    assert again is first
    assert (first.rows, later.rows) == (100, 200)


async def test_when_time_is_up_the_rest_is_told_as_unfinished(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive(tmp_path, payments=100)
    monkeypatch.setattr(tradeoffs, "SECONDS", 10.0)
    seconds = iter(range(0, 1_000, 4))
    asked = Tradeoffs(site.context, clock=lambda: float(next(seconds)))

    found = await asked.ask(["hour"])

    assert isinstance(found, Tradeoff)
    assert found.unfinished == list(KS[len(found.points) - 1 :])
    assert found.unfinished


async def test_without_an_archive_there_is_nothing_to_weigh(site: Site):
    with pytest.raises(Problem, match="no decisions yet"):
        await Tradeoffs(site.context).ask(["hour"])

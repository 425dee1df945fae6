"""Counts for everybody: the same question, the same noise; a day's budget runs out."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.local.server import Server
from app.parquet.files import write
from app.parquet.frames import decisions_frame
from app.privacy.questions import Question, keys
from app.publications import MemoryPublications, MongoPublications, Publication
from app.settings import Settings
from tests.sinks.decided import a_decided
from tests.web.site import Site
from web import publishing

DAY = "2026-03-01"
PATH = f"/v1/published/counts?day={DAY}"


def archive(folder: Path, *, payments: int = 300, days: int = 3) -> None:
    """Write an archive: payments of a day, and one of each day after it."""
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    later = [at + timedelta(days=day) for day in range(1, days)]
    paid = [
        a_decided(
            f"T{n}",
            at=(0, n),
            occurred_at=one,
            customer_id=f"C{n}",
            merchant_category="5411",
        )
        for n, one in enumerate([at] * payments + later)
    ]
    write(folder / "archive" / "decisions", decisions_frame(paid))


async def test_who_asks_again_gets_the_same_noise(site: Site, tmp_path: Path):
    archive(tmp_path)
    async with site.client("vic") as vic:
        told = [(await vic.get(PATH)).json() for _ in range(5)]

    found = told[0]["publication"]
    assert all(one == told[0] for one in told)
    assert tuple(found["counts"]) == keys("channel")
    assert abs(found["counts"]["pos"] - 300) < 100
    assert (found["epsilon"], found["error"], told[0]["left"]) == (1.0, 5.0, 3.0)


async def test_noise_is_drawn_anew_for_another_question(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive(tmp_path)
    monkeypatch.setattr(publishing, "chance", Random(1))  # noqa: S311 - no secret
    async with site.client("vic") as vic:
        by = [f"{PATH}&by={name}" for name in ("outcome", "hour", "country")]
        told = [(await vic.get(path)).json()["publication"]["counts"] for path in by]

    assert len({str(sorted(one.values())) for one in told}) == 3
    assert sum(count > 0 for count in told[2].values()) > 50  # noise on all countries


async def test_counting_may_take_longer_than_a_store_has_to_answer(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive(tmp_path)
    monkeypatch.setattr(publishing, "ARCHIVE_SECONDS", 0.2)
    question = Question(date(2026, 3, 1))
    async with site.context.turn:  # as while somebody else reads the archive
        asking = asyncio.create_task(publishing.publish(site.context, question))
        await asyncio.wait([asking], timeout=0.5)
    told = await asking

    assert told.left == 3.0


async def test_a_days_budget_runs_out_and_answers_stay(site: Site, tmp_path: Path):
    archive(tmp_path)
    async with site.client("vic") as vic:
        ways = [f"{PATH}&by={by}" for by in ("channel", "outcome", "country", "hour")]
        first = [await vic.get(way) for way in ways]
        refused = await vic.get(f"{PATH}&by=category")
        again = [await vic.get(way) for way in ways]
        other = await vic.get(PATH.replace(DAY, "2026-03-02"))

    assert [one.json()["left"] for one in first] == [3.0, 2.0, 1.0, 0.0]
    assert (refused.status_code, refused.json()["type"]) == (429, "/docs#budget-spent")
    assert [one.json()["publication"] for one in again] == [
        one.json()["publication"] for one in first
    ]
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("day=2999-01-01", 422),
        ("day=yesterday", 422),
        ("day=2026-03-01&by=customer", 422),
        ("", 422),
    ],
)
async def test_what_cannot_be_asked_is_told(
    site: Site, tmp_path: Path, query: str, status: int
):
    archive(tmp_path)
    async with site.client("vic") as vic:
        answer = await vic.get(f"/v1/published/counts?{query}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_without_an_archive_nothing_is_spent(site: Site):
    async with site.client("vic") as vic:
        answer = await vic.get(PATH)

    assert answer.status_code == 503
    assert await site.context.publications.spent(date(2026, 3, 1)) == 0


async def test_a_day_that_the_archive_has_not_passed_is_not_frozen(
    site: Site, tmp_path: Path
):
    archive(tmp_path, days=1)
    async with site.client("vic") as vic:
        early = await vic.get(PATH)
        spent = await site.context.publications.spent(date(2026, 3, 1))
        archive(tmp_path, days=2)
        later = await vic.get(PATH)

    assert (early.status_code, spent) == (503, 0)
    assert "has not passed 2026-03-01" in early.json()["detail"]
    assert later.status_code == 200


async def test_two_who_ask_the_same_at_once_spend_once(site: Site, tmp_path: Path):
    archive(tmp_path)
    async with site.client("vic") as vic:
        first, second = await asyncio.gather(vic.get(PATH), vic.get(PATH))

    assert first.json() == second.json()
    assert first.json()["left"] == 3.0


def of_mongo(server: Server) -> MongoPublications:
    return MongoPublications(Settings(mongo=server.address, database="publications"))


@pytest.mark.parametrize("make", [lambda _: MemoryPublications(), of_mongo])
async def test_the_first_answer_stands_and_no_more_is_spent_than_there_is(
    mongo: Server, make: Callable[[Server], Any]
):
    kept = make(mongo)
    day = date(2026, 3, 1)
    one = Publication(
        day, "payments", "hour", 1.0, 5, 5.0, {"07": 3}, datetime.now(UTC)
    )
    other = Publication(
        day, "payments", "hour", 1.0, 5, 5.0, {"07": 9}, one.published_at
    )

    spent = [await kept.spend(day, 0.1, budget=0.3) for _ in range(5)]
    before = await kept.find(Question(day, by="hour"))
    first, second = await kept.keep(one), await kept.keep(other)
    after = await kept.find(Question(day, by="hour"))
    left = await kept.spent(day), await kept.spent(date(2026, 3, 2))
    await kept.close()

    assert spent == [True, True, True, False, False]
    assert before is None
    assert {str(told.counts) for told in (first, second, after)} == {"{'07': 3}"}
    assert left == (pytest.approx(0.3), 0.0)

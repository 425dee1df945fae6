"""Publishing: a day's counts with noise, once a question, as far as its budget goes."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from math import exp
from pathlib import Path

import polars as pl
from msgspec import Struct
from pymongo.errors import PyMongoError

from app.errors import SmartbankError
from app.parquet import files
from app.parquet.frames import DECISIONS
from app.privacy.published import Chance, published
from app.privacy.questions import COLUMNS, MOST, Question, counted
from app.publications import Publication
from web.context import ARCHIVE_SECONDS, Context
from web.problems import Problem

EPSILON = 1.0
"""What an answer spends."""
BUDGET = 4.0
"""What all answers about one day may spend."""

chance: Chance = secrets.SystemRandom()
"""What noise is drawn with: nobody can guess it."""


class Published(Struct, frozen=True):
    """Counts with noise; `left` is what the day's budget still allows to ask."""

    publication: Publication
    left: float


async def publish(context: Context, question: Question) -> Published:
    """Answer a question, or give the answer that was given before.

    Raises:
        Problem: 422, the day is not over; 429, its budget is spent; 503, a store does
            not answer, or the archive here has not passed the day.
    """
    if question.day >= datetime.now(UTC).date():
        detail = f"day: got {question.day}, expected one that is over (UTC)"
        raise Problem(422, detail)
    found, left = await look_up(context, question)
    if found is None:
        async with context.turn:
            found, _ = await look_up(context, question)  # another may have asked it
            if found is None:
                found = await _new(context, question)
        _, left = await look_up(context, question)
    return Published(found, left)


async def look_up(
    context: Context, question: Question
) -> tuple[Publication | None, float]:
    """Return the answer that was given, and what is left of its day; spend nothing.

    Raises:
        Problem: 503, the store does not answer.
    """
    kept = context.publications
    async with _in_time():
        return await kept.find(question), _left(await kept.spent(question.day))


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Say that the store of what was published does not answer.

    Raises:
        Problem: 503, it does not.
    """
    try:
        async with asyncio.timeout(ARCHIVE_SECONDS):
            yield
    except (TimeoutError, PyMongoError) as error:
        detail = "what was published cannot be looked up"
        raise Problem(503, detail, kind="unavailable", retry_after=5) from error


def _left(spent: float) -> float:
    return max(0.0, round(BUDGET - spent, 6))


async def _new(context: Context, question: Question) -> Publication:
    root = context.settings.archive
    try:
        counts = await asyncio.to_thread(_count, root, question)
    except SmartbankError as error:
        raise Problem(503, str(error), kind="unavailable") from error
    kept = context.publications
    async with _in_time():
        spent = await kept.spend(question.day, EPSILON, budget=BUDGET)
    if not spent:
        detail = (
            f"what may be told of {question.day} is told; questions that were "
            "answered keep their answers, and other days have a budget of their own"
        )
        raise Problem(429, detail, kind="budget-spent")
    share = exp(-EPSILON / MOST)
    made = Publication(
        question.day,
        question.of,
        question.by,
        EPSILON,
        MOST,
        round(2 * share / (1 - share**2), 1),
        published(counts, epsilon=EPSILON, most=MOST, chance=chance),
        datetime.now(UTC),
    )
    async with _in_time():
        return await kept.keep(made)


def _count(root: Path, question: Question) -> dict[str, int]:
    """Count a day of the archive.

    Raises:
        SmartbankError: there is no archive on this machine, it has not passed the
            day, or it cannot be read.
    """
    newest = files.newest_day(root)
    if newest is None:
        message = "this worker's machine has no archive of decisions"
        raise SmartbankError(message)
    if newest.date() <= question.day:
        message = (
            f"the archive has not passed {question.day}: it goes up to "
            f"{newest.date()}, and counts would lack what is still to come"
        )
        raise SmartbankError(message)
    start = datetime.combine(question.day, time(), UTC)
    end = start + timedelta(days=1)
    frames = [
        frame.select(COLUMNS)
        for frame in files.decisions(root, COLUMNS, since=start, until=end)
    ]
    empty = pl.DataFrame(schema={name: DECISIONS[name] for name in COLUMNS})
    return counted(pl.concat([empty, *frames]), question)

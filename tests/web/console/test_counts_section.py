"""Published counts: looking is free, asking is not, and what is left is told."""

from datetime import date
from pathlib import Path

import pytest

from tests.web.console.parts import named, words
from tests.web.site import Site
from tests.web.test_publications import DAY, archive
from web.auth import Caller
from web.console.client import Client, who
from web.console.pages import counts

QUESTION = (DAY, "payments", "channel")


@pytest.fixture
def client(site: Site) -> Client:
    who.set(Caller("ann", "analyst", "session"))
    return Client(site.context)


async def spent(site: Site) -> float:
    return await site.context.publications.spent(date.fromisoformat(DAY))


async def test_looking_spends_nothing_and_says_what_asking_would(
    site: Site, client: Client, tmp_path: Path
):
    archive(tmp_path, days=2)
    shown = await counts.show(client)

    assert "Publish, for 1 of 4" in words(shown)
    assert "spends 1 of the 4 that are left of 4 for 2026-03-01" in words(shown)
    assert not named(shown, "published-price").hidden
    assert await spent(site) == 0


async def test_an_answer_stands_beside_epsilon_error_and_what_is_left(
    site: Site, client: Client, tmp_path: Path
):
    archive(tmp_path)
    asked = await counts.told(client, *QUESTION, ask=True)
    again = await counts.told(client, *QUESTION, ask=True)
    looked = await counts.told(client, *QUESTION)

    text = words(asked.shown)
    assert "Epsilon spent 1 Left of the day's budget 3 of 4" in text
    assert "off by, in the mean 5" in text
    assert "In a shop" in text
    assert words(again.shown) == words(looked.shown) == text
    assert not asked.price
    assert await spent(site) == 1


async def test_a_category_is_told_in_words(client: Client, tmp_path: Path):
    archive(tmp_path)
    told = await counts.told(client, DAY, "payments", "category", ask=True)

    assert "54xx food" in words(told.shown)


async def test_a_spent_budget_is_told_and_nothing_more_is_offered(
    client: Client, tmp_path: Path
):
    archive(tmp_path)
    for by in ("channel", "outcome", "country", "hour"):
        await counts.told(client, DAY, "payments", by, ask=True)
    looked = await counts.told(client, DAY, "declined", "channel")
    pressed = await counts.told(client, DAY, "declined", "channel", ask=True)
    stands = await counts.told(client, *QUESTION)

    assert "Nothing more may be told of 2026-03-01" in words(looked.shown)
    assert not looked.price
    assert "other days have a budget of their own" in words(pressed.shown)
    assert "0 of 4" in words(stands.shown)


@pytest.mark.parametrize(
    ("day", "ask", "said"),
    [
        ("yesterday", False, "expected one such as 2026-03-01"),
        ("", True, "expected one such as 2026-03-01"),
        ("2999-01-01", True, "expected one that is over"),
        ("2026-03-09", True, "has not passed 2026-03-09"),
    ],
)
async def test_what_cannot_be_asked_is_told(
    client: Client, tmp_path: Path, day: str, *, ask: bool, said: str
):
    archive(tmp_path)

    found = await counts.told(client, day, "payments", "hour", ask=ask)

    assert said in words(found.shown)

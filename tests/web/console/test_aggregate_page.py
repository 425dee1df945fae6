"""The page of aggregates without a browser: declared, refused, taken out."""

from typing import Any

import msgspec
import pytest

from app.rules.rulebook import Backfilled
from tests.web.console.parts import components, words
from tests.web.console.test_list_pages import come
from tests.web.site import Site, a_record
from web.console.managing import Manager
from web.console.pages import aggregates

TYPED = {
    "name": "card_declined_1h",
    "entity": "card",
    "function": "count",
    "window": "1h",
    "field": "",
    "condition": "outcome = 'decline'",
    "itself": "with",
    "why": "cards are tested online",
}


@pytest.fixture
def manager(site: Site) -> Manager:
    come(name="mia", role="manager")
    return Manager(site.context)


async def declare(manager: Manager, **fields: Any) -> tuple[str, bool]:
    """Declare one as it is typed, but for the fields named."""
    typed = TYPED | fields
    given = [typed[name] for name in aggregates.TYPED]
    told, good = await aggregates.declared(manager, given)
    return words(told), good


def shown(manager: Manager) -> str:
    return words(aggregates.table(manager))


async def test_one_is_declared_and_shown_until_it_is_live(site: Site, manager: Manager):
    empty = shown(manager)
    told, good = await declare(manager)
    filling = shown(manager)
    done = Backfilled(name=TYPED["name"], revision=1, payments=1234, since=None)
    site.rules.hear([a_record("rules", done.key, msgspec.json.encode(done))])

    assert "Nothing is aggregated yet" in empty
    assert (told.startswith("card_declined_1h is aggregated"), good) == (True, True)
    assert "payments of this card in 1h" in filling
    assert "Filling from the archive" in filling
    whole = shown(manager)
    assert "Live" in whole
    assert "1,234 from the archive" in whole


async def test_what_does_not_fit_is_refused_with_the_place(manager: Manager):
    told, good = await declare(manager, condition="outcom = 'decline'")
    unsaid, _ = await declare(manager, why="")

    assert not good
    assert "line 1, column 1: got field 'outcom', expected 'outcome'" in told
    assert "Say why" in unsaid
    assert manager.aggregates() == []


async def test_a_sum_is_of_amounts_where_nothing_else_is_said(manager: Manager):
    told, good = await declare(manager, function="sum", itself="without")

    (found,) = manager.aggregates()
    assert good, told
    assert (found.aggregate.field, found.aggregate.itself) == ("amount", False)


async def test_one_is_taken_out_with_a_reason(manager: Manager):
    await declare(manager)
    refused, still = await aggregates.taken_out(manager, TYPED["name"], why="")
    told, gone = await aggregates.taken_out(manager, TYPED["name"], why="not needed")

    assert (still, gone) == (False, True)
    assert "Say why" in words(refused)
    assert words(told) == "card_declined_1h is aggregated no more."
    assert manager.aggregates() == []


async def test_who_may_not_declare_sees_what_is_there(manager: Manager):
    await declare(manager)
    come(name="vic", role="viewer")

    page = aggregates.layout(manager)
    told, good = await declare(manager, name="another")

    assert "card_declined_1h" in words(page)
    assert "Declare one" not in words(page)
    assert not [one for one in components(page) if "Take out" in words(one)]
    assert not good
    assert "manager" in told

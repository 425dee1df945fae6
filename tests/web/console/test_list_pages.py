"""The page of lists without a browser: added, imported, taken off, and by whom."""

import base64
from typing import Any

import pytest

from app.events.payments import Card
from tests.scoring.builders import a_payment
from tests.web.console.parts import components, words
from tests.web.site import Site
from tests.web.test_lists import NUMBER, TOKEN
from web.auth import Caller
from web.console.client import who
from web.console.managing import Manager
from web.console.pages import lists

TYPED = {
    "verdict": "block",
    "kind": "customer",
    "value": " C000123 ",
    "until": "",
    "final": "",
    "reason": "account taken over",
}


@pytest.fixture
def manager(site: Site) -> Manager:
    come(name="mia", role="manager")
    return Manager(site.context)


def come(*, name: str, role: Any) -> None:
    """Log somebody in."""
    who.set(Caller(name, role, "session"))


async def add(manager: Manager, **fields: Any) -> tuple[str, bool]:
    """Add one as it is typed, but for the fields named."""
    typed = TYPED | fields
    told, good = await lists.added(manager, [typed[name] for name in lists.TYPED])
    return words(told), good


def shown(manager: Manager, which: str = "all", wanted: str = "") -> str:
    return words(lists.entries(manager, which, wanted=wanted))


def uploaded(text: str) -> str:
    return "data:text/csv;base64," + base64.b64encode(text.encode()).decode()


async def test_one_is_added_and_holds(site: Site, manager: Manager):
    told, good = await add(manager, until="2026-05-10", final="final")

    assert (told, good) == ("Customer C000123 is blocked from now on.", True)
    found = site.lists.present.find(a_payment(customer_id="C000123"))
    assert found is not None
    assert (found.author, found.final) == ("mia", True)
    assert str(found.until) == "2026-05-11 00:00:00+00:00"  # that day still counts
    assert "Blocked, final customer C000123" in shown(manager)


async def test_of_a_card_only_the_token_is_shown(site: Site, manager: Manager):
    told, _ = await add(manager, kind="card", value=NUMBER, verdict="allow")

    assert told == f"Card {TOKEN} is let through from now on."
    assert NUMBER not in shown(manager)
    assert site.lists.present.find(a_payment(card=Card(TOKEN, "1486"))) is not None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "country", "value": "Germany"}, "got 'Germany', expected a code"),
        ({"kind": "card", "value": "4539578763621487"}, "a last digit that fits"),
        ({"value": ""}, "value got '', expected"),
        ({"reason": ""}, "reason got '', expected"),
        ({"until": "tomorrow"}, "Got day 'tomorrow', expected one such as"),
        ({"verdict": "allow", "final": "final"}, "only a block can be final"),
    ],
)
async def test_what_does_not_fit_is_told_and_nothing_listed(
    manager: Manager, fields: dict[str, Any], said: str
):
    told, good = await add(manager, **fields)

    assert said in told
    assert not good
    assert "4539578763621487" not in told
    assert shown(manager) == "Nobody is listed"


async def test_a_file_is_imported_or_its_faults_told_by_row(manager: Manager):
    head = "kind,value,verdict,reason,until,final\n"
    bad = f"{head}customer,c-1,block,fine,,\ncutsomer,c-2,block,kind,,\n,,,,,\n"
    told, good = await lists.imported(manager, uploaded(bad))
    fine, done = await lists.imported(
        manager, uploaded(f"{head}customer,c-1,block,fine,,\ncountry,KP,block,why,,\n")
    )
    broken, _ = await lists.imported(manager, "data:;base64,%%%")

    assert (good, done) == (False, True)
    assert "2 entries do not fit: nothing was listed." in words(told)
    assert "2 kind got 'cutsomer', expected card or customer or device" in words(told)
    assert words(fine) == "2 entries are listed."
    assert "The file cannot be read" in words(broken)


async def test_one_is_taken_off_with_a_reason_and_shown_among_those(manager: Manager):
    await add(manager)
    key = "block:customer:C000123"
    silent, not_yet = await lists.taken_off(manager, key, reason="")
    told, good = await lists.taken_off(manager, key, reason="the customer called")

    assert not not_yet
    assert "Say why, in 3 to 500 characters" in words(silent)
    assert "Take customer C000123 off the block list" in words(silent)
    assert (words(told), good) == ("Customer C000123 is on the list no more.", True)
    assert shown(manager) == "Nobody is listed"
    assert "the customer called mia" in shown(manager, "removed")


async def test_entries_are_found_by_verdict_and_word(manager: Manager):
    await add(manager)
    await add(manager, value="M1", kind="merchant", verdict="allow", reason="canteen")

    assert "C000123" not in shown(manager, "allow")
    assert "C000123" in shown(manager, wanted="TAKEN")
    assert shown(manager, wanted="nosuch") == "Nothing of nosuch is listed"
    assert "2 entries." in shown(manager)


@pytest.mark.parametrize("role", ["viewer", "analyst"])
async def test_who_manages_nothing_sees_the_lists_and_changes_none(
    manager: Manager, role: str
):
    await add(manager)
    come(name="vic", role=role)
    told, good = await add(manager, value="other")
    gone, off = await lists.taken_off(
        manager, "block:customer:C000123", reason="why not"
    )

    assert (good, off) == (False, False)
    assert told == f"Vic is {role}; this needs manager or above."
    assert "this needs manager" in words(gone)
    assert "Add one" not in words(lists.layout())
    assert "C000123" in shown(manager)
    assert "Take off" not in shown(manager)


def test_to_managers_the_page_offers_every_kind(manager: Manager):
    page = lists.layout()
    kinds = [
        getattr(one, "data-choice")
        for one in components(page)
        if getattr(one, "data-of", "") == "list-kind"
    ]

    assert kinds == [
        "card", "customer", "device", "merchant", "country",
    ]  # fmt: skip

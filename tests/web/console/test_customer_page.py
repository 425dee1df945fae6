"""The customer's page without a browser: what it shows, to whom, and how it lists."""

from typing import Any

import pytest

from tests.web.console.parts import components, named, words
from tests.web.site import Site
from tests.web.test_profiles import SECRETS, Away, filled
from web.auth import Caller
from web.console import habit_figures
from web.console.application import known, page
from web.console.client import Client, who
from web.console.managing import Manager
from web.console.pages import customer, lists, transaction
from web.console.tokens import THEMES, Theme
from web.profiles import profile
from web.users import Role


def caller(role: Role) -> Caller:
    found = Caller("one", role, "session")
    who.set(found)
    return found


async def told(site: Site, role: Role = "analyst", identity: str = "C1") -> Any:
    caller(role)
    return await customer.shown(Client(site.context), identity)


def test_a_customer_has_an_address(site: Site):
    caller("viewer")
    found = page(Client(site.context), Manager(site.context), "/ui/customers/a%2Fb")

    assert known("/ui/customers/C1")
    assert named(found, "profile-id").data == "a/b"


async def test_the_page_shows_habits_segment_risk_services_and_whereabouts(site: Site):
    text = words(await told(filled(site)))

    assert "New" in text
    assert "habits need 10 in 14 days" in text
    assert "Travel notice for IT" in text
    assert "Spending against usual" in text
    assert "review 8" in text.lower()
    assert "120, the limit is 100" in text
    assert "48.200° N, 16.370° E" in text
    assert "AT, home" in text
    assert "1 event, 1 failed log-in" in text


@pytest.mark.parametrize("role", ["viewer", "analyst", "manager", "admin"])
async def test_each_role_sees_what_it_may(site: Site, role: Role):
    found = await told(filled(site), role)
    text = words(found)
    ids = {getattr(one, "id", None) for one in components(found)}

    shown = [
        secret for secret in ("48.200° N", "phone-1", "d-1", "IT") if secret in text
    ]
    manages = role in ("manager", "admin")
    assert ("customer-list" in ids, "erasure" in ids) == (manages, manages)
    if role == "viewer":
        assert shown == []
        assert "shown to analysts and above" in text
        assert all(secret not in str(found) for secret in SECRETS[2:5])
    else:
        assert len(shown) == 4


async def test_where_nothing_is_known_or_answers_the_page_says_so(site: Site):
    nobody = words(await told(site, identity="nobody"))
    filled(site)
    object.__setattr__(site.context, "archive", Away())
    half = words(await told(site))
    site.engine.sought = False
    none = words(await told(site))

    assert "Nothing of nobody" in nobody
    assert "habits and history are missing" in half
    assert "Nothing was paid yet" not in half
    assert "No payment names" not in half
    assert "Looked at" not in half
    assert "Payments in all 1" in half
    assert "The profile cannot be had now" in none


async def test_a_manager_blocks_a_customer_with_a_reason(site: Site):
    caller("manager")
    manager = Manager(site.context)
    typed = ("block", "customer", "C1", "", "", "account taken over")

    assert customer.listings(manager, "C1") == []
    _, good = await lists.added(manager, typed)

    (listed,) = customer.listings(manager, "C1")
    assert good
    assert (words(listed), listed.title) == ("Blocked", "by one: account taken over")
    assert customer.listings(manager, "C2") == []


@pytest.mark.parametrize("theme", THEMES)
async def test_figures_show_the_newest_week_apart_and_each_outcome(
    site: Site, theme: Theme
):
    found = await profile(filled(site).context, "C1", caller("analyst"))
    assert found.habits is not None

    bars = habit_figures.spending(found.habits, theme=theme).to_plotly_json()
    risk = habit_figures.risk(found.risk.scored, theme=theme).to_plotly_json()

    assert len(bars["data"][0]["y"]) == len(found.habits.weeks)
    assert [trace["name"] for trace in risk["data"]] == ["review"]
    assert len(risk["data"][0]["x"]) == 8


def test_a_payments_page_leads_to_its_customer():
    link = transaction.customer_link("a/b")

    assert any(getattr(one, "href", "") == "/ui/customers/a%2Fb"
               for one in components(link))  # fmt: skip

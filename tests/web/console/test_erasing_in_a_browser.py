"""Erasing in a browser: a manager is asked why, and an analyst sees no button."""

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from app.local.server import Server
from tests.web.console.conftest import Tab, fits, looking, serious_faults
from tests.web.console.test_sketches_in_a_browser import PHONE, served
from tests.web.test_erasures import a_site
from tests.web.test_profiles import filled
from web.console.pages import erasing

pytestmark = [pytest.mark.browser]

WHY = "asked for it in writing"


def test_a_manager_erases_in_a_browser_and_an_analyst_sees_no_button(
    tmp_path: Path, mongo: Server, browser: Browser
):
    database = f"erasing-{uuid4().hex[:8]}"
    site = filled(a_site(tmp_path, mongo=mongo.address, database=database))
    with served(site) as address:
        with looking(browser, address, name="ann") as tab:
            tab.page.goto("/ui/customers/C1")
            tab.page.get_by_role("heading", name="Known", exact=True).wait_for()
            expect(tab.page.get_by_role("heading", name="Erase")).to_have_count(0)
            tab.has_been_quiet()
        with looking(browser, address, name="mia", viewport=PHONE) as tab:
            erases(tab)
    assert [topic for topic, _, _ in site.outlet.sent] == ["customer-activity"]


def erases(tab: Tab) -> None:
    """Open the page, change one's mind, give no reason, then erase for good."""
    page = tab.page
    place = page.locator("#erasure")
    page.goto("/ui/customers/C1")
    page.get_by_role("button", name="Erase…").click()
    expect(place).to_contain_text(erasing.GOES[0])
    page.get_by_role("button", name="Leave it").click()
    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("button", name="Erase for ever").click()
    expect(place).to_contain_text("expected 3 to 200")
    place.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Erase for ever").click()
    expect(place).to_contain_text(f"by mia: {WHY}.")
    fits(page, PHONE["width"])
    assert serious_faults(page) == []
    tab.has_been_quiet()

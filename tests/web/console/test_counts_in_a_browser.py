"""Published counts in a browser, at a phone's width: a button that says its price."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.web.console.conftest import serious_faults
from tests.web.console.test_sketches_in_a_browser import PHONE, looking, served
from tests.web.site import Site
from tests.web.test_publications import archive

pytestmark = [pytest.mark.browser]


def test_an_analyst_publishes_a_count_by_a_button_that_says_its_price(
    site: Site, tmp_path: Path, browser: Browser
):
    archive(tmp_path, days=2)
    with (
        served(site) as address,
        looking(browser, address, name="ann", viewport=PHONE) as tab,
    ):
        page = tab.page
        place = page.locator("#published-told")
        page.goto("/ui/sketches")
        expect(place).to_contain_text("Nobody has asked this yet")
        with page.expect_response(looked_up):
            page.locator("#published-section").get_by_text("Hour, UTC").click()
        expect(page.locator("#published-told[data-dash-is-loading]")).to_have_count(0)
        page.get_by_role("button", name="Publish, for 1 of 4").click()
        expect(place).to_contain_text("3 of 4")
        page.locator("#published-section").get_by_text("Declined").click()
        expect(place).to_contain_text("Publish, for 1 of 3")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert serious_faults(page) == []


def looked_up(response: Response) -> bool:
    """Whether a response is what was published: a click before it would be lost."""
    asked = response.request.post_data or ""
    return "published-by" in asked and "published-ask" not in asked

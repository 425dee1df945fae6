"""k against risk and loss in a browser: both themes, a phone's width, another k."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.web.console.conftest import fits, looking, serious_faults
from tests.web.console.test_sketches_in_a_browser import PHONE, served
from tests.web.site import Site
from tests.web.test_tradeoffs import archive

pytestmark = [pytest.mark.browser]


def test_an_analyst_chooses_a_k_and_sees_what_it_costs(
    site: Site, tmp_path: Path, browser: Browser
):
    archive(tmp_path)
    with served(site) as address:
        with looking(browser, address, name="ann", color_scheme="dark") as tab:
            page = tab.page
            page.goto("/ui/sketches")
            page.locator("#anonymity-chart .main-svg").first.wait_for()
            page.get_by_role("button", name="20", exact=True).click()
            expect(page.locator(".anonymity-table")).to_contain_text("k = 20")
            page.get_by_role("button", name="Hour, channel").click()
            expect(page.locator("#anonymity-told")).to_contain_text("hour, channel.")
            assert serious_faults(page) == []
            tab.has_been_quiet()
        with looking(browser, address, name="ann", viewport=PHONE) as tab:
            tab.page.goto("/ui/sketches")
            tab.page.locator("#anonymity-chart .main-svg").first.wait_for()
            fits(tab.page, PHONE["width"])
            assert serious_faults(tab.page) == []

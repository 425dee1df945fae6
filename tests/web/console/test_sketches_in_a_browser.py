"""Sketches & privacy in a browser: both themes, a phone's width, and a question."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from app.local.ports import free_port
from tests.web.console.conftest import Tab, fits, looking, serious_faults
from tests.web.site import Site
from tests.web.test_groups import kept
from tests.web.test_sketches import PAYMENTS, keeping
from web.console.application import build as build_console
from web.server import build

pytestmark = [pytest.mark.browser]

PHONE = {"width": 390, "height": 844}


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Have a site answer on a port of this machine; give its address."""
    application = build(site.context, site.auth, console=build_console(site.context))
    port = free_port()
    config = uvicorn.Config(
        application, port=port, log_config=None, lifespan="off", ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), f"nobody listens at port {port}"
            sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def drawn(page: Page) -> None:
    """Wait until all charts are drawn."""
    for name in ("blooms", "sampled", "groups"):
        page.locator(f"#{name}-chart .main-svg").first.wait_for()


def test_an_analyst_sees_sketches_and_asks_what_was_seen(
    tmp_path: Path, browser: Browser
):
    site = keeping(Site(tmp_path), range(4), PAYMENTS)
    kept(site)
    with served(site) as address:
        with looking(browser, address, name="ann", color_scheme="dark") as tab:
            asks_and_is_told(tab)
        with looking(browser, address, name="vic", viewport=PHONE) as tab:
            expect(tab.page.locator("header nav")).not_to_contain_text("Sketches")
            tab.page.goto("/ui/sketches")
            expect(tab.page.locator("main")).to_contain_text("Not for your role")
        with looking(browser, address, name="ann", viewport=PHONE) as tab:
            tab.page.goto("/ui/sketches")
            drawn(tab.page)
            fits(tab.page, PHONE["width"])
            assert serious_faults(tab.page) == []
            tab.has_been_quiet()


def asks_and_is_told(tab: Tab) -> None:
    """Go to the page by its link, look, and ask for a device."""
    page = tab.page
    page.get_by_role("link", name="Sketches").click()
    drawn(page)
    expect(page.locator(".blooms")).to_contain_text("Places")
    expect(page.locator(".strata")).to_contain_text("Declined")
    expect(page.locator("table.groups")).to_contain_text("4 of 4 pay A1")
    expect(page.locator("#groups-chart .points path")).to_have_count(9)
    expect(page.locator("#sampled-section .links a").first).to_be_visible()
    page.get_by_label("Which one").fill("d-7")
    page.get_by_role("button", name="Ask").click()
    told = page.locator("#blooms-told")
    expect(told).to_contain_text("Seen in the last 60 days")
    page.get_by_role("button", name="Frequent").click()
    page.get_by_role("button", name="Ask").click()
    expect(told).to_contain_text("Never seen among frequent customers")
    assert serious_faults(page) == []
    tab.has_been_quiet()

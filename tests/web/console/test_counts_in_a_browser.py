"""Published counts in a browser, at a phone's width: a button that says its price."""

import asyncio
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Response, expect

from app.privacy.questions import Question
from app.publications import MemoryPublications, Publication
from tests.web.console.conftest import fits, looking, serious_faults
from tests.web.console.test_sketches_in_a_browser import PHONE, served
from tests.web.site import Site
from tests.web.test_publications import archive

pytestmark = [pytest.mark.browser]


class Slow(MemoryPublications):
    """Looks up the second question so slowly that its publishing overtakes it."""

    def __init__(self) -> None:
        super().__init__()
        self.looking_up = Event()
        self._looked = 0
        self._told = asyncio.Event()

    async def find(self, question: Question) -> Publication | None:
        """Return what was answered."""
        self._looked += 1
        found = await super().find(question)
        if self._looked == len(("as the page opens", "as it is chosen")):
            self.looking_up.set()
            await self._told.wait()
            await asyncio.sleep(0.5)  # the answer is at the browser
        return found

    async def keep(self, made: Publication) -> Publication:
        """Keep an answer."""
        self._told.set()
        return await super().keep(made)


def test_an_analyst_publishes_a_count_by_a_button_that_says_its_price(
    site: Site, tmp_path: Path, browser: Browser
):
    archive(tmp_path, days=2)
    kept = Slow()
    site.context = replace(site.context, publications=kept)
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
            assert kept.looking_up.wait(60)
            page.get_by_role("button", name="Publish, for 1 of 4").click()
        expect(page.locator("#published-told[data-dash-is-loading]")).to_have_count(0)
        expect(place).to_contain_text("3 of 4")
        expect(page.locator("#published-ask")).to_be_hidden()
        page.locator("#published-section").get_by_text("Declined").click()
        expect(page.get_by_role("button", name="Publish, for 1 of 3")).to_be_visible()
        fits(page, PHONE["width"])
        assert serious_faults(page) == []


def looked_up(response: Response) -> bool:
    """Whether a response tells what was published by hour."""
    return '"changedPropIds":["published-by.value"]' in (
        response.request.post_data or ""
    )

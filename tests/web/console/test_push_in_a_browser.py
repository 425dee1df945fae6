"""What is pushed: after a stall much of it comes at once, and all of it counts."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.web.console.conftest import looking
from tests.web.console.test_sketches_in_a_browser import served
from tests.web.pulses import a_decision, a_pulse
from tests.web.site import Site
from web import live
from web.console import push
from web.live import Snapshot

pytestmark = [pytest.mark.browser]

MANY = 60


def busy(site: Site, look: Callable[[], Snapshot]) -> Iterator[Snapshot]:
    """Give snapshots, of which each of the first ones has a decision more."""
    for number in range(1, MANY + 1):
        one = a_decision(f"T{number}")
        site.live.add(a_pulse(decided=number, recent=[one]))
        yield look()
    while True:
        yield look()


def test_of_many_changes_that_come_in_a_crowd_each_is_shown(
    site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "TICK", 0.0)
    monkeypatch.setattr(push, "TICK", 0.001)
    crowd = busy(site, site.live.snapshot)
    monkeypatch.setattr(site.live, "snapshot", crowd.__next__)
    with served(site) as address, looking(browser, address, name="ann") as tab:
        expect(tab.page.locator("#stage-decided")).to_have_text(f"{MANY}")
        expect(tab.page.locator("#decisions tr")).to_have_count(MANY)
        tab.has_been_quiet()

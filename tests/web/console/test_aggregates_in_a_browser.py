"""An aggregate declared and taken out in a browser, before workers that keep it."""

import pytest
from playwright.sync_api import expect

from tests.web.console.conftest import Bank, Tab, serious_faults

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.slow]


def test_a_manager_declares_an_aggregate_and_takes_it_out(bank: Bank, managing: Tab):
    page = managing.page
    page.get_by_role("link", name="Aggregates").click()
    expect(page.locator("#aggregates-shown")).to_contain_text("Nothing is aggregated")
    page.get_by_label("Name", exact=True).fill("card_online_1h")
    page.get_by_label("Window", exact=True).fill("1h")
    page.get_by_role("button", name="card", exact=True).click()
    page.get_by_label("Which payments count").fill("chanel = 'online'")
    page.get_by_label("Why").fill("cards are tested online")
    page.get_by_role("button", name="Declare").click()
    told = page.locator("#aggregates-told")
    expect(told).to_contain_text("line 1, column 1: got field 'chanel'")
    page.get_by_label("Which payments count").fill("channel = 'online'")
    page.get_by_role("button", name="Declare").click()
    expect(told).to_contain_text("card_online_1h is aggregated from now on")
    row = page.locator("#aggregates-shown tr", has_text="card_online_1h")
    expect(row).to_contain_text("payments of this card in 1h")
    found = bank.ask("GET", "/v1/aggregates")["aggregates"]
    assert [one["aggregate"]["author"] for one in found] == ["mia"]
    assert serious_faults(page) == []

    page.get_by_role("button", name="Take out the aggregate").click()
    page.locator("#aggregate-out-why").fill("it was a test")
    page.get_by_role("button", name="Take out", exact=True).click()
    expect(told).to_contain_text("card_online_1h is aggregated no more")
    expect(page.locator("#aggregates-shown")).to_contain_text("Nothing is aggregated")
    managing.has_been_quiet()

"""A customer in a browser, found, seen by role and watched; the data's quality."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.web.console.conftest import Bank, Tab, fits, log_in, serious_faults

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.slow]

VIENNA = {"latitude": 48.2, "longitude": 16.37}


def usable(page: Page) -> None:
    """Look at a page on a phone in the dark, and on a desk in the light."""
    for theme, width in (("dark", 390), ("light", 1440)):
        page.evaluate(f"localStorage.setItem('smartbank-theme', '{theme}')")
        page.reload()
        page.locator(".counts li").first.wait_for()
        fits(page, width)
        assert serious_faults(page) == []


def test_a_customer_is_found_looked_at_by_role_and_watched(bank: Bank, tab: Tab):
    page, now = tab.page, datetime.now(UTC)
    for number in range(12):
        at = now - timedelta(days=2 * (11 - number))
        bank.pay(
            f"habit-{number}",
            customer_id="C-habits",
            terminal_id="shop-of-habits",
            occurred_at=at.isoformat(),
            place=VIENNA,
            country="AT",
            device_id="phone-of-habits",
        )
    bank.pay("habit-0", customer_id="C-habits", amount=1)  # the same id again
    bank.decided("habit-11")
    page.goto("/ui/transactions/habit-11")
    expect(page.locator(".verdict")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("C-habits")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{bank.url}/ui/customers/C-habits")
    expect(page.get_by_text("12 of 12 payments in 30 days at 3")).to_be_visible()
    expect(page.get_by_text("shown to analysts and above")).to_be_visible()
    expect(page.locator("#weeks-chart .bars")).to_be_visible()
    expect(page.get_by_role("button", name="Put on the list")).to_have_count(0)

    log_in(page, name="mia")
    page.goto("/ui/customers/C-habits")
    expect(page.get_by_text("48.200° N")).to_be_visible()
    expect(page.get_by_text("phone-of-habits")).to_be_visible()
    usable(page)
    page.get_by_label("Why").fill("account taken over")
    page.get_by_role("button", name="Put on the list").click()
    expect(page.locator("#customer-listed")).to_have_text("Watched")
    bank.pay("watched", customer_id="C-habits")
    bank.decided("watched")
    page.goto("/ui/transactions/watched")
    expect(page.locator(".verdict")).to_contain_text("Review")
    expect(page.locator("tr.reason").first).to_contain_text("account taken over")

    page.get_by_role("link", name="Quality").click()
    expect(page.locator("#quality-repeats")).to_contain_text("Payments, by id")
    expect(page.locator("#quality-repeats tbody td").nth(1)).not_to_have_text("0")
    usable(page)
    tab.has_been_quiet()

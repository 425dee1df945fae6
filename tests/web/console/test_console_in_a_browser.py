"""The console in a browser. In this order: the bank is empty first, stopped last."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import to_builtins
from playwright.sync_api import Browser, Page, expect

from app.scoring.registry import Appointment, pack
from tests.detection.builders import a_card
from tests.test_drift import remembering
from tests.web.console.conftest import (
    Bank,
    Tab,
    fits,
    log_in,
    looking,
    serious_faults,
    until,
)
from tests.web.site import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.slow]

LONDON = {"latitude": 51.5, "longitude": -0.12}
SYDNEY = {"latitude": -33.9, "longitude": 151.2}


def pay_impossibly(bank: Bank, identity: str) -> None:
    """Pay in London, then a minute later in Sydney: declined."""
    now = datetime.now(UTC)
    bank.pay(
        f"{identity}-before",
        customer_id=identity,
        occurred_at=(now - timedelta(minutes=1)).isoformat(),
        place=LONDON,
    )
    bank.pay(identity, customer_id=identity, occurred_at=now.isoformat(), place=SYDNEY)


def row(page: Page, identity: str) -> Any:
    return page.locator(f"tr[data-id='{identity}']")


def connected(page: Page) -> None:
    """Wait until the server has told something over the WebSocket."""
    page.locator("html[data-connected]").wait_for(state="attached")


def test_one_gets_in_with_the_right_password_only_and_out_again(
    bank: Bank, browser: Browser
):
    with looking(browser, bank.url) as tab:
        gets_in_and_out(tab.page, bank)


def gets_in_and_out(page: Page, bank: Bank) -> None:
    page.goto("/ui/")
    expect(page).to_have_url(f"{bank.url}/login?next=%2Fui%2F")
    log_in(page, PASSWORD[:-1])
    expect(page.get_by_role("alert")).to_have_text(
        "This name and password do not go together."
    )
    log_in(page)
    expect(page).to_have_url(f"{bank.url}/ui/")
    menu = page.locator("#user summary")
    expect(menu).to_contain_text("vic")
    expect(menu).to_contain_text("viewer")
    menu.click()
    page.get_by_role("link", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.goto("/ui/")
    expect(page).to_have_url(f"{bank.url}/login?next=%2Fui%2F")


def test_an_empty_page_says_how_to_begin_and_shows_payments_as_they_are_decided(
    bank: Bank, tab: Tab
):
    page = tab.page
    expect(page.get_by_text("No decisions yet")).to_be_visible()
    expect(page.get_by_text("smartbank simulate --rate 50")).to_be_visible()
    connected(page)

    for number in range(3):
        bank.pay(f"first-{number}")
        row(page, f"first-{number}").wait_for()

    expect(page.get_by_text("No decisions yet")).to_be_hidden()
    expect(row(page, "first-0")).to_contain_text("12.50 EUR")
    expect(page.locator("#stage-decided")).to_have_text("3")
    tab.has_been_quiet()


def test_rows_wait_while_one_is_pointed_at(bank: Bank, tab: Tab):
    page = tab.page
    connected(page)
    bank.pay("pointed-at")
    row(page, "pointed-at").hover()
    bank.pay("waiting")

    new = page.get_by_role("button", name="1 new")
    expect(new).to_be_visible()
    expect(row(page, "waiting")).to_have_count(0)
    new.dispatch_event("click")  # the pointer stays: without it the row waits no more
    expect(row(page, "waiting")).to_be_visible()
    bank.pay("waiting-too")
    expect(new).to_be_visible()
    expect(row(page, "waiting-too")).to_have_count(0)
    page.mouse.move(0, 0)
    expect(row(page, "waiting-too")).to_be_visible()
    expect(new).to_be_hidden()
    tab.has_been_quiet()


def test_the_keyboard_alone_leads_from_a_payment_to_the_rule_it_broke(
    bank: Bank, tab: Tab
):
    page = tab.page
    pay_impossibly(bank, "impossible")
    row(page, "impossible").wait_for()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("impossible")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{bank.url}/ui/transactions/impossible")
    expect(page.locator(".verdict")).to_contain_text("Declined")
    expect(page.locator(".verdict")).to_contain_text("12.50 EUR")
    hit = page.locator("tr.hit", has_text="impossible-speed")
    value, threshold = hit.locator("td").all_inner_texts()[:2]
    assert float(value.replace(",", "")) > 900
    assert threshold == "900"
    expect(page.locator("tr.reason")).to_contain_text("possible is 900")
    speed = page.locator(".features tr", has_text="kmh_since_last_payment")
    expect(speed).to_contain_text(value)
    remembered = page.locator("#remembered-customer")
    expect(remembered).to_contain_text("Last payment")
    expect(remembered).not_to_contain_text("Last place")  # that is for analysts
    expect(page).to_have_title("Transaction · smartbank")

    page.keyboard.press("/")
    page.keyboard.type("Impossible")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No decision on Impossible")).to_be_visible()
    page.go_back()
    expect(page.locator(".verdict")).to_contain_text("Declined")
    tab.has_been_quiet()


def test_a_row_opens_by_its_link_and_the_list_is_there_again_after(
    bank: Bank, tab: Tab
):
    page = tab.page
    bank.pay("a%/c")
    row(page, "a%/c").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_contain_text("Approved")
    page.go_back()
    expect(row(page, "a%/c")).to_be_visible()
    page.goto("/ui/transactions/a%25%2Fc")
    expect(page.locator(".verdict")).to_contain_text("Approved")
    tab.has_been_quiet()


def test_an_analyst_says_what_a_payment_was_and_a_viewer_may_not(bank: Bank, tab: Tab):
    page = tab.page
    bank.pay("stolen")
    row(page, "stolen").wait_for()
    page.goto("/ui/transactions/stolen")
    expect(page.locator(".verdict")).to_contain_text("Approved")
    expect(page.get_by_role("button", name="It is fraud")).to_be_hidden()

    log_in(page, name="ann")
    page.goto("/ui/transactions/stolen")
    page.get_by_role("button", name="It is fraud").click()

    expect(page.get_by_text("Marked as fraud")).to_be_visible()
    tab.has_been_quiet()
    assert bank.labelled("stolen")


def test_a_phone_is_on_the_map_as_it_moves_and_a_viewer_sees_no_place(
    bank: Bank, tab: Tab, browser: Browser
):
    address = bank.register("ann-1")
    tab.page.goto("/ui/devices/ann-1")
    expect(tab.page.get_by_text("Where people are is shown")).to_be_visible()
    expect(tab.page.get_by_role("link", name="Devices")).to_have_count(0)
    with looking(browser, bank.url, name="ann") as seen:
        sees_it_move(seen.page, bank, address)
        seen.has_been_quiet()


def sees_it_move(page: Page, bank: Bank, address: str) -> None:
    page.goto("/ui/devices/ann-1")
    expect(page.get_by_text("No device has told its place yet")).to_be_visible()
    connected(page)

    for number in range(3):  # how soon is what `smartbank bench phones` measures
        bank.push(address, number, speed=10.0 + number)
        speed = f"{36 + 3.6 * number:.0f} km/h"
        page.locator(".devices-list", has_text=speed).wait_for()

    expect(page.get_by_text("Register a phone")).to_have_count(0)
    expect(page.locator("#journey-chart .scatterlayer .trace")).to_have_count(
        3  # borders, path, place
    )
    expect(page.locator("#motion-chart .y2title")).to_have_text("Altitude, m")
    assert serious_faults(page) == []
    fits(page, 390)


def roles_of(bank: Bank, version: str) -> list[str]:
    """Return what a model does, as the worker knows."""
    known = bank.ask("GET", "/v1/models")["models"]
    return [role for one in known if one["version"] == version for role in one["roles"]]


def test_models_are_shown_and_a_payment_tells_what_the_live_one_says(
    bank: Bank, tab: Tab
):
    page, model = tab.page, remembering()
    page.goto("/ui/models")
    expect(page.get_by_text("No model yet")).to_be_visible()
    assert serious_faults(page) == []

    who: dict[str, Any] = {"author": "mia", "comment": "as a test"}
    live = Appointment(number=1, id="a", live=model.version, **who)
    bank.tell("models", pack(model, card=to_builtins(a_card()), **who), live)
    until(lambda: "live" in roles_of(bank, model.version))
    expect(page.get_by_text("No model yet")).to_be_visible()
    page.reload()
    expect(page.locator(".models .columns")).to_contain_text(model.version)
    expect(page.locator("#drift")).to_contain_text("Too few")
    assert serious_faults(page) == []
    fits(page, 390)

    bank.pay("said", amount=48_000)
    bank.decided("said")
    page.goto("/ui/transactions/said")
    expect(page.get_by_text("What the model says")).to_be_visible()
    expect(page.locator(".contributions")).to_contain_text("Amount of 480.00")
    assert serious_faults(page) == []
    fits(page, 390)
    bank.tell("models", Appointment(number=2, id="b", **who))
    tab.has_been_quiet()


def test_a_manager_registers_a_phone_and_sees_its_address_once(bank: Bank, tab: Tab):
    page = tab.page
    log_in(page, name="mia")
    page.goto("/ui/devices")
    page.get_by_text("Register a phone").click()
    page.get_by_label("Customer id").fill("C-of-the-console")
    page.get_by_role("button", name="Register").click()

    told = page.locator(".register-told code")
    expect(told).to_contain_text(f"{bank.url}/v1/sensors/phone-")
    assert serious_faults(page) == []
    bank.push(told.inner_text(), 1, speed=50.0)
    expect(page.locator(".devices-list", has_text="180 km/h")).to_be_visible()
    tab.has_been_quiet()


def test_a_manager_registers_a_cash_machine_and_its_alarms_are_there_as_they_come(
    bank: Bank, tab: Tab
):
    page = tab.page
    log_in(page, name="mia")
    page.goto("/ui/devices")
    connected(page)
    page.get_by_text("Register a cash machine").click()
    page.get_by_label("Terminal id").fill("T-of-the-console")
    page.get_by_label("Name of the machine").fill("Main street")
    page.get_by_role("button", name="Register").click()
    told = page.locator(".register-told code")
    expect(told).to_contain_text(f"{bank.url}/v1/sensors/atm-")
    machine = page.locator(".machines-list > li", has_text="Main street")
    expect(machine).to_contain_text("T-of-the-console")

    bank.feel(told.inner_text(), 1, tilt=0.5, door=0)
    bank.feel(told.inner_text(), 2, tilt=14.5, door=1)

    expect(machine).to_contain_text("leans 14.0°")
    expect(machine).to_contain_text("door open")
    assert serious_faults(page) == []
    fits(page, 390)
    tab.has_been_quiet()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it_in_either_theme_on_a_desk_or_a_phone(
    bank: Bank, tab: Tab, theme: str
):
    page = tab.page
    pay_impossibly(bank, f"seen-{theme}")
    page.locator("#user summary").click()
    page.get_by_role("button", name=theme.capitalize()).click()
    page.locator("#user summary").click()

    for path, ready in (
        ("/ui/", f"tr[data-id='seen-{theme}']"),
        (f"/ui/transactions/seen-{theme}", "#remembered-terminal dl"),
        ("/ui/transactions", ".links"),
        ("/ui/models", "#drift"),
    ):
        page.goto(path)
        page.locator(ready).wait_for()
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert serious_faults(page) == []
        fits(page, 390)
        assert serious_faults(page) == []
        fits(page, 1440)
    tab.has_been_quiet()


def test_a_page_says_that_the_worker_is_gone_and_comes_back_with_it(
    bank: Bank, tab: Tab
):
    page = tab.page
    connected(page)
    bank.pay("before")
    row(page, "before").wait_for()

    bank.scoring.kill("one")
    bar = page.locator("#connection")
    expect(bar).to_contain_text("Not connected: what you see is")
    expect(row(page, "before")).to_be_visible()

    bank.scoring.start("one")
    bank.wait_until_ready()
    expect(bar).to_be_empty()
    bank.pay("after")
    row(page, "after").wait_for()

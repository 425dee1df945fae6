"""The life of a rule in a browser, before workers that decide by it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.console.conftest import Bank, Tab, fits, serious_faults, until

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.slow]

COUNTRY = "LI"
"""Payments of these tests are made there, so that no other one counts."""


@pytest.fixture(scope="module")
def archived(bank: Bank) -> Bank:
    """Wait until the archive has payments in it: ten, four of them large."""
    day_before = datetime.now(UTC) - timedelta(days=1)
    for number in range(10):
        at = day_before + timedelta(minutes=number)
        amount = 777_700 if number < 4 else 1250
        bank.pay(
            f"past-{number}",
            amount=amount,
            country=COUNTRY,
            occurred_at=at.isoformat(),
        )
    until(lambda: hits(bank) == 4)
    return bank


RULE = {
    "name": "as-the-api-does",
    "expression": f"amount > 7000 AND country = '{COUNTRY}'",
    "score": 3,
    "reason": "large",
}


def hits(bank: Bank) -> int:
    """Try a rule on the archive as the API does; return what it hits."""
    report = bank.ask("POST", "/v1/rules/backtest", json=RULE)["report"]
    one = next(one for one in report["rules"] if one["name"] == RULE["name"])
    after = one["figures"]["after"]
    return int(after["hits"]) if after else 0


def decided(bank: Bank, identity: str, **fields: Any) -> dict[str, Any]:
    """Make a large payment there; return its decision."""
    payment = {
        "id": identity,
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer_id": f"customer-of-{identity}",
        "terminal_id": f"terminal-of-{identity}",
        "amount": 777_700,
        "currency": "EUR",
        "country": COUNTRY,
        **fields,
    }
    told = bank.ask("POST", "/v1/transactions?wait=decision", json=payment)
    found: dict[str, Any] = told["decisions"][0]
    return found


def test_a_manager_writes_tries_watches_promotes_and_rolls_back_a_rule(
    archived: Bank, managing: Tab
):
    bank, page = archived, managing.page
    shipped = bank.ask("GET", "/v1/rules")["version"]

    write_with_a_typing_error(page)
    save_live_too_early(page)
    backtest(page)
    save_in_shadow(bank, page)
    live = promote(bank, page)
    roll_back(bank, page, to=shipped)

    again = bank.ask(
        "POST", f"/v1/decisions/rolled-back/reevaluate?ruleset={version_of(live)}"
    )
    assert "very-large-here" in rules_of(again["evaluation"])
    managing.has_been_quiet()


def write_with_a_typing_error(page: Page) -> None:
    page.get_by_role("link", name="Rules").click()
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name", exact=True).fill("very-large-here")
    expression = page.get_by_label("Expression")
    expression.fill(f"amuont > 7000 AND country = '{COUNTRY}'")
    page.get_by_label("Reason").fill("{amount:,.2f}, the limit is {threshold:,.0f}")
    page.get_by_label("Score", exact=True).fill("5")
    page.get_by_role("button", name="Review", exact=True).click()
    fault = page.locator("#fault-rule-expression")
    expect(fault).to_contain_text("Line 1, column 1: got field 'amuont'")
    expect(page.locator("#expression-marks mark")).to_have_text("amuont")
    page.get_by_role("button", name="Use amount").click()
    expect(expression).to_have_value(f"amount > 7000 AND country = '{COUNTRY}'")
    expect(fault).to_be_empty()


def save_live_too_early(page: Page) -> None:
    page.get_by_role("button", name="Live", exact=True).click()
    may = page.locator("#rule-may")
    expect(may).to_contain_text("Not backtested as it is now")
    page.get_by_label("Why").fill("frauds of last week")
    page.get_by_role("button", name="Save").click()
    told = page.locator("#rule-told")
    expect(told).to_contain_text("Not yet tried on the archive as it is")


def backtest(page: Page) -> None:
    page.get_by_role("button", name="Backtest").click()
    tried = page.locator("#rule-tried")
    expect(tried).to_contain_text("On record: as it is now it may go live.")
    alone = tried.locator("table", has_text="The rule very-large-here")
    expect(alone.locator("tr", has_text="Payments")).to_contain_text("4")
    expect(tried.locator(".examples")).to_contain_text("7,777.00, the limit is 7,000")
    expect(page.locator("#rule-may")).to_contain_text("4 hits in")


def save_in_shadow(bank: Bank, page: Page) -> None:
    page.get_by_role("button", name="Shadow", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(f"{bank.url}/ui/rules/very-large-here")
    expect(page.locator("#rule-head")).to_contain_text("Shadow")
    watched = decided(bank, "in-shadow")
    assert "very-large-here" in watched["shadows"]
    assert "very-large-here" not in rules_of(watched)


def promote(bank: Bank, page: Page) -> dict[str, Any]:
    page.get_by_role("link", name="Rules").click()
    row = page.locator(".rules-table tr", has_text="very-large-here")
    expect(row).to_contain_text("Shadow")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Live", exact=True).click()
    page.get_by_label("Why").fill("8 of 10 were fraud")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#rule-told")).to_contain_text("Saved: live from now on")
    expect(page.locator("#rule-head")).to_contain_text("Live")
    expect(page.locator("#rule-story")).to_contain_text("8 of 10 were fraud")
    live = decided(bank, "live-now")
    assert live["outcome"] in ("review", "decline")
    hit = next(one for one in live["hits"] if one["rule"] == "very-large-here")
    assert hit["reason"] == "7,777.00, the limit is 7,000"
    return live


def roll_back(bank: Bank, page: Page, *, to: str) -> None:
    page.get_by_role("link", name="Rules").click()
    page.get_by_role("link", name="Versions").click()
    newest = page.locator(".versions-table tbody tr").first
    expect(newest).to_contain_text("very-large-here: shadow to live")
    expect(newest).to_contain_text("mia")
    expect(page.locator("#versions-diff")).to_contain_text("shadow")
    page.get_by_role("link", name=to).first.click()
    page.get_by_label("Why").fill("it held up honest customers")
    page.get_by_role("button", name="Roll back to this version").click()
    expect(page.locator("#back-told")).to_contain_text("Rolled back")
    back = decided(bank, "rolled-back")
    assert "very-large-here" not in rules_of(back)
    assert version_of(back) == to


def rules_of(decision: dict[str, Any]) -> list[str]:
    """Return the names of the rules that a payment hit."""
    return [hit["rule"] for hit in decision["hits"]]


def version_of(decision: dict[str, Any]) -> str:
    """Return the version of the rules that decided."""
    return str(decision["versions"]["ruleset"])


def test_who_is_outrun_is_told_by_whom_and_may_go_on(archived: Bank, managing: Tab):
    bank, page = archived, managing.page
    page.goto("/ui/rules/dormant-customer-wakes")
    page.get_by_label("Score", exact=True).fill("31")
    page.get_by_role("button", name="Shadow", exact=True).click()
    page.get_by_label("Why").fill("to see")
    version = bank.ask("GET", "/v1/rules")["version"]
    bank.ask(
        "PUT",
        "/v1/rules/in-between",
        json=RULE | {"name": "in-between", "state": "shadow"},
        params={"comment": "quicker than you"},
        headers={"if-match": version},
    )
    page.get_by_role("button", name="Save").click()
    told = page.locator("#rule-told")
    expect(told).to_contain_text("mia changed the rules while you were here")
    expect(told).to_contain_text("quicker than you")
    expect(told).to_contain_text("in-between")
    page.get_by_role("button", name="Save").click()
    expect(told).to_contain_text("Saved: shadow from now on")

    rules = {one["name"]: one for one in bank.ask("GET", "/v1/rules")["rules"]}
    assert rules["dormant-customer-wakes"]["score"] == 31
    assert "in-between" in rules
    managing.has_been_quiet()


def test_names_complete_as_one_types_by_the_keyboard_alone(
    archived: Bank, managing: Tab
):
    page = managing.page
    page.goto("/ui/rules-new")
    expression = page.get_by_label("Expression")
    expression.press_sequentially("cust")
    expect(page.locator("#completions li").first).to_contain_text("customer_count_1d")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(expression).to_have_value("customer_mean_amount_1d")
    page.keyboard.type(" > amount")
    page.keyboard.press("Escape")
    expect(page.locator("#completions")).to_have_count(0)
    page.get_by_label("Filter").fill("terminal")
    page.get_by_role("button", name="terminal_risk_7d").click()
    expect(expression).to_have_value(
        "customer_mean_amount_1d > amount terminal_risk_7d"
    )
    managing.has_been_quiet()


def test_a_file_goes_out_and_comes_in_again(archived: Bank, managing: Tab):
    page = managing.page
    page.goto("/ui/rulesets")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export TOML").click()
    path = downloading.value.path()
    text = path.read_text(encoding="utf-8").replace("amount > 220", "amount > 225")
    page.locator("input[type=file]").set_input_files(
        {"name": "rules.toml", "mimeType": "application/toml", "buffer": text.encode()}
    )
    shown = page.locator("#candidate")
    expect(shown.locator("ins")).to_have_text("225")
    expect(page.locator("#candidate-may")).to_contain_text("Not backtested")
    shown.get_by_role("button", name="Backtest").click()
    expect(page.locator("#candidate-may")).to_contain_text("All that would decide")
    page.get_by_label("Why").fill("prices have risen")
    shown.get_by_role("button", name="Put it in place").click()
    expect(page.locator("#candidate-told")).to_contain_text("In place")
    rules = {one["name"]: one for one in archived.ask("GET", "/v1/rules")["rules"]}
    assert "amount > 225" in rules["large-amount"]["expression"]
    managing.has_been_quiet()


def test_who_is_listed_is_blocked_until_taken_off(archived: Bank, managing: Tab):
    bank, page = archived, managing.page
    page.get_by_role("link", name="Lists").click()
    expect(page.locator("#lists-shown")).to_contain_text("Nobody is listed")
    page.get_by_label("Which one").fill("customer-of-a-thief")
    page.get_by_role("button", name="By nothing").click()
    page.get_by_label("Why").fill("account taken over")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#lists-told")).to_contain_text("is blocked from now on")
    fields = {"customer_id": "customer-of-a-thief", "amount": 1250}
    blocked = decided(bank, "blocked", **fields)
    assert blocked["outcome"] == "decline"
    assert blocked["hits"][0]["reason"].endswith("by mia: account taken over")

    page.get_by_role("button", name="Take customer customer-of-a-thief").click()
    page.locator("#off-reason").fill("it was her brother")
    page.locator("#off-sure").click()
    expect(page.locator("#lists-told")).to_contain_text("on the list no more")
    expect(page.locator("#lists-shown")).to_contain_text("Nobody is listed")
    assert decided(bank, "free-again", **fields)["outcome"] == "approve"
    managing.has_been_quiet()


def test_a_file_with_faults_lists_nobody_and_tells_each_row(
    archived: Bank, managing: Tab
):
    page = managing.page
    page.goto("/ui/lists")
    rows = ["kind,value,verdict,reason", "device,d-1,block,a farm", "card,12,block,why"]
    upload(page, "\n".join(rows))
    told = page.locator("#lists-told")
    expect(told).to_contain_text("It does not fit: nothing was listed.")
    expect(told.locator("tbody tr")).to_contain_text("2")
    upload(page, "\n".join(rows[:2]))
    expect(told).to_contain_text("1 entries are listed.")
    expect(page.locator(".lists-table")).to_contain_text("a farm")
    managing.has_been_quiet()


def upload(page: Page, text: str) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )


def test_a_threshold_is_weighed_tried_and_put_in_place(archived: Bank, managing: Tab):
    bank, page = archived, managing.page
    page.get_by_role("link", name="Policy").click()
    expect(page.locator("#policy-shown")).to_contain_text("Nothing to weigh")
    bank.ask(
        "POST",
        "/v1/labels",
        json={"transaction_id": "past-0", "fraud": True},
        name="ann",
    )
    put_live(bank, RULE | {"name": "of-score-60", "score": 60})
    period = {"until": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    until(lambda: bank.ask("GET", "/v1/policy", params=period)["frauds"] == 1)
    page.get_by_label("Until day").fill(f"{datetime.now(UTC):%Y-%m-%d}")
    page.get_by_role("button", name="Weigh", exact=True).click()
    expect(page.locator("#policy-shown")).to_contain_text("1 frauds of")
    page.get_by_role("button", name="Make it a candidate").first.click()
    shown = page.locator("#candidate")
    expect(shown).to_contain_text("Candidate: the rules' score from")
    shown.get_by_role("button", name="Backtest").click()
    expect(shown.locator(".report")).to_contain_text("Reviewed or declined")
    page.get_by_label("Why").fill("as many as we can review")
    shown.get_by_role("button", name="Put it in place").click()
    expect(page.locator("#candidate-told")).to_contain_text("In place")
    newest = bank.ask("GET", "/v1/rules/history")["revisions"][0]
    assert bank.ask("GET", "/v1/rules")["bands"]["review_from"] == 60
    assert newest["comment"] == "as many as we can review"
    assert newest["changes"][0]["name"] == "the bands"
    managing.has_been_quiet()


def put_live(bank: Bank, rule: dict[str, Any]) -> None:
    """Make a rule live as a program would."""
    bank.ask("POST", "/v1/rules/backtest", json=rule)
    bank.ask(
        "PUT",
        f"/v1/rules/{rule['name']}",
        json=rule | {"state": "live"},
        params={"comment": "for a test"},
        headers={"if-match": bank.ask("GET", "/v1/rules")["version"]},
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_these_pages_in_either_theme_on_a_desk_or_a_phone(
    archived: Bank, managing: Tab, theme: str
):
    page = managing.page
    page.locator("#user summary").click()
    page.get_by_role("button", name=theme.capitalize()).click()
    page.locator("#user summary").click()
    version = archived.ask("GET", "/v1/rules")["version"]

    for path, ready in (
        ("/ui/rules", ".rules-table"),
        ("/ui/rules/large-amount", "#rule-may:not(:empty)"),
        ("/ui/rules-new", "#catalogue"),
        ("/ui/rulesets", "#versions-diff *"),
        (f"/ui/rulesets/{version}", ".ruleset"),
        ("/ui/lists", "#lists-shown *"),
        ("/ui/policy", "#policy-shown .notice, .choices-table"),
    ):
        page.goto(path)
        page.locator(ready).first.wait_for()
        if path == "/ui/rules-new":
            page.get_by_label("Expression").press_sequentially("amuont")
            page.locator(".fault .fix").wait_for()
        if path == "/ui/rules/large-amount":
            page.get_by_role("button", name="Backtest").click()
            page.locator(".report").first.wait_for()
        for width in (1440, 390):
            fits(page, width)
            assert serious_faults(page) == []
    managing.has_been_quiet()


def test_a_viewer_reads_and_is_offered_nothing_to_change(archived: Bank, tab: Tab):
    page = tab.page
    page.goto("/ui/rules/large-amount")
    expect(page.get_by_label("Expression")).to_have_value(re.compile("amount > 2"))
    expect(page.get_by_role("button", name="Save")).to_be_hidden()
    expect(page.get_by_role("button", name="Backtest")).to_have_count(0)
    page.goto("/ui/lists")
    expect(page.locator("#lists-shown")).to_contain_text("entry")
    expect(page.get_by_role("button", name="Add", exact=True)).to_have_count(0)
    tab.has_been_quiet()

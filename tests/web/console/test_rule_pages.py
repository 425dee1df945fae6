"""The pages of rules without a browser: who may do what, and what is told."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dash import html

from app.events.labels import Label
from app.parquet import files
from app.parquet.frames import Labelled, decisions_frame, labels_frame
from app.rules.ruleset import default_ruleset
from tests.scoring.builders import NOON
from tests.sinks.decided import a_decided
from tests.web.console.parts import components, named, words
from tests.web.pulses import a_pulse
from tests.web.site import Site
from web.auth import Caller
from web.console.application import known, page
from web.console.client import Client, who
from web.console.managing import Manager
from web.console.pages import candidate, rule, rule_form, rules, versions
from web.live import Live
from web.problems import Problem
from web.rule_files import written

DEFAULT = default_ruleset()
TYPED = {
    "name": "very-large",
    "expression": "amount > 5000",
    "reason": "{amount:,.2f}, the limit is {threshold:,.0f}",
    "score": "60",
    "action": "review",
    "state": "shadow",
    "value": "",
    "threshold": "",
    "figures": "",
}


@pytest.fixture
def client(site: Site) -> Client:
    return Client(site.context)


@pytest.fixture
def manager(site: Site) -> Manager:
    come(name="mia", role="manager")
    return Manager(site.context)


@pytest.fixture
def archive(tmp_path: Path) -> None:
    """Give forty days with a payment each; one is of 6,000 and was fraud."""
    batch = [
        a_decided(f"tx-{n}", occurred_at=NOON + timedelta(days=n), at=(0, n))
        for n in range(40)
    ]
    batch[35].decision.features["amount"] = 6000.0
    root = tmp_path / "archive"
    files.write(root / "decisions", decisions_frame(batch))
    at = batch[35].decision.payment.occurred_at
    label = Label("tx-35", "c-1", "t-1", at, at + timedelta(days=7), fraud=True)
    files.write(root / "labels", labels_frame([Labelled(label, 0, 0)]))


def come(*, name: str, role: Any) -> None:
    """Log somebody in."""
    who.set(Caller(name, role, "session"))


def typed(**fields: str) -> list[str]:
    """Type a rule that fits, but for the fields named."""
    return [{**TYPED, **fields}[name] for name in rule_form.FIELDS]


async def save(manager: Manager, **fields: str) -> Any:
    """Save a rule as on a page that was opened just now."""
    known_name = fields.pop("known", "")
    return await rule.saved(
        manager,
        typed(**fields),
        known=known_name,
        comment="to see what it hits",
        seen=manager.present.version,
    )


# ---- The list


def test_the_list_shows_each_rule_with_its_state_and_how_often_it_fires(
    site: Site, manager: Manager
):
    now = 100.0
    live = Live(clock=lambda: now)
    live.add(a_pulse())
    live.add(a_pulse(outcomes={"approve": 195, "review": 5}, hits={"large-amount": 3}))
    now = 102.0
    client = Client(replace(site.context, live=live))
    shown = words(rules.layout(client, manager))

    for one in DEFAULT.rules:
        assert one.name in shown
    assert "Review from 40, decline from 80" in shown
    assert (
        "large-amount amount > 220 AND amount_to_customer_mean > 1.5 Live +50  1.5 %"
        in shown
    )
    assert "risky-merchant-category" in shown
    assert "Shadow" in shown


async def test_rules_are_measured_on_the_archive(
    client: Client, manager: Manager, archive: None
):
    await save(manager, name="very-large", score="1", action="score")
    shown = words(await rules.measured(client, manager))

    assert "Measured on 31 payments" in shown
    assert (
        "very-large amount > 5000 Shadow +1  0 % 1 3.2 % 100 % 100 % 42.00 EUR"
        in shown.replace("—", "0 %")
    )


@pytest.mark.parametrize(
    ("name", "role", "may"),
    [("vic", "viewer", (False, False)), ("ann", "analyst", (True, False)),
     ("mia", "manager", (True, True))],
)  # fmt: skip
def test_what_a_role_may_not_do_is_not_shown(
    client: Client, manager: Manager, name: str, role: str, may: tuple[bool, bool]
):
    come(name=name, role=role)
    page_of_rules = rules.layout(client, manager)
    page_of_one = rule.layout(manager, "large-amount")
    ids = {getattr(one, "id", None) for one in components(page_of_one)}
    save_panel = next(
        one
        for one in components(page_of_one)
        if getattr(one, "className", "") == "panel form"
    )
    (fields,) = (
        one for one in components(page_of_one) if isinstance(one, html.Fieldset)
    )

    assert ("New rule" in words(page_of_rules)) == may[0]
    assert fields.disabled != may[0]
    assert ("rule-try" in ids) == may[0]
    assert (not getattr(save_panel, "hidden", False)) == may[1]


async def test_what_a_role_may_not_do_is_refused_all_the_same(
    manager: Manager, archive: None
):
    come(name="ann", role="analyst")
    saved = await save(manager)
    gone = await rule.removed(
        manager, "large-amount", comment="why not", seen=DEFAULT.version
    )
    back = await versions.rolled_back(
        manager, DEFAULT.version, seen=DEFAULT.version, comment="why not"
    )
    come(name="vic", role="viewer")
    tried = await rule.tried(manager, typed(), since="", until="")

    for told in (saved[0], gone[0], back[0]):
        assert words(told) == "Ann is analyst; this needs manager or above."
    assert words(tried) == "Vic is viewer; this needs analyst or above."
    assert manager.book.head.number == 0


# ---- Writing


def test_a_typing_error_is_marked_in_its_place_and_the_nearest_name_offered(
    manager: Manager,
):
    text = "is_night = 1 AND\n  amuont > 5000"
    marks, *told, may = rule.looked_at(manager, typed(expression=text), new=True)
    fault = dict(zip(rule_form.FAULTY, told, strict=True))["expression"]

    assert [getattr(one, "children", one) for one in marks] == [
        "is_night = 1 AND\n  ",
        "amuont",
        " > 5000",
    ]
    assert "Line 2, column 3: got field 'amuont', expected 'amount'" in words(fault)
    fix = next(one for one in components(fault) if hasattr(one, "data-fix"))
    assert getattr(fix, "data-fix") == "amount"
    assert may == "It cannot be saved yet: see above."


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "Very Large", "expected small letters and digits"),
        ("name", "block-list", "got the name of a list"),
        ("expression", "", "Got nothing, expected a condition"),
        ("expression", "amount >", "got what does not parse at '>'"),
        ("expression", "read_csv('/etc/passwd') > 1", "READ_CSV"),
        ("reason", "", "Got nothing, expected the phrase"),
        ("reason", "{amuont:.0f}", "got word {amuont}, expected 'amount'"),
        ("score", "many", "Got 'many', expected a number from 0 to 100"),
        ("score", "101", "expected a number from 0 to 100"),
        ("score", "nan", "expected a number from 0 to 100"),
        ("threshold", "amuont * 2", "got field 'amuont'"),
        ("figures", "usual", "Line 1: got 'usual', expected name = SQL"),
        ("figures", "usual = amuont", "got field 'amuont'"),
    ],
)
def test_a_fault_is_told_under_its_field(
    manager: Manager, field: str, value: str, said: str
):
    _, *told, _ = rule.looked_at(manager, typed(**{field: value}), new=True)
    by_field = dict(zip(rule_form.FAULTY, map(words, told), strict=True))

    assert said.lower() in by_field.pop(field).lower()
    assert set(by_field.values()) == {""}


def test_all_faults_are_told_at_once(manager: Manager):
    values = typed(name="A", expression="amuont > 1", score="x", figures="usual")
    _, *told, _ = rule.looked_at(manager, values, new=True)

    faulty = [n for n, one in zip(rule_form.FAULTY, told, strict=True) if one]
    assert faulty == ["name", "expression", "score", "figures"]


def test_nothing_is_wrong_with_a_page_that_nobody_has_written_on(manager: Manager):
    empty = [rule_form.raw(None)[name] for name in rule_form.FIELDS]
    marks, *told, _ = rule.looked_at(manager, empty, new=True)

    assert (marks, told) == ([""], [[]] * len(rule_form.FAULTY))


def test_every_shipped_rule_is_shown_so_that_saving_it_changes_nothing(
    manager: Manager,
):
    for one in DEFAULT.rules:
        shown = rule_form.raw(one)
        read, found = rule.read(manager, [shown[name] for name in rule_form.FIELDS])

        assert found == []
        assert read is not None
        assert msgspec.structs.replace(read, version=one.version) == one


def test_the_catalogue_beside_it_names_every_field(manager: Manager):
    shown = words(rule.layout(manager, None))

    for name in ("terminal_risk_7d", "merchant_category", "amount_z_score"):
        assert name in shown


# ---- Trying and saving


async def test_a_rule_is_tried_saved_in_shadow_made_live_and_rolled_back(
    manager: Manager, archive: None
):
    early = await save(manager, state="live")
    report = await rule.tried(manager, typed(), since="", until="")
    shadow = await save(manager)
    live = await save(manager, state="live", known="very-large")
    back = await versions.rolled_back(
        manager, DEFAULT.version, seen=manager.present.version, comment="too strict"
    )

    assert "Not yet tried on the archive as it is: very-large" in words(early[0])
    shown = words(report)
    assert "On record: as it is now it may go live." in shown
    assert "31 payments" in shown
    assert "The rule very-large Now Tried Payments — 1" in shown
    assert "Precision of these, fraud — 100 %" in shown
    assert "6,000.00, the limit is 5,000" in shown
    assert shadow[2] == "/ui/rules/very-large"
    assert "Saved: live from now on, in every worker." in words(live[0])
    assert "Rolled back" in words(back[0])
    book = manager.book
    assert [(one.author, one.comment) for one in book.revisions[1:]] == [
        ("mia", "to see what it hits"),
        ("mia", "to see what it hits"),
        ("mia", "too strict"),
    ]
    assert book.head.ruleset == DEFAULT


async def test_the_period_of_a_trial_can_be_given_and_must_be_days(
    manager: Manager, archive: None
):
    some = await rule.tried(manager, typed(), since="2026-05-04", until="2026-05-05")
    none = await rule.tried(manager, typed(), since="2031-01-01", until="")
    wrong = await rule.tried(manager, typed(), since="yesterday", until="")

    assert "2 payments" in words(some)
    assert "No payment in this period" in words(none)
    assert "Got day 'yesterday', expected one such as 2026-03-01." in words(wrong)


async def test_who_comes_second_is_told_what_the_first_one_changed(
    manager: Manager, archive: None
):
    seen = manager.present.version
    come(name="max", role="manager")
    await save(manager, name="other-rule", score="7")
    come(name="mia", role="manager")
    told, version, _ = await rule.saved(
        manager, typed(), known="", comment="to see", seen=seen
    )
    again = await rule.saved(manager, typed(), known="", comment="to see", seen=version)

    assert "max changed the rules while you were here:" in words(told)
    assert "other-rule added" in words(told)
    assert again[2] == "/ui/rules/very-large"
    assert [one.author for one in manager.book.revisions[1:]] == ["max", "mia"]


async def test_a_new_rule_takes_no_others_place_and_every_change_says_why(
    manager: Manager,
):
    taken = await save(manager, name="large-amount")
    silent = await rule.saved(
        manager, typed(), known="", comment=" a ", seen=manager.present.version
    )
    same = [rule_form.raw(DEFAULT.rules[0])[name] for name in rule_form.FIELDS]
    nothing = await rule.saved(
        manager, same, known="large-amount", comment="none", seen=DEFAULT.version
    )

    assert "There is a rule large-amount already" in words(taken[0])
    assert "Say why, in 3 to 500 characters" in words(silent[0])
    assert "Nothing differs" in words(nothing[0])
    assert manager.book.head.number == 0


async def test_a_rule_is_taken_out_and_its_page_says_so(
    client: Client, manager: Manager
):
    gone = await rule.removed(
        manager, "large-amount", comment="of no use", seen=DEFAULT.version
    )
    shown = words(page(client, manager, "/ui/rules/large-amount"))

    assert gone[2] == "/ui/rules"
    assert "There is no rule large-amount" in shown
    assert f"It was there until version {DEFAULT.version}." in shown


# ---- Versions


async def test_versions_tell_who_when_and_why_and_what_differs(
    client: Client, manager: Manager
):
    await save(manager, known="large-amount", **{**LARGE, "score": "55"})
    version = manager.present.version
    listed = words(page(client, manager, "/ui/rulesets"))
    one = words(page(client, manager, f"/ui/rulesets/{version}"))
    first = words(page(client, manager, f"/ui/rulesets/{DEFAULT.version}"))
    differs = words(versions.compared(manager, DEFAULT.version, version))

    assert "mia large-amount: score, state to see what it hits" in listed
    assert "decides now" in one
    assert "score 50   55" in differs
    assert "Roll back to this version" in first
    assert "No ruleset of version nosuch" in words(
        page(client, manager, "/ui/rulesets/nosuch")
    )


LARGE = {
    name: value
    for name, value in rule_form.raw(DEFAULT.rules[0]).items()
    if name != "state"
}


def uploaded(text: bytes) -> str:
    return "data:;base64," + base64.b64encode(text).decode()


@pytest.mark.parametrize("form", ["toml", "json"])
async def test_an_exported_file_comes_in_again_through_a_backtest(
    manager: Manager, archive: None, form: Any
):
    text, _ = written(DEFAULT, form)
    changed = text.replace(b"amount > 220", b"amount > 230")
    shown = versions.read(manager, uploaded(changed), f"rules.{form}")
    given = named(shown, "candidate-rules").data
    early = await candidate.taken(
        manager, given, seen=DEFAULT.version, comment="a little later"
    )
    tried = await candidate.tried(manager, given)
    taken = await candidate.taken(
        manager, given, seen=DEFAULT.version, comment="a little later"
    )

    assert "amount >  220 230  AND" in words(shown)
    assert "Not backtested as they are now: large-amount." in words(shown)
    assert "Not yet tried on the archive as it is: large-amount" in words(early[0])
    assert "All that would decide has been backtested" in tried[1]
    assert "In place" in words(taken[0])
    assert manager.book.head.comment == "a little later"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (b"bands = 1", "rules.toml", "expected TOML with bands and rules"),
        (b"{", "rules.json", "The body is no JSON"),
        (b'{"name": "a"}', "rules.json", "expression: got nothing"),
        (b"\xff\xfe", "rules.toml", "expected TOML"),
    ],
)
async def test_a_file_that_does_not_fit_is_told(
    manager: Manager, text: bytes, name: str, said: str
):
    assert said in words(versions.read(manager, uploaded(text), name))


async def test_a_file_with_the_rules_that_decide_changes_nothing(manager: Manager):
    text, _ = written(DEFAULT, "toml")
    shown = versions.read(manager, uploaded(text), "rules.TOML")

    assert "nothing would change" in words(shown)


@pytest.mark.parametrize(
    "path", ["/ui/rules", "/ui/rules/any", "/ui/rules-new", "/ui/rulesets",
             "/ui/rulesets/0123"],
)  # fmt: skip
def test_every_page_has_an_address_of_its_own(path: str):
    assert known(path)


async def test_a_problem_of_the_api_is_told_as_a_sentence(manager: Manager):
    told, *_ = rule.refusal(manager, Problem(503, "kafka is away"), seen="x")

    assert words(told) == "Kafka is away."

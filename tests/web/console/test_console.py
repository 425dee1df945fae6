"""The console without a browser: what it sends, to whom, and how it looks."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from dash import html
from pymongo.errors import ServerSelectionTimeoutError

from app.drift import BLOCK, Drift
from app.events.decisions import Contribution, Versions
from app.events.groups import GroupMoved
from app.events.payments import Card, Place
from app.features import catalogue
from app.scoring.registry import Appointment, pack
from tests.detection.builders import a_card
from tests.scoring.builders import ORDINARY, a_model
from tests.test_drift import drawn, feed, remembering
from tests.web.console.parts import words
from tests.web.pulses import HIT, a_decision, a_pulse
from tests.web.site import Site, a_record, user
from web.auth import Caller
from web.console import figures, maps, marks, shell, wording
from web.console.application import FOLDERS, MOST_BYTES, SINGLE, build, known, page
from web.console.client import Client, who
from web.console.managing import Manager
from web.console.pages import live, models, pushed, transaction
from web.console.push import Told
from web.console.tokens import THEMES, TOKENS, Theme
from web.live import TICK, Live
from web.seconds import STEP
from web.server import build as build_server
from web.users import Role

AT = datetime(2026, 3, 1, tzinfo=UTC)
VIEWER = Caller("vic", "viewer", "session")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = Site(tmp_path, users=(user("ann"), user("vic", "viewer")))
    found.application = build_server(
        found.context, found.auth, console=build(found.context)
    )
    return found


@pytest.fixture
def client(site: Site) -> Client:
    who.set(VIEWER)
    return Client(site.context)


def archived(identity: str = "T1", **fields: Any) -> dict[str, Any]:
    """Give a decision as the archive has it."""
    kept: dict[str, Any] = msgspec.to_builtins(a_decision(identity, **fields))
    return {**kept, "decided_at": datetime(2026, 5, 4, 12, 0, 1, tzinfo=UTC)}


class Away:
    """An archive that does not answer."""

    async def decision(self, _: str) -> dict[str, Any] | None:
        raise ServerSelectionTimeoutError

    async def close(self) -> None:
        """Do nothing."""


# ---- The document


async def test_what_a_page_sends_is_bounded(site: Site):
    path = "/ui/_dash-update-component"
    async with site.client("vic") as browser:
        long = await browser.post(path, content=b" " * (MOST_BYTES + 1))
        short = await browser.post(path, json={"output": "nothing.children"})

    assert long.status_code == 413
    assert long.headers["content-type"] == "application/problem+json"
    assert short.status_code not in (404, 413)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ui/", 200),
        ("/ui/transactions", 200),
        ("/ui/transactions/T1%2F2", 200),
        ("/ui/models", 200),
        ("/ui/elsewhere", 404),
    ],
)
async def test_every_page_is_the_same_document_with_a_policy(
    site: Site, path: str, status: int
):
    async with site.client("vic") as browser:
        answer = await browser.get(path)

    assert answer.status_code == status
    assert "/ui/assets/console.js" in answer.text
    assert "DashRenderer" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text
    assert "https://" not in answer.text.replace("https://dash-version.plotly.com", "")


async def test_the_shell_names_who_is_logged_in(site: Site):
    async with site.client("vic") as browser:
        layout = (await browser.get("/ui/_dash-layout")).text

    assert '"vic"' in layout
    assert '"viewer"' in layout


async def test_nobody_gets_anything_of_the_console_without_a_log_in(site: Site):
    async with site.client() as browser:
        found = [
            (await browser.get(path)).status_code
            for path in ("/ui/", "/ui/_dash-layout", "/ui/assets/console.js")
        ]

    assert found == [401, 401, 401]


# ---- Pushing


def test_a_browser_is_told_only_what_has_changed():
    who.set(VIEWER)
    now = 10_000.0
    seen = Live(clock=lambda: now)
    looking = cast("Client", seen)  # it has the snapshots, which is all that is asked
    told = Told()
    first = told.changes(looking, live.PATH)
    same = told.changes(looking, live.PATH)
    seen.add(a_pulse(captured=7, recent=[a_decision("T1")]))
    now += TICK
    later = told.changes(looking, live.PATH)

    assert first["stage-captured"] == {"children": "0"}
    assert same == {}
    assert later["stage-captured"] == {"children": "7"}
    assert [r["id"] for r in json.loads(later["arrivals"]["data-rows"])] == ["T1"]
    assert later.keys() == {"stage-captured", "arrivals", "workers"}


def test_of_the_charts_one_a_tick_is_drawn_again():
    who.set(VIEWER)
    now = 10_000.0
    seen = Live(clock=lambda: now)
    looking, told = cast("Client", seen), Told()
    told.changes(looking, live.PATH)
    now += STEP

    drawn = []
    for _ in range(10):
        changes = told.changes(looking, live.PATH)
        drawn.append([name for name in changes if name.endswith("-drawn")])
        now += TICK

    assert max(len(names) for names in drawn) == 1
    moved = [name for name in pushed.CHARTS if name not in pushed.MAPS]
    assert sorted(name for names in drawn for name in names) == sorted(
        2 * [f"{name}-drawn" for name in moved]
    )


def test_the_map_shows_payments_that_name_their_place_by_outcome():
    place = {"latitude": 47.4, "longitude": 8.5}
    paid = [
        a_decision("T1", outcome="decline", payment={"place": Place(**place)}),
        a_decision("T2", outcome="approve", hits=[]),
    ]

    figure = maps.payments(paid, theme="light").to_plotly_json()
    nowhere = maps.payments(paid[1:], theme="light").to_plotly_json()

    (trace,) = figure["data"]
    assert (trace["x"], trace["y"]) == ([8.5], [47.4])
    assert trace["marker"]["color"] == TOKENS["light"]["decline"]
    assert HIT.reason in trace["text"][0]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 47.4 < high
    assert not nowhere["data"]
    assert "names its place" in nowhere["layout"]["annotations"][0]["text"]


def test_other_pages_are_told_nothing_of_the_live_one(client: Client):
    assert Told().changes(client, "/ui/transactions/T1").keys() == {"source"}


@pytest.mark.parametrize(("role", "told"), [("viewer", False), ("analyst", True)])
def test_a_group_that_moves_is_told_to_who_may_know_of_it(role: Role, *, told: bool):
    who.set(Caller("ann", role, "session"))
    seen = Live(clock=lambda: 10_000.0)
    none = words(live.layout(seen.snapshot()))
    seen = Live(clock=lambda: 10_000.0)
    reason = "5 of 5 pay A1 for the first time"
    seen.add(a_pulse(groups=[GroupMoved("G7", AT, 5, 2, reason)]))
    shown = words(live.layout(seen.snapshot()))
    pushed_too = Told().changes(cast("Client", seen), live.PATH)

    assert "move together" not in none
    assert ("5 move together, 2 with frauds" in shown) is told
    assert (reason in str(pushed_too)) is told


def test_at_full_speed_all_flagged_rows_come_and_a_few_approved_ones(site: Site):
    site.live.add(a_pulse(recent=[a_decision("old")]))
    flagged = [a_decision(f"F{number}") for number in range(10)]
    approved = [a_decision(f"A{n}", outcome="approve", hits=[]) for n in range(10)]
    site.live.add(a_pulse(recent=[*flagged, *approved]))

    rows = pushed.rows(site.live.snapshot(), after=1, approved=2)

    assert [row["id"] for row in rows[:3]] == ["F0", "F1", "F2"]
    assert sum(row["outcome"] == "approve" for row in rows) == 2
    assert len(rows) == 12
    assert rows[0]["why"] == HIT.reason


# ---- Models


async def test_without_a_model_the_page_says_how_to_get_one(client: Client):
    assert "No model yet" in words(models.layout(client))
    assert models.shown(client) == {}


async def test_the_page_of_models_shows_who_scores_what_it_is_worth_and_drift(
    site: Site, client: Client
):
    model, other = remembering(), a_model(rounds=30)
    drift = Drift()
    feed(drift, model, drawn(1, 2 * BLOCK, amounts=2.0))
    site.context.cluster.add(a_pulse(drift=drift.read()))
    card = msgspec.to_builtins(a_card(version=model.version))
    broken = msgspec.structs.replace(
        pack(other, author="eve", comment="cut"), trees=b"no trees"
    )
    appointed: dict[str, Any] = {"author": "mia", "comment": "better in both"}
    for record in (
        pack(model, author="mia", comment="from June", card=card),
        broken,
        Appointment(number=1, id="a", live=model.version, **appointed),
        Appointment(
            number=2, id="b", live=model.version, shadow=other.version, **appointed
        ),
    ):
        told = a_record("models", record.key, msgspec.json.encode(record))
        site.models.hear([told])
    await site.models.settled()

    shown = words(models.layout(client))

    assert "0.891" in shown
    assert "536,879, 4,712 of them fraud" in shown
    assert "from 95%" in shown
    assert f"{other.version} is not used" in shown
    assert "cannot be inflated" in shown
    assert "Drifted" in shown
    assert "Steady" in shown
    assert "better in both" in shown
    assert "Drifted" in words(models.shown(client)["drift"]["children"])
    assert "drift" in Told().changes(client, "/ui/models")


async def test_a_model_without_a_card_is_shown_by_what_it_says_itself(
    site: Site, client: Client
):
    for record in (
        pack(a_model(), author="mia", comment="no card", card={"odd": 1}),
        Appointment(
            number=1, id="a", live=a_model().version, author="mia", comment="so"
        ),
    ):
        told = a_record("models", record.key, msgspec.json.encode(record))
        site.models.hear([told])
    await site.models.settled()

    shown = words(models.layout(client))

    assert "2026-01-01" in shown
    assert "does not say what it learnt from" in shown


# ---- Addresses


def test_every_link_of_the_navigation_leads_to_a_page(site: Site, client: Client):
    manager = Manager(site.context)
    paths = [path for _, path in shell.NAVIGATION]
    shown = [words(page(client, manager, path)) for path in paths]

    assert {*paths} <= {*SINGLE}
    assert all("No such page" not in text for text in shown)


@pytest.mark.parametrize("path", [*SINGLE, *(f"{path}one" for path in FOLDERS)])
def test_a_page_is_known_with_and_without_a_slash_at_its_end(path: str):
    assert known(path)
    assert known(path.rstrip("/"))
    assert known(f"{path.rstrip('/')}/")


@pytest.mark.parametrize("path", ["/ui/models/one", "/ui/customers/", "/ui/live"])
def test_where_no_page_is_none_is_known(site: Site, client: Client, path: str):
    assert not known(path)
    assert "No such page" in words(page(client, Manager(site.context), path))


# ---- A transaction


async def test_the_page_shows_every_feature_with_its_meaning(
    site: Site, client: Client
):
    site.archive.kept["T1"] = archived(payment={"merchant_category": "5411"})
    found = await client.evaluation("T1")
    assert found is not None

    shown = words(transaction.body(client, found))

    assert "Category 5411 groceries" in shown
    assert "large-amount 120 100 +50" in shown
    assert "120, the limit is 100." in shown
    for feature in catalogue.ALL:
        assert f"{feature.name} {wording.plain(feature.meaning)}" in shown
    assert "+1,000 ms" in shown


async def test_features_that_were_not_known_are_folded_away(site: Site, client: Client):
    site.archive.kept["T1"] = archived(features={"amount": 12.5, "is_night": 1.0})

    shown = words(await transaction.evaluate(client, "T1"))

    head, _, folded = shown.partition(f"{len(catalogue.ALL) - 1} features were not")
    assert "12.50 EUR" in head
    assert "The terminal's past" not in head
    assert "is_night" not in folded
    assert "model_probability" in folded


async def test_aggregates_that_a_decision_carries_are_shown(site: Site, client: Client):
    site.archive.kept["T1"] = archived()
    site.archive.kept["T2"] = archived("T2", features={**ORDINARY, "card_week": 5.0})
    plain, counted = await client.evaluation("T1"), await client.evaluation("T2")
    assert plain is not None
    assert counted is not None

    shown = words(transaction.body(client, counted))

    assert "Aggregates card_week declared as an aggregate 5" in shown
    assert "declared as" not in words(transaction.body(client, plain))


async def test_what_the_model_says_is_shown_with_what_raised_it(
    site: Site, client: Client
):
    site.archive.kept["T1"] = archived()
    contribution = Contribution("amount", 812.0, 2.47, "amount of 812.00 raises it")
    site.archive.kept["T2"] = archived(
        "T2",
        features={**ORDINARY, "model_probability": 0.934},
        contributions=[contribution],
        shadow_probability=0.5,
        versions=Versions("r1", "f1", "m1", "m2"),
    )

    without = words(await transaction.evaluate(client, "T1"))
    shown = words(await transaction.evaluate(client, "T2"))

    assert "What the model says" not in without
    assert "Probability of fraud  93 %" in shown
    assert "Amount of 812.00 raises it.  +2.5" in shown
    assert "the model in shadow says 50 %" in shown
    assert all(version in shown for version in ("m1", "m2"))


async def test_while_the_archive_is_away_the_newest_decisions_are_still_there(
    site: Site, client: Client
):
    object.__setattr__(site.context, "archive", Away())
    site.live.add(a_pulse(recent=[a_decision("T1")]))
    found = await client.evaluation("T1")
    assert found is not None

    assert "From this worker's memory" in words(transaction.body(client, found))
    gone = words(await transaction.evaluate(client, "T2"))
    assert "The archive does not answer" in gone
    assert "decided all the same" in gone


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("erased", "The customer was erased"),
        ("unreadable", "do not open with the customer's key, though nobody erased it"),
    ],
)
async def test_a_payment_without_what_is_personal_says_why(
    site: Site, client: Client, why: str, said: str
):
    place, card = Place(52.5, 13.4), Card("k1:a", "")
    kept = archived(payment={"place": place, "card": card})
    site.archive.kept["T1"] = {**kept, why: True}
    site.archive.kept["T2"] = archived("T2", payment={"place": Place(52.52437, 13.4)})

    gone = words(await transaction.evaluate(client, "T1"))
    whole = words(await transaction.evaluate(client, "T2"))

    assert said in gone
    assert "about 52.500° N, 13.400° E, the region" in gone
    assert "•••• —" in gone
    assert "large-amount" in gone
    assert said not in whole
    assert "the region" not in whole


async def test_an_unknown_id_is_said_to_be_unknown(client: Client):
    assert "No decision on T9" in words(await transaction.evaluate(client, "T9"))


async def test_a_row_that_no_worker_keeps_now_is_told_in_its_place(client: Client):
    shown = words(await transaction.remembered(client.terminal, "P1"))

    assert "no worker owns" in shown


# ---- Looks


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "name", ["ink", "quiet", "accent", "approve", "review", "decline"]
)
def test_text_stands_out_from_every_ground(theme: Theme, name: str):
    tokens = TOKENS[theme]

    found = [contrast(tokens[name], tokens[g]) for g in ("ground", "sheet", "raised")]

    assert min(found) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_the_edges_of_controls_stand_out(theme: Theme):
    tokens = TOKENS[theme]

    assert contrast(tokens["edge"], tokens["sheet"]) >= 3
    assert contrast(tokens["edge"], tokens["ground"]) >= 3
    assert contrast(tokens["accent-ink"], tokens["accent"]) >= 4.5


def test_both_themes_have_the_same_tokens():
    assert TOKENS["light"].keys() == TOKENS["dark"].keys()


def test_charts_say_what_was_decided_in_the_colours_of_their_theme():
    clock = iter([10_000.0, 10_001.0, 10_007.0])
    seen = Live(clock=lambda: next(clock))
    seen.add(a_pulse())
    seen.add(
        a_pulse(outcomes={"approve": 6, "review": 3, "decline": 1}, latency_ms={"2": 9})
    )
    series = seen.snapshot().series

    rate = figures.throughput(series, theme="dark")
    share = figures.flagged(series, theme="dark")
    latency = figures.latency(series, theme="dark")

    assert rate.data[0].y == (2.0,)
    assert [(t.name, t.y, t.line.color) for t in share.data] == [
        ("decline", (0.1,), TOKENS["dark"]["decline"]),
        ("review", (0.3,), TOKENS["dark"]["review"]),
    ]
    assert [note.text for note in latency.layout.annotations] == ["p99", "p50"]
    assert rate.layout.xaxis.range[1] - rate.layout.xaxis.range[0] == 900_000


def test_charts_of_nothing_are_empty():
    series = Live(clock=lambda: 10_000.0).snapshot().series

    assert figures.throughput(series, theme="light").data[0].y == ()
    assert not figures.latency(series, theme="light").layout.annotations
    assert figures.flagged(series, theme="light").layout.yaxis.maxallowed == 1


def test_an_outcome_has_a_word_beside_its_shape():
    mark = marks.outcome("decline")

    assert isinstance(mark, html.Span)
    assert (mark.children, mark.className) == ("Declined", "outcome decline")

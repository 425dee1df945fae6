"""Sketches & privacy without a browser: what it shows, to whom, and when it cannot."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.sketches.samples import WEIGHTED
from app.sketches.seen import Fill
from tests.web.console.parts import components, words
from tests.web.site import Site
from tests.web.test_sketches import PAYMENTS, keeping
from web.auth import Caller
from web.console import sections
from web.console.client import Client, who
from web.console.pages import blooms, samples, sketches
from web.console.tokens import THEMES


@pytest.fixture
def site(tmp_path: Path) -> Site:
    who.set(Caller("ann", "analyst", "session"))
    return keeping(Site(tmp_path), range(4), PAYMENTS)


@pytest.fixture
def client(site: Site) -> Client:
    return Client(site.context)


def test_the_page_has_every_section_and_each_has_a_place_of_its_own(site: Site):
    page = sketches.layout()
    places = {getattr(one, "id", "") for one in components(page)}

    names = [one.name for one in sketches.SECTIONS]
    assert len(set(names)) == len(names)
    assert {f"{name}-section" for name in names} <= places


async def test_a_viewer_is_shown_nothing_of_it(client: Client):
    who.set(Caller("vic", "viewer", "session"))

    assert "Not for your role" in words(sketches.layout())
    assert not sketches.allowed()
    for section in (blooms.SECTION, samples.SHARES, samples.MAP):
        told = words(await sections.filled(client, section))
        assert "this needs analyst or above" in told
    assert "analyst" in words(await blooms.asked(client, "card", "k1:1", segment=""))


async def test_each_filter_is_told_with_its_fill_and_three_errors(client: Client):
    told = words(await blooms.show(client))

    for text in ("Devices", "Cards", "Terminals", "Places", "600", "1 %"):
        assert text in told
    assert "200,000 things" not in told
    assert "20" in told


@pytest.mark.parametrize(
    ("kind", "value", "segment", "said"),
    [
        ("device", " d-7 ", "", "Seen in the last 60 days"),
        ("device", "d-9999", "", "Never seen since the time in its row above"),
        ("device", "d-7", "frequent", "Never seen among frequent customers"),
        ("place", "48.2,16.37", "", "Seen in the last 60 days"),
        ("place", "-48.2,16.37", "", "No sampled payment was there"),
        ("place", "here", "", "Value: got 'here', expected latitude,longitude"),
        ("device", "", "", "Value: got 0 characters"),
    ],
)
async def test_who_asks_is_told_what_is_certain_and_what_is_not(
    client: Client, kind: str, value: str, segment: str, said: str
):
    assert said in words(await blooms.asked(client, kind, value, segment=segment))


def fill(**fields: Any) -> Fill:
    valid: dict[str, Any] = {
        "kind": "device",
        "by_segment": False,
        "blocks": 4,
        "bytes": 1,
        "things": 1,
        "capacity": 1,
        "fill": 0.2,
        "configured": 0.01,
        "expected": 0.005,
        "measured": 0.0,
        "probes": 20_000,
    }
    return Fill(**valid | fields)


@pytest.mark.parametrize("theme", THEMES)
def test_errors_are_drawn_beside_the_configured_one_and_none_has_a_place(theme: Any):
    figure = blooms.errors([fill(), fill(by_segment=True, measured=0.02)], theme=theme)

    expected, measured = figure.data
    assert list(expected.x) == [0.005, 0.005]
    assert list(measured.x) == [blooms.FLOOR, 0.02]
    assert list(measured.y) == ["Devices", "Devices by segment"]
    assert figure.layout.shapes[0].x0 == 0.01


async def test_strata_are_told_as_shares_of_all_and_of_the_sample(client: Client):
    told = words(await samples.shares(client))

    assert "of 600 payments since 2026-03-08, at most 32 of each of" in told
    assert "The 24 examples below are drawn from all of them" in told
    assert "Online" in told
    assert "Declined" in told


async def test_the_map_tells_of_each_payment_its_verdict(client: Client):
    found = await client.samples()
    chart, drawn = samples.drawn(found.payments)

    assert chart.className == "chart"
    traces = msgspec.json.decode(getattr(drawn, "data-light"))["data"]
    told = [text for trace in traces for text in trace["text"]]
    assert len(told) == len(found.payments)
    assert any(
        text.startswith("<b>Declined</b>, score 50<br>120, the limit is 100")
        for text in told
    )
    assert all("stands for" in text for text in told)
    assert hasattr(drawn, "data-map")


async def test_examples_lead_to_their_payments(client: Client):
    found = await samples.where(client)
    links = [
        one.href for one in components(found) if getattr(one, "href", None) is not None
    ]

    assert len(links) == WEIGHTED
    assert all(link.startswith("/ui/transactions/T") for link in links)


async def test_before_the_first_decision_each_part_says_what_would_be_here(
    tmp_path: Path,
):
    who.set(Caller("ann", "analyst", "session"))
    client = Client(keeping(Site(tmp_path), range(4), []).context)

    assert "Nothing seen yet" in words(await blooms.show(client))
    assert "No samples yet" in words(await samples.shares(client))
    assert "No samples yet" in words(await samples.where(client))


async def test_where_nobody_keeps_sketches_the_section_says_so(tmp_path: Path):
    who.set(Caller("ann", "analyst", "session"))
    client = Client(Site(tmp_path).context)
    told = words(await sections.filled(client, samples.MAP))

    assert "no worker of role sketch" in told
    assert "load it again" in told

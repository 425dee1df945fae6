"""The section of groups without a browser: what it shows, and how it is drawn."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from app.events.groups import GroupAlert
from app.sketches.group_rows import groups_of
from tests.web.console.parts import components, named, words
from tests.web.site import Site
from tests.web.test_groups import kept
from web.auth import Caller
from web.console import group_figures
from web.console.client import Client, who
from web.console.pages import groups, sketches
from web.console.sections import filled
from web.console.tokens import THEMES, TOKENS, Theme
from web.groups import listed

CALLER = Caller("ann", "analyst", "session")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a worker that keeps groups."""
    site = Site(tmp_path)
    kept(site)
    who.set(CALLER)
    return site


async def test_groups_are_listed_with_who_and_why(site: Site):
    text = words(await groups.show(Client(site.context)))

    assert "2 groups in 30 days" in text
    assert "4 of 4 pay A1 for the first time" in text
    assert "bot-4" in text
    assert groups.SECTION in sketches.SECTIONS


async def test_a_graph_is_drawn_of_both_themes(site: Site):
    drawn = named(await groups.show(Client(site.context)), "groups-drawn")

    for theme in THEMES:
        assert TOKENS[theme]["accent"] in getattr(drawn, f"data-{theme}")


async def test_without_groups_it_says_what_would_be_there(tmp_path: Path):
    site = Site(tmp_path)
    kept(site)
    site.engine.tables["behaviours"].owned[0].rows.clear()
    who.set(CALLER)

    assert "Nobody moves together" in words(await groups.show(Client(site.context)))


async def test_while_nobody_keeps_groups_the_section_says_so(tmp_path: Path):
    who.set(CALLER)
    told = await filled(Client(Site(tmp_path).context), groups.SECTION)

    assert "no worker of role sketch keeps groups now" in words(told)


@pytest.mark.parametrize("theme", THEMES)
async def test_each_member_is_a_mark_and_each_link_a_line(site: Site, theme: Theme):
    told = (await listed(site.context, CALLER)).groups
    known = [replace(told[0], frauds=2), told[1]]
    figure: Any = group_figures.clusters(group_figures.placed(known), theme=theme)

    lines, marks = figure.data[0::2], figure.data[1::2]
    assert [len(one.x) for one in marks] == [5, 4]
    assert [len(one.x) / 3 for one in lines] == [len(one.links) for one in told]
    assert [one.marker.symbol for one in marks] == ["square", "circle"]
    assert f"bot-0 of {told[0].id}<br>" in marks[0].text[0]
    assert "5 customers<br>2 with frauds" in [
        one.text for one in figure.layout.annotations
    ]


async def test_a_group_looks_the_same_each_time_and_fits_its_circle(site: Site):
    for one in (await listed(site.context, CALLER)).groups:
        at = group_figures.laid_out(one)

        assert np.array_equal(at, group_figures.laid_out(one))
        assert np.isclose(np.linalg.norm(at, axis=1).max(), 1.0)
        assert len({tuple(point) for point in at.round(3)}) == len(one.members)
        assert np.linalg.norm(at[0] - at[1]) > 0.05


async def test_who_left_alone_has_a_place_too(site: Site):
    one = (await listed(site.context, CALLER)).groups[0]
    two = replace(one, members=one.members[:2])

    assert group_figures.laid_out(two).shape == (2, 2)
    shown = group_figures.placed([two])
    assert group_figures.clusters(shown, theme="light").data[1].x is not None


async def test_groups_are_placed_once_for_both_themes_and_beside_the_loop(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    threads = []
    lay_out = group_figures.laid_out

    def watched(group: GroupAlert) -> group_figures.Layout:
        threads.append(threading.current_thread())
        return lay_out(group)

    monkeypatch.setattr(group_figures, "laid_out", watched)
    await groups.show(Client(site.context))

    assert len(threads) == 2
    assert threading.current_thread() not in threads


async def test_of_a_large_group_those_who_joined_last_are_drawn(site: Site):
    one = (await listed(site.context, CALLER)).groups[0]
    many = [f"c-{number}" for number in range(200)]
    ((drawn, at),) = group_figures.placed([replace(one, members=many)])

    assert drawn.members == many[-group_figures.MARKS :]
    assert at.shape == (group_figures.MARKS, 2)


async def test_who_moves_together_now_is_counted_and_who_ever_did_is_named(site: Site):
    found = groups_of(site.engine.tables["behaviours"].owned[0])
    assert found
    for name, group in found.known.items():
        found.known[name] = replace(group, size=3)
    told = await groups.show(Client(site.context))
    counts = [
        one.children
        for one in components(told)
        if getattr(one, "data-name", "") == "customers"
    ]

    assert counts == ["3", "3"]
    assert "3 customers" in getattr(named(told, "groups-drawn"), "data-light")
    assert "Ever in it" in words(told)
    assert "bot-4" in words(told)

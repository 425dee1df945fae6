"""The section of groups without a browser: what it shows, and how it is drawn."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tests.web.console.parts import named, words
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
    figure: Any = group_figures.clusters(known, theme=theme)

    lines, marks = figure.data[0::2], figure.data[1::2]
    assert [len(one.x) for one in marks] == [5, 4]
    assert [len(one.x) / 3 for one in lines] == [len(one.links) for one in told]
    assert [one.marker.symbol for one in marks] == ["square", "circle"]
    assert "bot-0 of bot-0." in marks[0].text[0]
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
    assert group_figures.clusters([two], theme="light").data[1].x is not None

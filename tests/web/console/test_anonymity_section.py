"""k against risk and loss: what is drawn, what a k means, and who may look."""

from pathlib import Path
from typing import Any

import pytest

from tests.web.console.parts import words
from tests.web.site import Site
from tests.web.test_tradeoffs import archive
from web.auth import Caller
from web.console import curves
from web.console.client import Client, who
from web.console.pages import anonymity
from web.console.tokens import THEMES
from web.problems import Problem
from web.tradeoffs import Tradeoffs

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def client(site: Site) -> Client:
    who.set(Caller("ann", "analyst", "session"))
    return Client(site.context)


@pytest.mark.parametrize("theme", THEMES)
async def test_risk_falls_and_loss_grows_and_the_chosen_k_is_marked(
    site: Site, tmp_path: Path, theme: Any
):
    archive(tmp_path)
    told = await Tradeoffs(site.context).ask(["hour", "amount"])

    figure = curves.tradeoff(told, 5, theme=theme)

    risk, loss = figure.data
    assert list(risk.x) == list(loss.x) == [1, 2, 3, 5, 8, 12, 20, 30, 50]
    assert list(risk.y) == sorted(risk.y, reverse=True)
    assert list(loss.y) == sorted(loss.y)
    assert [one.x0 for one in figure.layout.shapes] == [5]
    assert {one.text for one in figure.layout.annotations} == {"risk", "loss", "k = 5"}


async def test_what_a_k_means_is_told_in_numbers(client: Client, tmp_path: Path):
    archive(tmp_path)

    told = words(await anonymity.told(client, "usual", 5))

    assert "400 payments of 60 customers" in told
    assert "Smallest class, customers" in told
    assert "Classes by how many customers are in them" in told


async def test_too_few_customers_are_told(client: Client, tmp_path: Path):
    archive(tmp_path, customers=9)

    told = words(await anonymity.told(client, "usual", 12))

    assert "Too few customers for k = 12" in told


async def test_without_decisions_the_section_says_where_they_come_from(client: Client):
    assert "No decisions yet" in words(await anonymity.show(client))


async def test_a_viewer_learns_nothing_of_it(client: Client, tmp_path: Path):
    archive(tmp_path)
    who.set(Caller("vic", "viewer", "session"))

    with pytest.raises(Problem, match="needs analyst"):
        await anonymity.show(client)

"""Kibana's saved objects: made of one file, complete, and about fields that are."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.sinks import documents
from app.features.catalogue import READABLE
from app.kibana.boards import load_boards
from app.kibana.objects import FILE, ndjson
from tests.kibana.asking import objects
from tests.sinks.test_documents import mapped

BOARDS = load_boards()
ROOT = Path(__file__).parent.parent.parent


def of(kind: str) -> list[dict[str, Any]]:
    return [one for one in objects() if one["type"] == kind]


def fields(view: str) -> set[str]:
    """Name the fields that may be searched; a feature is one by its name."""
    (kind,) = [one for one in documents.KINDS if one.name == view]
    named = mapped(kind.mappings)
    return named | ({f"features.{name}" for name in READABLE} & {*_features(named)})


def _features(named: set[str]) -> list[str]:
    return [f"features.{name}" for name in READABLE] if "features" in named else []


def test_the_file_is_what_the_boards_say():
    assert FILE.read_text("utf-8") == ndjson(), "run: python -m app.kibana.objects"


def test_another_database_has_objects_and_indices_of_its_own():
    ours = {one["id"] for one in objects()}
    theirs = [json.loads(line) for line in ndjson(database="bank").splitlines()]

    assert not ours & {one["id"] for one in theirs}
    assert {one["attributes"]["title"] for one in theirs[:3]} == {
        "bank-decisions-*",
        "bank-app-events-*",
        "bank-readings-*",
    }


def test_every_reference_is_to_an_object_of_the_file():
    known = {(one["type"], one["id"]) for one in objects()}

    assert len({identity for _, identity in known}) == len(objects())
    for one in objects():
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in known


@pytest.mark.parametrize("name", BOARDS.panels)
def test_a_panel_is_about_fields_that_are_mapped(name: str):
    panel = BOARDS.panels[name]
    known = fields(panel.view)
    time = BOARDS.views[panel.view].time
    asked = {one.field for one in panel.measures if one.field}
    asked |= {one.field or time for one in panel.buckets} | set(panel.columns)

    assert {*asked, time} <= known
    assert {word.partition(":")[0] for word in panel.where.split() if ":" in word} <= (
        known
    )


def test_every_panel_is_on_a_board_once():
    shown = [name for board in BOARDS.boards.values() for r in board.rows for name in r]

    assert sorted(shown) == sorted(BOARDS.panels)


def test_a_board_s_panels_fill_its_rows_and_do_not_overlap():
    for board in of("dashboard"):
        panels = json.loads(board["attributes"]["panelsJSON"])
        taken = [
            (x, y)
            for grid in (panel["gridData"] for panel in panels)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        ]
        named = {one["name"] for one in board["references"]}

        assert len(set(taken)) == len(taken)
        assert max(x for x, _ in taken) < 48
        assert named == {f"{p['panelIndex']}:{p['panelRefName']}" for p in panels}


def test_the_panels_that_were_asked_for_are_there():
    titles = {panel.title for panel in BOARDS.panels.values()}

    assert {
        "Top 5 merchant categories",
        "Volume per 10 minutes",
        "Average amount per 10 minutes",
        "Transaction type",
        "Total",
        "Average value",
        "By device type",
        "Who takes part",
    } <= titles


def test_the_containers_have_kibana_and_import_the_objects():
    text = (ROOT / "docker" / "compose.yaml").read_text("utf-8")
    services = yaml.safe_load(text)["services"]
    elastic = services["elastic"]["image"].partition(":")[2]

    assert services["kibana"]["image"] == f"kibana:{elastic}"
    assert services["kibana"]["environment"]["ELASTICSEARCH_HOSTS"]
    command = services["kibana-objects"]["command"]
    assert command == ["kibana", "--to", "http://kibana:5601"]

"""Objects: what Kibana 8.15 imports, one JSON object a line (`ndjson`).

Other than Lens, aggregation-based visualizations say what they ask in words of
Elasticsearch. The versions are those of the formats, not of Kibana: a later Kibana
migrates what it imports.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from app.events import categories
from app.kibana.boards import Board, Boards, Panel, load_boards
from app.kibana.visualizations import vis_state

FILE = Path(__file__).parent.parent.parent / "docker" / "kibana" / "smartbank.ndjson"
DATABASE = "smartbank"
COLUMNS = 48  # of a dashboard's grid
LOW, HIGH = 7, 14  # rows of the grid that a number takes, and any other panel
INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
_CORE = "8.8.0"
_TYPES = {
    "index-pattern": "8.0.0",
    "visualization": "8.5.0",
    "search": "8.0.0",
    "dashboard": "8.9.0",
}
_AMOUNT = {"id": "number", "params": {"pattern": "0,0.00"}}
FORMATS = {
    "features.amount": _AMOUNT,
    "declined": {"id": "percent", "params": {"pattern": "0.00%"}},
    "payment.merchant_category": {
        "id": "static_lookup",
        "params": {
            "lookupEntries": [
                {"key": code, "value": categories.category(code)}
                for code in categories.CODES
            ]
        },
    },
}
"""How fields are shown; categories as the console does."""

Object = dict[str, Any]


def objects(boards: Boards, *, database: str = DATABASE) -> Iterator[Object]:
    """Yield the saved objects: data views, panels, dashboards."""
    for name, view in boards.views.items():
        index = f"{database}-{name}-*"
        told = {"title": index, "name": index, "timeFieldName": view.time}
        if name == "decisions":
            told["fieldFormatMap"] = _json(FORMATS)
        yield _object("index-pattern", f"{database}-{name}", told)
    for name, panel in boards.panels.items():
        time = boards.views[panel.view].time
        yield _panel(f"{database}-panel-{name}", panel, database=database, time=time)
    for name, board in boards.boards.items():
        identity = f"{database}-board-{name}"
        yield _board(identity, board, panels=boards.panels, database=database)


def ndjson(*, database: str = DATABASE) -> str:
    """Return the saved objects as Kibana imports them."""
    found = objects(load_boards(), database=database)
    return "".join(f"{_json(one)}\n" for one in found)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _object(
    kind: str,
    identity: str,
    attributes: Object,
    references: list[dict[str, str]] | None = None,
) -> Object:
    return {
        "id": identity,
        "type": kind,
        "coreMigrationVersion": _CORE,
        "typeMigrationVersion": _TYPES[kind],
        "managed": False,
        "attributes": attributes,
        "references": references or [],
    }


def _panel(identity: str, panel: Panel, *, database: str, time: str) -> Object:
    view = f"{database}-{panel.view}"
    query = {"query": panel.where, "language": "lucene"}
    source = {"query": query, "filter": [], "indexRefName": INDEX}
    attributes: Object = {
        "title": panel.title,
        "description": "",
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
    }
    if panel.chart == "list":
        kind = "search"
        attributes |= {
            "columns": panel.columns,
            "sort": [[time, "desc"]],
            "grid": {},
            "hideChart": True,
            "isTextBasedQuery": False,
            "timeRestore": False,
        }
    else:
        kind = "visualization"
        attributes |= {
            "uiStateJSON": "{}",
            "version": 1,
            "visState": _json(vis_state(panel, time=time)),
        }
    reference = {"id": view, "name": INDEX, "type": "index-pattern"}
    return _object(kind, identity, attributes, [reference])


def _board(
    identity: str, board: Board, *, panels: dict[str, Panel], database: str
) -> Object:
    shown, references, top = [], [], 0
    for row in board.rows:
        width = COLUMNS // len(row)
        height = LOW if panels[row[0]].chart == "number" else HIGH
        for place, name in enumerate(row):
            kind = "search" if panels[name].chart == "list" else "visualization"
            grid = {"x": place * width, "y": top, "w": width, "h": height, "i": name}
            shown.append(
                {
                    "type": kind,
                    "gridData": grid,
                    "panelIndex": name,
                    "embeddableConfig": {"enhancements": {}},
                    "panelRefName": f"panel_{name}",
                }
            )
            references.append(
                {
                    "id": f"{database}-panel-{name}",
                    "name": f"{name}:panel_{name}",
                    "type": kind,
                }
            )
        top += height
    source = {"query": {"query": "", "language": "kuery"}, "filter": []}
    attributes = {
        "title": board.title,
        "description": board.about,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
        "optionsJSON": _json({"useMargins": True, "hidePanelTitles": False}),
        "panelsJSON": _json(shown),
        "timeRestore": True,
        "timeFrom": "now-24h",
        "timeTo": "now",
        "refreshInterval": {"pause": False, "value": 10_000},
        "version": 1,
    }
    return _object("dashboard", identity, attributes, references)


if __name__ == "__main__":
    FILE.write_text(ndjson(), encoding="utf-8")

"""Live: what happens now, pushed as it happens."""

from dash import html

from web.console import charts, marks
from web.console.pages import sketches
from web.console.pages.pushed import CHARTS, MAPS, STAGES, Props, groups, rows, shown
from web.console.wording import wire
from web.live import Snapshot

PATH = "/ui/"


def layout(snapshot: Snapshot) -> html.Div:
    """Return the page as it is now."""
    now = shown(snapshot)
    return html.Div(
        [
            html.H1("Live", className="unseen"),
            _figures(now),
            _pipeline(now),
            *_groups(snapshot),
            html.Div([_decisions(snapshot), _trends(now)], className="columns"),
        ],
        className="live",
    )


def _groups(snapshot: Snapshot) -> list[html.Ul]:
    """Return the newest group alerts, to those who may see them."""
    if not sketches.allowed():
        return []
    label = {"aria-label": "Groups that moved last"}
    listed = groups(snapshot.groups)["group-alerts"]
    return [html.Ul(id="group-alerts", className="group-alerts", **listed, **label)]


def _figures(now: Props) -> html.Section:
    shapes = (
        ("rate", "Transactions a second", "last 5 seconds"),
        ("p50", "Median time to decide", "last minute"),
        ("p99", "99th percentile", "last minute"),
        ("decided", "Decided", "since start"),
        ("flagged", "Flagged", "last 15 minutes"),
    )
    boxes = [
        html.Div(
            [
                html.Dt(title),
                html.Dd(
                    [
                        html.Strong(id=f"figure-{name}", **now[f"figure-{name}"]),
                        html.Span(span),
                    ]
                ),
            ]
        )
        for name, title, span in shapes
    ]
    return html.Section(
        html.Dl(boxes), className="figures", **{"aria-label": "Key figures"}
    )


def _pipeline(now: Props) -> html.Section:
    stages = [
        html.Li(
            [
                html.Span(title, className="title"),
                html.Strong(id=f"stage-{name}", **now[f"stage-{name}"]),
                html.Span(id=f"small-{name}", **now[f"small-{name}"]),
            ],
            className="stage",
        )
        for name, title in STAGES.items()
    ]
    return html.Section(
        [
            html.Ol(stages, className="stages"),
            html.Ul(id="workers", className="workers", **now["workers"]),
        ],
        className="pipeline",
        **{"aria-label": "Pipeline"},
    )


def _decisions(snapshot: Snapshot) -> html.Section:
    heads = [
        html.Th(title, scope="col", className=name)
        for name, title in (
            ("at", "Received"),
            ("result", "Outcome"),
            ("score", "Score"),
            ("amount", "Amount"),
            ("customer", "Customer"),
            ("why", "Reason"),
            ("tx", "Transaction"),
        )
    ]
    filters = html.Div(
        [
            html.Button("All", type="button", **_filter("all", pressed=True)),
            html.Button("Flagged", type="button", **_filter("flagged")),
        ],
        className="segments",
        role="group",
        **{"aria-label": "Which decisions"},
    )
    waiting = html.Button(id="waiting", type="button", hidden=True)
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(id="decisions")],
        **{"aria-label": "Decisions, newest first"},
    )
    return html.Section(
        [
            html.Div([html.H2("Decisions"), waiting, filters], className="bar"),
            html.Div(table, className="scroll", tabIndex=0, id="decisions-scroll"),
            html.Div(_nothing_yet(), id="nothing-yet", hidden=bool(snapshot.newest)),
            html.Div(id="arrivals", **{"data-rows": wire(rows(snapshot, after=0))}),
        ],
        className="panel decisions",
    )


def _nothing_yet() -> html.Div:
    return marks.notice(
        "No decisions yet",
        "Each payment appears here within a second of its arrival.",
        html.Span(
            ["To try it: ", html.Code("smartbank simulate --rate 50"), ", or ",
             html.Code("POST /v1/transactions"), "."]
        ),
    )  # fmt: skip


def _filter(name: str, *, pressed: bool = False) -> dict[str, str]:
    return {"data-filter": name, "aria-pressed": str(pressed).lower()}


def _trends(now: Props) -> html.Div:
    panels = []
    for name, (title, _) in CHARTS.items():
        label = title if name in MAPS else f"{title}, last 15 minutes"
        chart = charts.place(name, label)
        mapped = {"data-map": ""} if name in MAPS else {}
        drawn = html.Div(id=f"{name}-drawn", **now[f"{name}-drawn"], **mapped)
        under = []
        if name == "flagged":
            under = [html.Div(id="mix", className="mix", **now["mix"])]
        kind = f"trend {name}"
        panels.append(marks.panel(title, *under, chart, drawn, className=kind))
    return html.Div(panels, className="trends")

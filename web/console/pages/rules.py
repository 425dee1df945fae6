"""Rules: all that decide, watch or rest, and how often each one fires."""

from typing import Any
from urllib.parse import quote

from dash import Dash, Input, Output, html, no_update

from app.rules.ruleset import Rule
from app.scoring.report import Figures, Report
from web.console import forms, marks, wording
from web.console.client import Client
from web.console.managing import Manager, may
from web.console.pages import rule as one
from web.live import Snapshot
from web.problems import Problem

PATH = "/ui/rules"

ADDS = {"score": "", "review": "review", "decline": "decline"}


def layout(client: Client, manager: Manager) -> html.Div:
    """Return the page: every rule in the ruleset's order."""
    links: list[Any] = [html.A("Versions", href=one.VERSIONS, className="button")]
    if may("analyst"):
        links.insert(0, html.A("New rule", href=one.NEW, className="button first"))
        links.append(forms.button("Measure on the archive", "rules-measure"))
    head = html.Div(
        [html.H1("Rules"), _bands(manager), html.Div(links, className="row actions")],
        className="title-line",
    )
    shown = html.Div(_table(manager, client.snapshot(), None), id="rules-shown")
    return html.Div([head, shown], className="rules-page")


def _bands(manager: Manager) -> html.Span:
    ruleset = manager.present
    bands = ruleset.bands
    said = f"Review from {bands.review_from:g}, decline from {bands.decline_from:g}"
    return html.Span(
        [
            f"{said}; version ",
            html.A(
                html.Code(ruleset.version), href=f"{one.VERSIONS}/{ruleset.version}"
            ),
        ],
        className="lead",
    )


def register(app: Dash, client: Client, manager: Manager) -> None:
    """Measure the rules on the archive when asked to."""

    @app.callback(
        Output("rules-shown", "children"),
        Input("rules-measure", "n_clicks"),
        running=[
            (Output("rules-measure", "disabled"), True, False),
            (Output("rules-measure", "children"), "Measuring…",
             "Measure on the archive"),
        ],
        prevent_initial_call=True,
    )  # fmt: skip
    async def measure(clicks: int | None) -> Any:
        if not clicks:
            return no_update
        return await measured(client, manager)


async def measured(client: Client, manager: Manager) -> list[Any]:
    """Return the table with what each rule hit in the archive's newest 30 days."""
    snapshot = client.snapshot()
    try:
        report, _ = await manager.trial(manager.present)
    except Problem as problem:
        return [forms.refused(problem), *_table(manager, snapshot, None)]
    return _table(manager, snapshot, report)


def _table(manager: Manager, snapshot: Snapshot, report: Report | None) -> list[Any]:
    told = {} if report is None else {r.name: r.figures.after for r in report.rules}
    decided = sum(snapshot.outcomes.values())
    heads = [
        ("Rule", "name"),
        ("State", ""),
        ("Adds", "number"),
        ("At least", ""),
        ("Fires", "number"),
    ]
    if report:
        heads += [
            ("Hits", "number"),
            ("Share", "number"),
            ("Precision", "number"),
            ("Recall", "number"),
            ("Fraud stopped", "number"),
        ]
    heads.append(("Last changed by", ""))
    rows = [
        _row(rule, snapshot.hits.get(rule.name, 0), decided=decided,
             figures=told.get(rule.name), measured=report is not None,
             currency=manager.settings.currency)
        for rule in manager.present.rules
    ]  # fmt: skip
    table = marks.table(heads, rows, name="rules-table")
    parts: list[Any] = []
    if report:
        parts.append(_span(report))
    parts.append(html.Div(table, className="scroll panel", tabIndex=0))
    fires = (
        f"Fires: share of the {wording.count(decided)} payments decided in the last "
        "15 minutes. A rule in shadow is counted, and counts for nothing."
    )
    return [*parts, html.P(fires, className="hint")]


def _span(report: Report) -> html.P:
    if not report.payments or not (report.since and report.until):
        return html.P("The archive of this worker is empty.", className="lead")
    return html.P(
        [
            f"Measured on {wording.count(report.payments)} payments from ",
            marks.moment(report.since),
            " to ",
            marks.moment(report.until),
            f", {wording.count(report.frauds)} of them known as fraud.",
        ],
        className="lead",
    )


def _row(
    rule: Rule,
    hits: int,
    *,
    decided: int,
    figures: Figures | None,
    measured: bool,
    currency: str,
) -> html.Tr:
    link = html.A(rule.name, href=one.PATH + quote(rule.name))
    fires = hits / decided if decided and rule.state != "off" else None
    cells = [
        html.Td(marks.state(rule.state)),
        html.Td(f"+{rule.score:g}", className="number"),
        html.Td(ADDS[rule.action]),
        html.Td(wording.share(fires), className="number"),
    ]
    if measured:
        cells += [html.Td(words, className="number") for words in (
            (wording.count(figures.hits), wording.share(figures.share),
             wording.share(figures.precision), wording.share(figures.recall),
             wording.money(figures.stopped, currency))
            if figures else (wording.MISSING,) * 5
        )]  # fmt: skip
    cells.append(html.Td(f"{rule.author}, version {rule.version}", className="quiet"))
    name = html.Th([link, html.Code(rule.expression)], scope="row", className="name")
    return html.Tr([name, *cells], className=f"is-{rule.state}")

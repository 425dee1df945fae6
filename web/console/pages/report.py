"""Report: what a ruleset would have done to past payments, beside the present one."""

from collections.abc import Callable
from typing import Any

from dash import html

from app.scoring.report import Comparison, Example, Figures, Moved, Report
from web.console import links, marks, wording
from web.console.marks import WORDS


def report(of: Report, *, currency: str, rule: str | None = None) -> html.Div:
    """Show a trial: what it was made on, figures beside each other, payments."""
    if not of.payments:
        return marks.notice(
            "No payment in this period",
            "The archive of this worker holds none, so nothing is proven. Role deliver "
            "writes it a few seconds after each decision.",
        )
    blocks = [_block("Reviewed or declined", of.flagged, currency)]
    if of.declined.before != of.declined.after or (
        of.declined.after and of.declined.after.hits
    ):
        blocks.append(_block("Declined alone", of.declined, currency))
    for one in of.rules:
        if one.name == rule:
            blocks.insert(0, _block(f"The rule {rule}", one.figures, currency))
    return html.Div(
        [
            _period(of),
            html.Div(blocks, className="blocks"),
            _moved(of.moved, currency),
            _examples(of.examples),
        ],
        className="report",
    )


def _period(of: Report) -> html.P:
    words: list[Any] = [wording.many(of.payments, "payment")]
    if of.since and of.until:
        words += [" from ", marks.moment(of.since), " to ", marks.moment(of.until)]
    frauds = f"; {wording.count(of.frauds)} of them are known as fraud."
    return html.P([*words, frauds], className="lead")


MEASURES: tuple[tuple[str, str, Callable[[Figures, str], str]], ...] = (
    ("Payments", "", lambda f, _: wording.count(f.hits)),
    ("Share of all", "how often", lambda f, _: wording.share(f.share)),
    ("Precision", "of these, fraud", lambda f, _: wording.share(f.precision)),
    ("Recall", "of all frauds, so many", lambda f, _: wording.share(f.recall)),
    ("Fraud stopped", "", lambda f, unit: wording.money(f.stopped, unit)),
    ("Honest money held", "", lambda f, unit: wording.money(f.bothered, unit)),
    ("Customers affected", "", lambda f, _: wording.count(f.customers)),
)


def _block(title: str, figures: Comparison, currency: str) -> html.Table:
    rows = []
    for name, hint, measure in MEASURES:
        cells = [
            wording.MISSING if side is None else measure(side, currency)
            for side in (figures.before, figures.after)
        ]
        same = "" if cells[0] == cells[1] else "other"
        head: list[Any] = [name, html.Span(hint, className="hint")] if hint else [name]
        rows.append(
            html.Tr(
                [
                    html.Th(head, scope="row"),
                    html.Td(cells[0], className="number"),
                    html.Td(cells[1], className=f"number {same}".strip()),
                ]
            )
        )
    heads = html.Tr(
        [
            html.Th(title, scope="col"),
            html.Th("Now", scope="col", className="number"),
            html.Th("Tried", scope="col", className="number"),
        ]
    )
    return html.Table([html.Thead(heads), html.Tbody(rows)], className="figures-table")


def _moved(moved: list[Moved], currency: str) -> html.Div:
    title = html.H3("Other outcomes")
    if not moved:
        none = html.P("No payment would have had another.", className="lead")
        return html.Div([title, none])
    rows = [
        html.Li(
            [
                marks.outcome(one.before),
                html.Span("→", **{"aria-label": "becomes"}),
                marks.outcome(one.after),
                html.Span(
                    f"{wording.many(one.payments, 'payment')}, of them "
                    f"{wording.count(one.frauds)} fraud; "
                    f"{wording.money(one.amount, currency)}"
                ),
            ]
        )
        for one in moved
    ]
    return html.Div([title, html.Ul(rows, className="moved")])


def _examples(examples: list[Example]) -> html.Div:
    title = html.H3("Examples")
    if not examples:
        none = html.P("The two say the same of every payment.", className="lead")
        return html.Div([title, none])
    heads = ("Payment", ("Amount", "number"), "Customer", "It was", "Now", "Tried",
             "Reasons when tried")  # fmt: skip
    table = marks.table(heads, [_example(one) for one in examples], name="examples")
    scroll = html.Div(table, className="scroll", tabIndex=0)
    return html.Div([title, scroll])


def _example(one: Example) -> html.Tr:
    was = {True: "fraud", False: "fine", None: "no label"}[one.fraud]
    link = html.A(
        wording.short(one.id),
        href=links.transaction(one.id),
        title=one.id,
    )
    reasons = [html.Li(reason) for reason in one.reasons_after]
    return html.Tr(
        [
            html.Td(link),
            html.Td(wording.money(one.amount, one.currency), className="number"),
            html.Td(html.Code(wording.short(one.customer_id), title=one.customer_id)),
            html.Td(was, className="fraud" if one.fraud else ""),
            html.Td(marks.outcome(one.before)),
            html.Td(marks.outcome(one.after)),
            html.Td(html.Ul(reasons) if reasons else WORDS[one.after]),
        ]
    )

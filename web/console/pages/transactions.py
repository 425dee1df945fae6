"""Transactions: look one up."""

from dash import html

from web.console import links, marks, wording
from web.live import Snapshot

PATH = "/ui/transactions"
NEWEST = 12


def layout(snapshot: Snapshot) -> html.Div:
    """Return the page: how to find a payment, and the newest flagged ones."""
    flagged = [d for _, d in reversed(snapshot.newest) if d.outcome != "approve"]
    items = [
        html.Li(
            html.A(
                [
                    marks.outcome(decision.outcome),
                    html.Code(wording.short(decision.id)),
                    html.Span(
                        wording.money(
                            decision.payment.amount, decision.payment.currency
                        ),
                        className="number",
                    ),
                    html.Span(decision.hits[0].reason if decision.hits else ""),
                ],
                href=links.transaction(decision.id),
            )
        )
        for decision in flagged[:NEWEST]
    ]
    found = (
        html.Ul(items, className="links")
        if items
        else marks.notice("Nothing flagged of late")
    )
    return html.Div(
        [
            html.H1("Transactions"),
            html.P(
                [
                    "Press ",
                    html.Kbd("/"),
                    ", give the id that the sender gave the payment, then Enter.",
                ],
                className="lead",
            ),
            marks.panel("Newest flagged", found),
        ],
        className="narrow",
    )

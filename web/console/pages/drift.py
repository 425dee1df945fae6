"""Drift: how far payments have moved from what the live model learnt from."""

from collections.abc import Sequence
from typing import Any

from dash import html

from app.events.drift import Watched
from app.features.catalogue import MODEL
from app.scoring.reference import DRIFTED, ENOUGH, WATCH
from web.console import marks, wording
from web.drifts import Drifts, Moved

LEGEND = (
    "Each bar is a share of payments, from low to high values, the unknown ones last: "
    f"learnt from, and now. An index (PSI) from {WATCH:g} on is to be watched, from "
    f"{DRIFTED:g} on the model should learn anew."
)


def panel(drifts: Drifts | None) -> html.Section:
    """Show each feature's index, the strongest first, and the means that are watched.

    It has an id: the page is told again when the figures change.
    """
    return marks.panel("Drift", *_told(drifts), id="drift")


def told(drifts: Drifts | None) -> dict[str, Any]:
    """Return what changes of the panel as payments come."""
    return {"children": [html.H2("Drift"), *_told(drifts)]}


def _told(drifts: Drifts | None) -> list[Any]:
    if drifts is None:
        return [html.P("No model is live.", className="lead")]
    if not drifts.features:
        said = (
            "This model does not say what it learnt from; train it anew to see drift."
        )
        return [html.P(said, className="lead")]
    rows = sorted(drifts.features, key=lambda one: -(one.index or 0.0))
    heads = ("Feature", ("Index", "number"), "State", "Learnt from, and now")
    table = marks.table(heads, [_row(one) for one in rows], name="drift")
    return [
        html.P(
            f"{wording.count(drifts.payments)} payments of the last seven days, by "
            "their own time, on the workers that run since they started.",
            className="lead",
        ),
        html.Dl(
            [
                _mean("Mean probability of fraud", drifts.score),
                _mean("Payments told to be fraud", drifts.frauds),
            ],
            className="means",
        ),
        html.Div(table, className="scroll", tabIndex=0),
        html.P(LEGEND, className="legend"),
    ]


def _mean(title: str, watched: Watched) -> html.Div:
    times = "once" if watched.changes == 1 else f"{watched.changes} times"
    changed: list[Any] = ["no change found"]
    if watched.changed_at:
        changed = [f"changed {times}, last ", marks.moment(watched.changed_at)]
    mean = f"{watched.mean:.2%}" if watched.payments else wording.MISSING
    return html.Div([html.Dt(title), html.Dd([html.Strong(mean), html.Span(changed)])])


def _row(one: Moved) -> html.Tr:
    name = "its probability" if one.feature == MODEL.name else html.Code(one.feature)
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(_index(one.index), className="number"),
            html.Td(state(one.index)),
            html.Td(_bars(one.then, one.now)),
        ]
    )


def _index(index: float | None) -> str:
    return wording.MISSING if index is None else f"{index:.3f}"


def state(index: float | None) -> html.Span:
    """Show what an index says, by shape, colour and word."""
    if index is None:
        return html.Span(
            "Too few", className="lead", title=f"fewer than {ENOUGH:,} payments"
        )
    if index >= DRIFTED:
        return html.Span("Drifted", className="outcome decline")
    if index >= WATCH:
        return html.Span("Watch", className="outcome review")
    return html.Span("Steady", className="outcome approve")


def _bars(then: Sequence[float], now: Sequence[float]) -> html.Div:
    """Draw two histograms over the same bins, side by side in each."""
    most = max([*then, *now], default=1.0) or 1.0
    pairs = []
    for place, before in enumerate(then):
        after = now[place] if now else 0.0
        bars = [
            html.Span(className=kind, style={"height": f"{100 * share / most:.0f}%"})
            for kind, share in (("then", before), ("now", after))
        ]
        pairs.append(html.Span(bars, title=f"{before:.1%}, now {after:.1%}"))
    words = ", ".join(f"{share:.0%}" for share in now)
    label = {"aria-label": f"Now {words}"} if now else {"aria-label": "Nothing yet"}
    return html.Div(pairs, className="bins", role="img", **label)

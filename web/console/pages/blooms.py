"""Blooms: how full the Bloom filters are, how often they err, and a way to ask them."""

from collections.abc import Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go
from dash import Dash, Input, Output, State, html, no_update

from app.sketches.observed import SEGMENTS
from app.sketches.seen import Fill
from web.console import charts, forms, marks, wording
from web.console.client import Client
from web.console.sections import Section
from web.console.tokens import TOKENS, Theme, template
from web.problems import Problem
from web.sketched import Sketched

WORDS = {
    "device": "Devices",
    "card": "Cards",
    "terminal": "Terminals",
    "place": "Places",
}
FULL = 0.5
"""The share of bits that is set in a generation that holds all it was made for."""
FLOOR = 1e-6
"""The least error drawn; what is measured as none lies there."""
KINDS = (
    ("device", "Device"),
    ("card", "Card token"),
    ("terminal", "Terminal"),
    ("place", "Place"),
)


async def show(client: Client) -> Any:
    """Return each filter's fill and error, and a form that asks them."""
    found = await client.sketched()
    if not any(one.things for one in found.filters):
        return marks.notice(
            "Nothing seen yet",
            "Devices, cards, terminals and places are learnt from decisions as they "
            "come, by workers of role sketch.",
        )
    return html.Div([_state(found), _table(found.filters), _errors(found), _form()])


def _state(found: Sketched) -> html.P:
    first = found.filters[0]
    missing = ""
    if found.answered < found.partitions:
        missing = f" Only {found.answered} of {found.partitions} partitions answer."
    size = sum(one.bytes for one in found.filters) / 1e6
    return html.P(
        f"{len(found.filters)} filters, {size:.1f} MB, each made for "
        f"{wording.count(first.capacity)} things a month at an error of "
        f"{error(first.configured)}. Measured by asking each for "
        f"{wording.count(first.probes)} things that cannot exist.{missing}",
        className="hint",
    )


def _table(filters: Sequence[Fill]) -> html.Div:
    heads = (
        "Seen",
        "Told apart",
        ("Things", "number"),
        "Fill",
        ("Configured", "number"),
        ("Expected", "number"),
        ("Measured", "number"),
        "Since",
    )
    rows = [
        html.Tr(
            [
                html.Th(WORDS[one.kind], scope="row"),
                html.Td("by segment" if one.by_segment else "over all"),
                html.Td(wording.count(one.things), className="number"),
                html.Td(_bar(one)),
                html.Td(error(one.configured), className="number"),
                html.Td(error(one.expected), className="number"),
                html.Td(error(one.measured), className="number"),
                html.Td(marks.moment(one.since) if one.since else wording.MISSING),
            ]
        )
        for one in filters
    ]
    table = marks.table(heads, rows, name="blooms")
    return html.Div(table, className="scroll", tabIndex=0)


def _bar(one: Fill) -> html.Div:
    """Show how much of what it was made for a filter holds."""
    full = min(1.0, one.fill / FULL)
    return html.Div(
        html.Span(style={"width": f"{100 * full:.1f}%"}),
        className="track",
        title=f"{wording.share(one.fill)} of its bits are set, at most "
        f"{wording.share(FULL)} when full",
    )


def error(share: float) -> str:
    """Write a share of wrong yeses, which may be very small.

    >>> error(0.01), error(0.00012), error(3e-9), error(0.0)
    ('1 %', '0.012 %', '< 0.0001 %', '0 %')
    """
    if 0 < share < FLOOR:
        return f"< {100 * FLOOR:g} %".replace("1e-04", "0.0001")
    return f"{100 * share:.2g} %"


def _errors(found: Sketched) -> html.Div:
    title = "Error of each filter: expected, measured, and as configured"
    return html.Div(
        [
            html.H3("Wrong yeses, of things never seen"),
            *charts.chart(
                "blooms", title, lambda theme: errors(found.filters, theme=theme)
            ),
        ]
    )


def errors(filters: Sequence[Fill], *, theme: Theme) -> go.Figure:
    """Draw the error of each filter on a log axis, beside what was configured."""
    tokens = TOKENS[theme]
    names = [
        f"{WORDS[one.kind]}{' by segment' if one.by_segment else ''}" for one in filters
    ]
    figure = go.Figure(layout={"template": template(theme)})
    for name, values, colour, symbol in (
        ("expected", [one.expected for one in filters], tokens["quiet"], "circle-open"),
        ("measured", [one.measured for one in filters], tokens["accent"], "diamond"),
    ):
        figure.add_scatter(
            x=[max(FLOOR, value) for value in values],
            y=names,
            customdata=[error(value) for value in values],
            name=name,
            mode="markers",
            marker={
                "color": colour,
                "symbol": symbol,
                "size": 10,
                "line": {"width": 2},
            },
            hovertemplate=f"{name} %{{customdata}}<extra></extra>",
        )
    configured = filters[0].configured if filters else 0.01
    line = {"color": tokens["decline"], "width": 1, "dash": "dot"}
    figure.add_vline(x=configured, line=line)
    figure.add_annotation(
        x=log10(configured), y=1, yref="paper", yanchor="bottom", xanchor="right",
        showarrow=False,
        text=f"configured, {error(configured)}",
        font={"color": tokens["decline"], "size": 11},
    )  # fmt: skip
    figure.update_xaxes(
        type="log", range=[log10(FLOOR) - 0.2, 0], showgrid=True,
        tickvals=[1e-6, 1e-4, 1e-2, 1], ticktext=["none", "0.01 %", "1 %", "100 %"],
    )  # fmt: skip
    figure.update_yaxes(
        type="category", autorange="reversed", tickmode="linear", dtick=1
    )
    figure.update_layout(
        margin={"l": 132, "r": 16, "t": 24, "b": 56}, hovermode="closest",
        showlegend=True,
        legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0},
    )  # fmt: skip
    return figure


def _form() -> html.Div:
    segments = [("", "Anybody"), *((one, one.capitalize()) for one in SEGMENTS)]
    return html.Div(
        [
            html.H3("Was it seen before?"),
            html.Div(
                [
                    forms.choice("What", "blooms-kind", options=KINDS, value="device"),
                    forms.choice(
                        "By whom", "blooms-segment", options=segments, value=""
                    ),
                    forms.field(
                        "Which one",
                        forms.line(
                            "blooms-value",
                            maxLength=64,
                            placeholder="id, or latitude,longitude",
                        ),
                    ),
                    forms.button("Ask", "blooms-ask", tone="first"),
                ],
                className="row",
            ),
            html.Div(id="blooms-told"),
        ],
        className="form",
    )


def register(app: Dash, client: Client) -> None:
    """Ask the filters when asked to."""

    @app.callback(
        Output("blooms-told", "children"),
        Input("blooms-ask", "n_clicks"),
        Input("blooms-value", "n_submit"),
        State("blooms-kind", "value"),
        State("blooms-value", "value"),
        State("blooms-segment", "value"),
        prevent_initial_call=True,
    )
    async def ask(
        clicks: int | None, submits: int | None, kind: str, value: str, segment: str
    ) -> Any:
        if not (clicks or submits):
            return no_update
        return await asked(client, kind, value, segment=segment)


async def asked(client: Client, kind: str, value: str, *, segment: str) -> html.Div:
    """Say whether a thing was seen before, or why nobody can say."""
    try:
        found = await client.seen(kind, (value or "").strip(), segment=segment)
    except Problem as problem:
        return forms.refused(problem)
    among = f" among {segment} customers" if segment else ""
    if not found.seen:
        if kind == "place":
            return forms.done(f"No sampled payment{among} was there.")
        return forms.done(f"Never seen{among} since the time in its row above.")
    return forms.done(
        f"Seen{among} in the last 60 days. At most {error(found.error)} of the things "
        "never seen are told so too."
    )


SECTION = Section(
    name="blooms",
    title="Seen before",
    lead="Bloom filters remember which devices, cards, terminals and sampled places "
    "paid since a time: what was seen after it is never denied, a yes is wrong now "
    "and then.",
    show=show,
    register=register,
    wide=True,
)

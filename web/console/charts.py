"""Charts: a figure in both themes, of which the browser's script shows one."""

from collections.abc import Callable

import plotly.graph_objects as go
from dash import dcc, html

from web.console import figures
from web.console.tokens import THEMES, Theme

_CLEAR = "rgba(0,0,0,0)"
BARE = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
    },
}
"""Nothing, on no ground: plotly's own idea of it is white, with axes up to six."""


def chart(
    name: str,
    title: str,
    draw: Callable[[Theme], go.Figure],
    *,
    mapped: bool = False,
    timed: bool = False,
    tall: bool = False,
) -> list[html.Div]:
    """Return a chart; below a `timed` one are times, a `mapped` one has borders.

    Times are put into the viewer's zone. `title` is what it is read out as; the place
    has a height by its class.
    """
    attributes = {f"data-{theme}": figures.as_json(draw(theme)) for theme in THEMES}
    kind = {} if timed else {"data-map": ""} if mapped else {"data-plain": ""}
    return [
        place(name, title, zoom=mapped, tall=tall),
        html.Div(id=f"{name}-drawn", **attributes, **kind),
    ]


def place(name: str, title: str, *, zoom: bool = False, tall: bool = False) -> html.Div:
    """Return the place of a chart, bare until the browser's script has drawn it."""
    return html.Div(
        dcc.Graph(
            id=f"{name}-chart",
            figure=BARE,
            config={"displayModeBar": False, "responsive": True, "scrollZoom": zoom},
            responsive=True,
        ),
        className="chart tall" if tall else "chart",
        role="img",
        **{"aria-label": title},
    )

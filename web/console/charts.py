"""Charts: a figure in both themes, of which the browser's script shows one."""

from collections.abc import Callable

import plotly.graph_objects as go
from dash import dcc, html

from web.console import figures
from web.console.tokens import THEMES, Theme


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
    place = html.Div(
        dcc.Graph(
            id=f"{name}-chart",
            config={
                "displayModeBar": False,
                "responsive": True,
                "scrollZoom": mapped,
            },
            responsive=True,
        ),
        className="chart tall" if tall else "chart",
        role="img",
        **{"aria-label": title},
    )
    return [place, html.Div(id=f"{name}-drawn", **attributes, **kind)]

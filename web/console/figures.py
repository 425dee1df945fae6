"""Figures: the charts of the console, from data alone."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from web.console.tokens import TOKENS, Theme, template
from web.seconds import SPAN, Series


def throughput(series: Series, *, theme: Theme) -> go.Figure:
    """Draw transactions a second."""
    colour = TOKENS[theme]["accent"]
    line = _line(series.at, series.per_second, name="transactions/s", colour=colour)
    line |= {"fill": "tozeroy", "fillcolor": _faint(colour)}
    line["hovertemplate"] = "%{y:,.1f} transactions/s<extra></extra>"
    return _figure(series, [line], theme=theme)


def latency(series: Series, *, theme: Theme) -> go.Figure:
    """Draw the time from receive to decision, in milliseconds, on a log axis."""
    tokens = TOKENS[theme]
    named = (
        ("p99", series.p99_ms, tokens["quiet"], "bottom"),
        ("p50", series.p50_ms, tokens["accent"], "top"),
    )
    lines = []
    for name, values, colour, _ in named:
        line = _line(series.at, values, name=name, colour=colour)
        line["hovertemplate"] = f"{name} %{{y:,.0f}} ms<extra></extra>"
        lines.append(line)
    figure = _figure(series, lines, theme=theme)
    figure.update_yaxes(type="log", rangemode="normal", range=[0, 4], **_POWERS)
    for name, values, colour, side in named:
        known = [pair for pair in zip(series.at, values, strict=True) if pair[1]]
        if known:  # a line's name at its end: no legend is needed
            at, value = known[-1]
            figure.add_annotation(
                x=_milliseconds(at),
                y=math.log10(value or 1),
                text=name,
                showarrow=False,
                xanchor="left",
                yanchor=side,
                font={"color": colour, "size": 11},
            )
    return figure


_POWERS = {
    "tickvals": [1, 10, 100, 1000, 10_000],
    "ticktext": ["1 ms", "10 ms", "100 ms", "1 s", "10 s"],
}


def flagged(series: Series, *, theme: Theme) -> go.Figure:
    """Draw the shares of payments to review and declined, one upon the other."""
    tokens = TOKENS[theme]
    lines = []
    for name, values in (("decline", series.decline), ("review", series.review)):
        line = _line(series.at, values, name=name, colour=tokens[name])
        line |= {"stackgroup": "one", "fillcolor": _faint(tokens[name])}
        line["hovertemplate"] = f"{name} %{{y:.1%}}<extra></extra>"
        lines.append(line)
    figure = _figure(series, lines, theme=theme)
    figure.update_yaxes(tickformat=".0%")
    return figure


def _line(
    at: Sequence[datetime], values: Sequence[float | None], *, name: str, colour: str
) -> dict[str, Any]:
    """Describe a line, from where its values are known.

    Time is in milliseconds of the epoch, which browsers shift to their zone.
    """
    known = (place for place, value in enumerate(values) if value is not None)
    first = next(known, len(values))
    at, values = at[first:], values[first:]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [_milliseconds(one) for one in at],
        "y": [None if one is None else round(one, 4) for one in values],
        "line": {"color": colour, "width": 1.5},
        "connectgaps": False,
    }


def _figure(series: Series, lines: list[dict[str, Any]], *, theme: Theme) -> go.Figure:
    end = _milliseconds(series.at[-1])
    layout = {"template": template(theme), "uirevision": "same"}
    figure = go.Figure(lines, layout)
    figure.update_xaxes(range=[end - SPAN * 1000, end])
    return figure


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _faint(colour: str) -> str:
    """Return a colour at a sixth of its strength.

    >>> _faint("#ff8a80")
    'rgba(255,138,128,0.16)'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"

"""Figures: the charts of the console, from data alone."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from app.events.currencies import EXPONENTS
from app.scoring.policy import Point, Policy
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
    figure.update_yaxes(type="log", rangemode="normal", range=[0, 4.5], **_POWERS)
    for name, values, colour, side in named:
        known = [pair for pair in zip(series.at, values, strict=True) if pair[1]]
        if known:  # a line's name at its end: no legend is needed
            at, value = known[-1]
            figure.add_annotation(
                x=epoch_ms(at),
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
    figure.update_yaxes(tickformat=".0%", minallowed=0, maxallowed=1)
    return figure


def policy(told: Policy, *, theme: Theme, currency: str) -> go.Figure:
    """Draw what a day costs by the cards reviewed in it: reviews, and fraud missed.

    The cheapest threshold and the one that capacity allows are marked.
    """
    tokens = TOKENS[theme]
    unit = 10 ** EXPONENTS.get(currency, 2) * max(told.days, 1)
    cards = [one.cards_per_day for one in told.curve]
    named = [
        ("in all", [one.cost / unit for one in told.curve], tokens["accent"], 2),
        ("fraud missed", [one.missed / unit for one in told.curve],
         tokens["decline"], 1.5),
        ("reviews", [(one.cost - one.missed) / unit for one in told.curve],
         tokens["quiet"], 1.5),
    ]  # fmt: skip
    at = ["none" if one.threshold is None else f"{one.threshold:g}"
          for one in told.curve]  # fmt: skip
    figure = go.Figure(layout={"template": template(theme)})
    for name, values, colour, width in named:
        figure.add_scatter(
            x=cards,
            y=values,
            customdata=at,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": width},
            marker={"size": 5 if len(cards) < FEW else 0.1, "color": colour},
            hovertemplate=f"{name} %{{y:,.0f}}<extra>from %{{customdata}}</extra>",
        )
    most = max(_shown(told, cards))
    for name, values, colour, _ in named:
        inside = [pair for pair in zip(cards, values, strict=True) if pair[0] <= most]
        figure.add_annotation(
            x=inside[-1][0], y=inside[-1][1], text=name, showarrow=False,
            xanchor="left", font={"color": colour, "size": 11}, xshift=6,
        )  # fmt: skip
    _mark(figure, told, most=most, colour=tokens["ink"])
    figure.update_xaxes(
        type="linear", tickformat=",", range=[0, most * 1.02], rangemode="tozero",
        title={"text": "cards reviewed a day", "font": {"size": 11}},
    )  # fmt: skip
    figure.update_yaxes(tickformat=",.0f")
    figure.update_layout(margin={"b": 40, "r": 84, "t": 24, "l": 56})
    return figure


FEW = 40
"""Points up to which each is drawn."""
NEAR = 0.08
"""Share of a chart's width within which two names would lie upon each other."""


def _shown(told: Policy, cards: Sequence[float]) -> list[float]:
    """Return the cards a day that the chart must show: twice what matters."""
    chosen = (told.present, told.by_capacity, told.by_cost)
    most = max([told.capacity, *(one.cards_per_day for one in chosen if one)])
    return [one for one in cards if one <= 2 * most]


def _mark(figure: go.Figure, told: Policy, *, most: float, colour: str) -> None:
    """Mark the thresholds that can be chosen, names above; one for what is close."""
    chosen: list[tuple[str, Point | None]] = [
        ("least cost", told.by_cost),
        (f"{told.capacity} a day", told.by_capacity),
        ("now", told.present),
    ]
    together: dict[float, list[str]] = {}
    for name, point in chosen:
        if point:
            cards = point.cards_per_day
            near = [one for one in together if abs(one - cards) < NEAR * most]
            together.setdefault(near[0] if near else cards, []).append(name)
    for cards, names in together.items():
        figure.add_vline(x=cards, line={"color": colour, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=cards, y=1, yref="paper", yanchor="bottom", showarrow=False,
            text=", ".join(names), font={"color": colour, "size": 11},
        )  # fmt: skip


def as_json(figure: go.Figure) -> str:
    """Write a figure as the browser's script reads it, without its template's name."""
    return str(figure.to_json())


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
        "x": [epoch_ms(one) for one in at],
        "y": [None if one is None else round(one, 4) for one in values],
        "line": {"color": colour, "width": 1.5},
        "connectgaps": False,
    }


def _figure(series: Series, lines: list[dict[str, Any]], *, theme: Theme) -> go.Figure:
    end = epoch_ms(series.at[-1])
    layout = {"template": template(theme), "uirevision": "same"}
    figure = go.Figure(lines, layout)
    figure.update_xaxes(range=[end - SPAN * 1000, end])
    return figure


def epoch_ms(at: datetime) -> int:
    """Return a moment as plotly takes it: milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def _faint(colour: str) -> str:
    """Return a colour at a sixth of its strength.

    >>> _faint("#ff8a80")
    'rgba(255,138,128,0.16)'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"

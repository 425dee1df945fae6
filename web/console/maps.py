"""Maps: where payments were made, from data alone; no tile comes from anywhere."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, log10, radians
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.events.decisions import Decision, Outcome
from app.events.payments import Place
from web.console import wording
from web.console.tokens import TOKENS, Theme, template

MARGIN = 0.12  # of what is shown, on each side
LEAST_DEGREES = 0.004  # some 400 m: a phone that lies still is no dot in nothing
DEGREE_M = 111_195.0  # of latitude
SYMBOLS: dict[Outcome, str] = {
    "approve": "circle",
    "review": "triangle-up",
    "decline": "square",
}
KM = 1_000.0
_HALF, _WHOLE = 180, 360


class Mark(NamedTuple):
    """A payment on a map: where, with which outcome, and what is told of it."""

    place: Place
    outcome: Outcome
    told: str


def payments(decisions: Sequence[Decision], *, theme: Theme) -> go.Figure:
    """Draw payments where they were made, by outcome; those without a place are not."""
    nothing = "none of the last payments names its place"
    return marked(marks_of(decisions), theme=theme, nothing=nothing)


def marked(marks: Sequence[Mark], *, theme: Theme, nothing: str) -> go.Figure:
    """Draw what was at places, by outcome; where there is nothing, say so."""
    tokens = TOKENS[theme]
    traces = by_outcome(marks, 0.0, tokens)
    figure = go.Figure(traces, {"template": template(theme), "uirevision": "same"})
    figure.update_layout(
        dragmode="pan",
        hovermode="closest",
        margin={"l": 44, "r": 8, "t": 4, "b": 24},
    )
    if traces:
        xs, ys = ([at for one in traces for at in one[axis]] for axis in "xy")
        frame(figure, xs, ys, tokens)
    else:
        figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False})
        figure.add_annotation(text=nothing, showarrow=False)
    return figure


def unwrapped(longitudes: Sequence[float]) -> list[float]:
    """Return longitudes that do not jump where a path crosses the antimeridian.

    >>> unwrapped([179.9, -179.9, -179.8])
    [179.9, 180.1, 180.2]
    """
    if not longitudes:
        return []
    found = [longitudes[0]]
    for before, after in pairwise(longitudes):
        step = (after - before + _HALF) % _WHOLE - _HALF
        found.append(round(found[-1] + step, 9))
    return found


def by_outcome(
    marks: Sequence[Mark], near: float, tokens: dict[str, str]
) -> list[dict[str, Any]]:
    """Mark payments by their outcome, on that side of the antimeridian."""
    found = []
    for outcome, symbol in SYMBOLS.items():
        mine = [one for one in marks if one.outcome == outcome]
        if mine:
            found.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [unwrapped([near, at.longitude])[1] for at, _, _ in mine],
                    "y": [at.latitude for at, _, _ in mine],
                    "text": [told for _, _, told in mine],
                    "marker": {
                        "color": tokens[outcome],
                        "symbol": symbol,
                        "size": 10,
                        "line": {"width": 1, "color": tokens["sheet"]},
                    },
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )
    return found


def marks_of(decisions: Sequence[Decision]) -> list[Mark]:
    """Return the marks of those payments that name their place."""
    return [
        Mark(one.payment.place, one.outcome, _told(one))
        for one in decisions
        if one.payment.place
    ]


def _told(decision: Decision) -> str:
    payment = decision.payment
    money = wording.money(payment.amount, payment.currency)
    why = f"<br>{decision.hits[0].reason}" if decision.hits else ""
    return f"{money}, {payment.occurred_at:%H:%M:%S} UTC, {decision.outcome}{why}"


def frame(
    figure: go.Figure, xs: Sequence[float], ys: Sequence[float], tokens: dict[str, str]
) -> None:
    """Show what there is, with a margin, and say how long a kilometre is."""
    middle = (min(ys) + max(ys)) / 2
    shrink = max(0.01, cos(radians(middle)))
    wide = max(max(xs) - min(xs), LEAST_DEGREES / shrink) * (0.5 + MARGIN)
    high = max(max(ys) - min(ys), LEAST_DEGREES) * (0.5 + MARGIN)
    centre = (min(xs) + max(xs)) / 2
    common = {"fixedrange": False, "showgrid": True, "nticks": 6, "ticksuffix": "°"}
    figure.update_xaxes(
        type="linear",
        tickformat="~f",
        range=[centre - wide, centre + wide],
        **common,
    )
    figure.update_yaxes(
        rangemode="normal",
        tickformat="~f",
        range=[middle - high, middle + high],
        scaleanchor="x",
        scaleratio=1 / shrink,
        **common,
    )
    metres = _round_length(max(wide * shrink, high) * DEGREE_M)
    length = metres / DEGREE_M / shrink
    left, low = centre - wide * 0.92, middle - high * 0.92
    ends = {"x0": left, "x1": left + length, "y0": low, "y1": low}
    figure.add_shape(type="line", line={"color": tokens["ink"], "width": 2}, **ends)
    figure.add_annotation(
        x=left,
        y=low,
        text=f"{metres / KM:,.0f} km" if metres >= KM else f"{metres:.0f} m",
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        font={"size": 11, "color": tokens["ink"]},
    )


def _round_length(about: float) -> float:
    """Return a round length, at most a third of another one.

    >>> _round_length(4000.0), _round_length(90.0)
    (1000.0, 20.0)
    """
    most = about / 3
    power: float = 10 ** int(log10(most)) if most >= 1 else 1.0
    return float(
        max(step * power for step in (1, 2, 5) if step * power <= max(most, 1))
    )

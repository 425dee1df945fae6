"""Maps: where devices were, from data alone; no tile comes from anywhere."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, log10, radians
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.events.decisions import Decision, Outcome
from app.events.payments import Place
from app.events.readings import Fix
from web.console import wording
from web.console.figures import epoch_ms
from web.console.tokens import TOKENS, Theme, template
from web.phones import Trail

MOST_POINTS = 400  # of a path as drawn
GAP_MS = 60_000  # without a fix, across which no line is drawn
MARGIN = 0.12  # of what is shown, on each side
LEAST_DEGREES = 0.004  # some 400 m: a phone that lies still is no dot in nothing
DEGREE_M = 111_195.0  # of latitude
SYMBOLS: dict[Outcome, str] = {
    "approve": "circle",
    "review": "triangle-up",
    "decline": "square",
}
KM = 1_000.0
_KMH = 3.6
_HALF, _WHOLE = 180, 360


class Mark(NamedTuple):
    """A payment on a map: where, with which outcome, and what is told of it."""

    place: Place
    outcome: Outcome
    told: str


def journey(
    trails: Sequence[Trail], chosen: Trail | None, *, theme: Theme
) -> go.Figure:
    """Draw all devices where they are, and the path and payments of the chosen one.

    Longitude and latitude at the same scale for the middle of what is shown: a
    plate carrée, right for a city and fair for a country.
    """
    tokens = TOKENS[theme]
    path = thinned(chosen.fixes) if chosen else []
    longitudes = unwrapped([fix.longitude for fix in path])
    traces: list[dict[str, Any]] = []
    others = [one for one in trails if one.fixes and one is not chosen]
    if others:
        traces.append(_others(others, colour=tokens["quiet"]))
    if chosen and path:
        traces += _path(path, longitudes, colour=tokens["accent"], of=chosen)
        made = _marks(list(chosen.payments.values()))
        traces += _payments(made, longitudes[-1], tokens)
    xs = [x for one in traces for x in one["x"]] if not path else list(longitudes)
    ys = [y for one in traces for y in one["y"]] if not path else _latitudes(path)
    if path:
        for trace in traces[1 + bool(others) :]:
            xs += trace["x"]
            ys += trace["y"]
    figure = go.Figure(traces, {"template": template(theme)})
    if xs:
        _frame(figure, xs, ys, tokens)
    figure.update_layout(
        uirevision=chosen.device_id if chosen else "all",
        dragmode="pan",
        hovermode="closest",
        margin={"l": 64, "r": 12, "t": 8, "b": 32},
    )
    return figure


def payments(decisions: Sequence[Decision], *, theme: Theme) -> go.Figure:
    """Draw payments where they were made, by outcome; those without a place are not."""
    nothing = "none of the last payments names its place"
    return marked(_marks(decisions), theme=theme, nothing=nothing)


def marked(marks: Sequence[Mark], *, theme: Theme, nothing: str) -> go.Figure:
    """Draw what was at places, by outcome; where there is nothing, say so."""
    tokens = TOKENS[theme]
    traces = _payments(marks, 0.0, tokens)
    figure = go.Figure(traces, {"template": template(theme), "uirevision": "same"})
    figure.update_layout(
        dragmode="pan",
        hovermode="closest",
        margin={"l": 44, "r": 8, "t": 4, "b": 24},
    )
    if traces:
        xs, ys = ([at for one in traces for at in one[axis]] for axis in "xy")
        _frame(figure, xs, ys, tokens)
    else:
        figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False})
        figure.add_annotation(text=nothing, showarrow=False)
    return figure


def speed_and_altitude(trail: Trail | None, *, theme: Theme) -> go.Figure:
    """Draw speed and altitude over time, each on its own axis."""
    tokens = TOKENS[theme]
    at: list[int] = []
    speeds: list[float | None] = []
    altitudes: list[float | None] = []
    for fix in thinned(trail.fixes) if trail else []:
        now = epoch_ms(fix.occurred_at)
        if at and now - at[-1] > GAP_MS:  # nobody knows what was in between
            at.append(now - 1)
            speeds.append(None)
            altitudes.append(None)
        at.append(now)
        speed, altitude = fix.speed_mps, fix.altitude_m
        speeds.append(None if speed is None else round(speed * _KMH, 1))
        altitudes.append(None if altitude is None else round(altitude, 1))
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": at,
            "y": values,
            "yaxis": axis,
            "line": {"color": tokens[colour], "width": 1.5, "dash": dash},
            "hovertemplate": f"{name} %{{y:,.1f}} {unit}<extra></extra>",
        }
        for name, values, axis, colour, dash, unit in (
            ("speed", speeds, "y", "accent", "solid", "km/h"),
            ("altitude", altitudes, "y2", "review", "dot", "m"),
        )
    ]
    figure = go.Figure(lines, {"template": template(theme), "uirevision": "same"})
    span = [at[0], max(at[-1], at[0] + 1000)] if at else [0, 1000]
    figure.update_xaxes(range=span, tickformat="%H:%M:%S", nticks=5)
    figure.update_layout(
        margin={"l": 52, "r": 60, "t": 8, "b": 24},
        yaxis=_axis("Speed, km/h", tokens["accent"]),
        yaxis2=_axis("Altitude, m", tokens["review"])
        | {
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "rangemode": "normal",
            "tickmode": "auto",
        },
    )
    return figure


def _axis(title: str, colour: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"color": colour, "size": 11}, "standoff": 6},
        "tickfont": {"color": colour},
    }


def thinned(fixes: Sequence[Fix]) -> list[Fix]:
    """Return so few fixes that a browser draws them at once, the last one among them.

    >>> thinned([])
    []
    """
    step = -(-len(fixes) // MOST_POINTS) or 1
    return list(fixes[::-1][::step][::-1])


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


def _latitudes(path: Sequence[Fix]) -> list[float]:
    return [fix.latitude for fix in path]


def _others(trails: Sequence[Trail], *, colour: str) -> dict[str, Any]:
    last = [trail.fixes[-1] for trail in trails]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [fix.longitude for fix in last],
        "y": [fix.latitude for fix in last],
        "text": [trail.device_id for trail in trails],
        "marker": {"color": colour, "size": 7, "symbol": "circle-open"},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _path(
    path: Sequence[Fix], longitudes: Sequence[float], *, colour: str, of: Trail
) -> list[dict[str, Any]]:
    latitudes = _latitudes(path)
    told = [f"{fix.occurred_at:%H:%M:%S} UTC, {fix.accuracy_m:.0f} m" for fix in path]
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": list(longitudes),
        "y": latitudes,
        "text": told,
        "line": {"color": colour, "width": 2.5},
        "hovertemplate": "%{text}<extra></extra>",
    }
    here = {
        **line,
        "mode": "markers",
        "x": [longitudes[-1]],
        "y": [latitudes[-1]],
        "text": [f"{of.device_id}, {told[-1]}"],
        "marker": {"color": colour, "size": 11, "line": {"width": 2, "color": "white"}},
    }
    return [line, here]


def _payments(
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


def _marks(decisions: Sequence[Decision]) -> list[Mark]:
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


def _frame(
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

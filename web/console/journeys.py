"""Journeys: where devices were, how fast and how high, drawn from their fixes."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import median_low
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.events.readings import Fix
from web.console import maps
from web.console.figures import epoch_ms
from web.console.tokens import TOKENS, Theme, template
from web.phones import Trail

MOST_POINTS = 400  # of a path as drawn
PAUSE_S = 60.0
"""Seconds without a fix, across which no line is drawn: nobody knows what was."""
TIMES_USUAL = 5
"""A pause is as many times as long as a phone's usual step, where that is long."""
ALONE = 4  # pixels, of a fix that no line leads to
_KMH = 3.6


class Drawn(NamedTuple):
    """A fix that is drawn; `part` grows with each pause before it."""

    fix: Fix
    part: int


def journey(
    trails: Sequence[Trail], chosen: Trail | None, *, theme: Theme
) -> go.Figure:
    """Draw all devices where they are, and the path and payments of the chosen one.

    Longitude and latitude at the same scale for the middle of what is shown: a
    plate carrée, right for a city and fair for a country.
    """
    tokens = TOKENS[theme]
    path = drawn(chosen.fixes) if chosen else []
    longitudes = maps.unwrapped([fix.longitude for fix, _ in path])
    traces: list[dict[str, Any]] = []
    others = [one for one in trails if one.fixes and one is not chosen]
    if others:
        traces.append(_others(others, colour=tokens["quiet"]))
    shown = traces
    xs, ys = list(longitudes), [fix.latitude for fix, _ in path]
    if chosen and path:
        marks = maps.marks_of(list(chosen.payments.values()))
        shown = maps.by_outcome(marks, longitudes[-1], tokens)
        traces = [
            *traces,
            *_path(path, longitudes, colour=tokens["accent"], of=chosen),
            *shown,
        ]
    for trace in shown:
        xs += trace["x"]
        ys += trace["y"]
    figure = go.Figure(traces, {"template": template(theme)})
    if xs:
        maps.frame(figure, xs, ys, tokens)
    figure.update_layout(
        uirevision=chosen.device_id if chosen else "all",
        dragmode="pan",
        hovermode="closest",
        margin={"l": 64, "r": 12, "t": 8, "b": 32},
    )
    return figure


def speed_and_altitude(trail: Trail | None, *, theme: Theme) -> go.Figure:
    """Draw speed and altitude over time, each on its own axis."""
    tokens = TOKENS[theme]
    path = drawn(trail.fixes) if trail else []
    at = [epoch_ms(fix.occurred_at) for fix, _ in path]
    speeds = [_rounded(fix.speed_mps, _KMH) for fix, _ in path]
    altitudes = [_rounded(fix.altitude_m) for fix, _ in path]
    lines = [
        {
            "type": "scatter",
            **_line(
                path,
                {"x": at, "y": values},
                colour=tokens[colour],
                width=1.5,
                dash=dash,
            ),
            "name": name,
            "yaxis": axis,
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


def _rounded(value: float | None, factor: float = 1.0) -> float | None:
    return None if value is None else round(value * factor, 1)


def _axis(title: str, colour: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"color": colour, "size": 11}, "standoff": 6},
        "tickfont": {"color": colour},
    }


def drawn(fixes: Sequence[Fix]) -> list[Drawn]:
    """Return so few fixes that a browser draws them at once, the last one among them.

    Pauses are told by all fixes, whether they are drawn or not.
    """
    steps = [
        (after.occurred_at - before.occurred_at).total_seconds()
        for before, after in pairwise(fixes)
    ]
    longest = pause_s(steps)
    parts = accumulate((step > longest for step in steps), initial=0)
    every = -(-len(fixes) // MOST_POINTS) or 1
    whole = [Drawn(fix, part) for fix, part in zip(fixes, parts, strict=False)]
    return whole[::-1][::every][::-1]


def pause_s(steps: Sequence[float]) -> float:
    """Return after how many seconds without a fix a phone paused.

    A minute where fixes come each second; of a phone that tells one every five
    minutes, as some do to spare the battery, a minute says nothing.

    >>> pause_s([1.0, 1.0, 108.0]), pause_s([300.0, 300.0, 310.0]), pause_s([])
    (60.0, 1500.0, 60.0)
    """
    return max(PAUSE_S, TIMES_USUAL * median_low(steps)) if steps else PAUSE_S


def _line(
    path: Sequence[Drawn],
    columns: dict[str, Sequence[Any]],
    *,
    colour: str,
    width: float,
    dash: str = "solid",
) -> dict[str, Any]:
    """Return a line that is broken where the phone paused, and columns to match.

    A fix between two pauses has no line: it is a dot.
    """
    broken: dict[str, list[Any]] = {name: [] for name in columns}
    sizes: list[int] = []
    for place, (_, part) in enumerate(path):
        first = place == 0 or path[place - 1].part != part
        last = place == len(path) - 1 or path[place + 1].part != part
        if first and place:
            for values in broken.values():
                values.append(None)
            sizes.append(0)
        for name in columns:
            broken[name].append(columns[name][place])
        sizes.append(ALONE if first and last else 0)
    return {
        "mode": "lines+markers" if any(sizes) else "lines",
        **broken,
        "line": {"color": colour, "width": width, "dash": dash},
        "marker": {"color": colour, "size": sizes if any(sizes) else 0},
    }


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
    path: Sequence[Drawn], longitudes: Sequence[float], *, colour: str, of: Trail
) -> list[dict[str, Any]]:
    latitudes = [fix.latitude for fix, _ in path]
    told = [
        f"{fix.occurred_at:%H:%M:%S} UTC, {fix.accuracy_m:.0f} m" for fix, _ in path
    ]
    columns: dict[str, Sequence[Any]] = {"x": longitudes, "y": latitudes, "text": told}
    line = {
        "type": "scatter",
        **_line(path, columns, colour=colour, width=2.5),
        "hovertemplate": "%{text}<extra></extra>",
    }
    here = {
        "type": "scatter",
        "mode": "markers",
        "x": [longitudes[-1]],
        "y": [latitudes[-1]],
        "text": [f"{of.device_id}, {told[-1]}"],
        "marker": {"color": colour, "size": 11, "line": {"width": 2, "color": "white"}},
        "hovertemplate": "%{text}<extra></extra>",
    }
    return [line, here]

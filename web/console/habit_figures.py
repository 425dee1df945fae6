"""Habit figures: what a customer spends, and how payments were scored, over time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from app.events.currencies import MINOR_PER_MAJOR
from app.profiles.habits import Habits
from app.profiles.profile import Scored
from web.console import wording
from web.console.figures import epoch_ms
from web.console.maps import SYMBOLS
from web.console.tokens import TOKENS, Theme, template

WEEK = timedelta(days=7)
LEAST_SPAN = timedelta(days=1)
FEWEST_WEEKS = 4  # that are drawn, though some be empty
DAYS = "%-d %b"


def spending(habits: Habits, *, theme: Theme) -> go.Figure:
    """Draw what was spent week by week, the newest one apart, and the usual week."""
    tokens = TOKENS[theme]
    unit = MINOR_PER_MAJOR.get(habits.currency, 100)
    weeks = habits.weeks
    middles = [week.until - WEEK / 2 for week in weeks]
    bars = {
        "type": "bar",
        "x": [epoch_ms(at) for at in middles],
        "y": [week.amount / unit for week in weeks],
        "width": WEEK / timedelta(milliseconds=1) * 0.72,
        "marker": {
            "color": [tokens["edge"]] * (len(weeks) - 1) + [tokens["accent"]],
        },
        "text": [
            f"{wording.money(week.amount, habits.currency)}, "
            f"{wording.many(week.payments, 'payment')}, 7 days to {week.until:%d %b %Y}"
            for week in weeks
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
    end = weeks[-1].until
    start = end - max(len(weeks), FEWEST_WEEKS) * WEEK
    figure = _figure([bars], start, end, theme=theme)
    if habits.usual_week is not None:
        usual = habits.usual_week / unit
        ink = tokens["ink"]
        figure.add_hline(y=usual, line={"color": ink, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=epoch_ms(end), y=usual, text="usual", showarrow=False, xanchor="left",
            xshift=6, font={"color": ink, "size": 11},
        )  # fmt: skip
        figure.update_layout(margin={"r": 48})
    title = {"text": habits.currency, "font": {"size": 11}, "standoff": 6}
    figure.update_yaxes(tickformat=",.0f", title=title)
    return figure


def risk(scored: Sequence[Scored], *, theme: Theme) -> go.Figure:
    """Draw the score of each payment, by outcome; known frauds have a ring."""
    tokens = TOKENS[theme]
    traces = []
    for outcome, symbol in SYMBOLS.items():
        mine = [one for one in scored if one.outcome == outcome]
        if mine:
            marker = {"color": tokens[outcome], "symbol": symbol, "size": 7}
            traces.append(_points(mine, outcome, marker))
    frauds = [one for one in scored if one.fraud]
    if frauds:
        ring = {
            "color": tokens["ink"],
            "symbol": "circle-open",
            "size": 14,
            "line": {"width": 2},
        }
        traces.append(_points(frauds, "fraud", ring))
    start, end = scored[0].occurred_at, scored[-1].occurred_at
    pad = max((end - start) / 50, LEAST_SPAN / 24)
    figure = _figure(traces, start - pad, end + pad, theme=theme)
    title = {"text": "score", "font": {"size": 11}, "standoff": 6}
    figure.update_yaxes(range=[-4, 104], nticks=6, title=title)
    if end - start < 2 * LEAST_SPAN:
        figure.update_xaxes(tickformat="%H:%M")
    return figure


def _points(
    scored: Sequence[Scored], name: str, marker: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [epoch_ms(one.occurred_at) for one in scored],
        "y": [one.score for one in scored],
        "text": [
            f"{name}, {wording.money(one.amount, one.currency)}, {one.id}"
            + (f"<br>{one.reason}" if one.reason else "")
            for one in scored
        ],
        "marker": marker,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _figure(
    traces: list[dict[str, Any]], start: datetime, end: datetime, *, theme: Theme
) -> go.Figure:
    figure = go.Figure(traces, {"template": template(theme), "uirevision": "same"})
    figure.update_xaxes(
        range=[epoch_ms(start), epoch_ms(end)], tickformat=DAYS, nticks=8
    )
    figure.update_layout(
        hovermode="closest", margin={"l": 64, "r": 12, "t": 12, "b": 28}
    )
    return figure

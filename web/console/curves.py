"""Curves: the charts of privacy, from data alone."""

import plotly.graph_objects as go

from app.privacy.tradeoff import Tradeoff
from web.console.tokens import TOKENS, Theme, template


def tradeoff(told: Tradeoff, k: int, *, theme: Theme) -> go.Figure:
    """Draw what is left of the risk, and what is lost, by k; one k is marked."""
    tokens = TOKENS[theme]
    ks = [one.k for one in told.points]
    figure = go.Figure(layout={"template": template(theme)})
    for name, values, colour, symbol in (
        ("risk", [one.measured.risk for one in told.points], tokens["decline"],
         "square"),
        ("loss", [one.loss for one in told.points], tokens["accent"], "circle"),
    ):  # fmt: skip
        figure.add_scatter(
            x=ks,
            y=values,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 7, "color": colour, "symbol": symbol},
            hovertemplate=f"k %{{x}}: {name} %{{y:.1%}}<extra></extra>",
        )
        figure.add_annotation(
            x=1.0, xref="paper", y=values[-1], text=name, showarrow=False,
            xanchor="left", font={"color": colour, "size": 11}, xshift=6,
        )  # fmt: skip
    if k in ks:
        figure.add_vline(
            x=k, line={"color": tokens["quiet"], "width": 1, "dash": "dot"}
        )
        figure.add_annotation(
            x=k, y=1.0, yref="paper", text=f"k = {k}", showarrow=False,
            yanchor="bottom", font={"color": tokens["ink"], "size": 11},
        )  # fmt: skip
    figure.update_xaxes(
        type="linear", range=[0, max(ks) + 0.5], tickvals=_ticks(ks), tickformat=",",
        title={"text": "customers in the smallest class (k)", "font": {"size": 11}},
    )  # fmt: skip
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_layout(margin={"b": 40, "r": 40, "t": 24, "l": 48})
    return figure


APART = 4
"""Least distance of two numbers below the axis."""


def _ticks(ks: list[int]) -> list[int]:
    """Return which k are written below the axis: those that are not too close."""
    shown: list[int] = []
    for k in ks:
        if not shown or k - shown[-1] >= APART:
            shown.append(k)
    return shown

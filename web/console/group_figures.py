"""Group figures: who moves with whom, drawn from the links that were found."""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
import plotly.graph_objects as go
from msgspec.structs import replace
from numpy.typing import NDArray

from app.events.groups import GroupAlert
from web.console import wording
from web.console.tokens import TOKENS, Theme, template

MOST = 12
"""Groups that are drawn; those that moved last."""
MARKS = 60
"""Members of a group that are drawn; those that joined last."""
ROUNDS = 60
RADIUS = 0.4  # of the largest group, where the next one's middle is 1 away

Layout = NDArray[np.float64]
Placed = tuple[GroupAlert, Layout]


def laid_out(group: GroupAlert) -> Layout:
    """Place a group's members: those that are alike close together, in a unit circle.

    Fruchterman and Reingold (1991) from a circle, so that the same group always looks
    the same: all push each other away, links pull.
    """
    count = len(group.members)
    angles = 2 * np.pi * np.arange(count) / max(count, 1)
    at: Layout = np.column_stack([np.sin(angles), np.cos(angles)])
    if count < 3:  # noqa: PLR2004 - nothing to place
        return at
    place = {member: number for number, member in enumerate(group.members)}
    linked = np.zeros((count, count))
    for link in group.links:
        if link.one in place and link.other in place:
            one, other = place[link.one], place[link.other]
            linked[one, other] = linked[other, one] = 1.0
    ideal = 2 / sqrt(count)
    for step in np.linspace(0.2, 0.01, ROUNDS):
        apart = at[:, None] - at[None]
        far = np.maximum(np.linalg.norm(apart, axis=2), 1e-6)
        force = ideal**2 / far**2 - linked * far / ideal
        moved = (apart * force[:, :, None]).sum(axis=1)
        length = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        at = at + moved / length * np.minimum(length, step)
    at = at - at.mean(axis=0)
    whole: Layout = at / np.linalg.norm(at, axis=1).max()
    return whole


def placed(groups: Sequence[GroupAlert]) -> list[Placed]:
    """Place the groups that are drawn, each with the members that are.

    It takes some tenths of a second: once for all themes, and beside the loop.
    """
    shown = [replace(one, members=one.members[-MARKS:]) for one in groups[:MOST]]
    return [(one, laid_out(one)) for one in shown]


def clusters(shown: Sequence[Placed], *, theme: Theme) -> go.Figure:
    """Draw groups side by side: circles are members, squares where frauds are known."""
    tokens = TOKENS[theme]
    columns = max(1, ceil(sqrt(len(shown) * 1.8)))
    rows = max(1, ceil(len(shown) / columns))
    largest = max((len(one.members) for one, _ in shown), default=1)
    figure = go.Figure(layout={"template": template(theme), "uirevision": "same"})
    for number, (group, layout) in enumerate(shown):
        middle = np.array([number % columns, -(number // columns)], np.float64)
        size = RADIUS * max(0.45, sqrt(len(group.members) / largest))
        at = layout * size + middle
        figure.add_trace(_links(group, at, tokens["edge"]))
        figure.add_trace(_members(group, at, tokens))
        figure.add_annotation(
            x=middle[0],
            y=middle[1] - RADIUS - 0.05,
            text=named(group),
            showarrow=False,
            yanchor="top",
            font={"color": tokens["ink"], "size": 11},
        )
    bare = {"visible": False, "fixedrange": True}
    figure.update_xaxes(**bare, range=[-0.55, columns - 0.45], tickformat="")
    figure.update_yaxes(**bare, range=[0.5 - rows - 0.15, 0.55], rangemode="normal")
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4}, hovermode="closest")
    return figure


def named(group: GroupAlert) -> str:
    """Say how many move together in a group now, and how many of them are known.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> named(GroupAlert("C1.2", at, at, 3, 1, ["C1", "C2", "C3"], []))
    '3 customers<br>1 with frauds'
    """
    known = f"<br>{group.frauds} with frauds" if group.frauds else ""
    return f"{group.size:,} customers{known}"


def _links(group: GroupAlert, at: Layout, colour: str) -> dict[str, Any]:
    place = {member: number for number, member in enumerate(group.members)}
    x: list[float | None] = []
    y: list[float | None] = []
    for link in group.links:
        if link.one in place and link.other in place:
            one, other = at[place[link.one]], at[place[link.other]]
            x += [float(one[0]), float(other[0]), None]
            y += [float(one[1]), float(other[1]), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": colour, "width": 1},
        "opacity": 0.6,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _members(group: GroupAlert, at: Layout, tokens: dict[str, str]) -> dict[str, Any]:
    why = "".join(f"<br>{one.reason}" for one in group.why[:2])
    known = group.frauds > 0
    return {
        "type": "scatter",
        "mode": "markers",
        "x": at[:, 0].tolist(),
        "y": at[:, 1].tolist(),
        "text": [f"{wording.short(one)} of {group.id}{why}" for one in group.members],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "color": tokens["decline" if known else "accent"],
            "symbol": "square" if known else "circle",
            "size": 9,
            "line": {"color": tokens["sheet"], "width": 1},
        },
        "showlegend": False,
    }

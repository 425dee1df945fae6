"""Pushed: what the live page shows of a snapshot, by component, as it changes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
from dash import html

from app.counters import BOUNDS_MS
from app.events.decisions import Decision, Outcome
from app.events.groups import GroupMoved
from web.console import figures, links, maps, marks, wording
from web.console.tokens import THEMES, Theme
from web.console.wording import wire
from web.live import Snapshot, WorkerState
from web.seconds import Series

CHARTS: dict[str, tuple[str, Callable[[Snapshot, Theme], go.Figure]]] = {
    "throughput": (
        "Transactions a second",
        lambda now, theme: figures.throughput(now.series, theme=theme),
    ),
    "latency": (
        "Receive to decision",
        lambda now, theme: figures.latency(now.series, theme=theme),
    ),
    "flagged": (
        "Flagged",
        lambda now, theme: figures.flagged(now.series, theme=theme),
    ),
    "places": (
        "Where the last payments were made",
        lambda now, theme: maps.payments([one for _, one in now.newest], theme=theme),
    ),
}
"""Charts by name: title, and what draws it of a snapshot."""
MAPS = ("places",)
"""Charts that are maps: none of their axes is time."""
OUTCOMES: tuple[Outcome, ...] = ("approve", "review", "decline")
STAGES = {
    "captured": "Captured",
    "customers": "Customers",
    "terminals": "Terminals",
    "decided": "Decided",
    "delivered": "Delivered",
    "dead": "Dead letters",
}

FIRST = 100
"""Rows that a page begins with."""
APPROVED_A_TICK = 3
"""Approved ones shown of a tick: at full speed nobody could read them all."""

Props = dict[str, dict[str, Any]]


class Drawings:
    """The charts, each in both themes, drawn one a tick.

    Drawing takes some milliseconds of the loop in which payments are decided: never
    all at once, but for the first who looks.
    """

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, Theme], tuple[Series, str]] = {}

    def attributes(self, name: str, now: Snapshot) -> dict[str, str]:
        """Return a chart as the attributes of its element, as it was drawn last."""
        return {
            f"data-{theme}": (
                self._drawn.get((name, theme)) or self._draw(name, theme, now)
            )[1]
            for theme in THEMES
        }

    def draw_one(self, now: Snapshot) -> None:
        """Draw one of the charts that are of an earlier second."""
        for (name, theme), (drawn, _) in self._drawn.items():
            if drawn is not now.series:
                self._draw(name, theme, now)
                return

    def _draw(self, name: str, theme: Theme, now: Snapshot) -> tuple[Series, str]:
        figure = CHARTS[name][1](now, theme)
        drawn = self._drawn[name, theme] = now.series, wire(figure.to_plotly_json())
        return drawn


drawings = Drawings()


@lru_cache(maxsize=2)
def shown(snapshot: Snapshot) -> Props:
    """Return what the page shows of a snapshot, but for its rows: by component."""
    totals = snapshot.totals
    props: Props = {
        "figure-rate": {"children": wording.rate(snapshot.per_second)},
        "figure-p50": {"children": _latency(snapshot.p50_ms)},
        "figure-p99": {"children": _latency(snapshot.p99_ms)},
        "figure-decided": {"children": wording.count(totals["decided"])},
        "figure-flagged": {"children": wording.share(snapshot.flagged_share)},
        "workers": {"children": _workers(tuple(_said(w) for w in snapshot.workers))},
        "mix": {"children": _mix(tuple(snapshot.outcomes.get(o, 0) for o in OUTCOMES))},
    }
    for name, (number, small, tone) in _stages(snapshot).items():
        props[f"stage-{name}"] = {"children": wording.count(number)}
        props[f"small-{name}"] = {"children": small, "className": f"small {tone}"}
    for name in CHARTS:
        props[f"{name}-drawn"] = drawings.attributes(name, snapshot)
    drawings.draw_one(snapshot)
    return props


def _latency(time_ms: float | None) -> str:
    """Write a latency; what is beyond the last bound is known as that only."""
    beyond = time_ms == BOUNDS_MS[-1]
    return f"{'> ' if beyond else ''}{wording.milliseconds(time_ms)}"


def _stages(snapshot: Snapshot) -> dict[str, tuple[int, str, str]]:
    """Return each stage's number, what is told below it, and the tone of that."""
    totals, lag = snapshot.totals, snapshot.lag

    def waiting(topic: str) -> tuple[str, str]:
        count = lag.get(topic, 0)
        if not count:
            return "none waiting", ""
        return f"{wording.count(count)} waiting", "behind"

    before_customers = lag.get("customer-activity", 0)
    before_terminals = lag.get("terminal-activity", 0)
    dropped = wording.count(totals["duplicates"])
    return {
        "captured": (totals["captured"], *waiting("transactions")),
        "customers": (before_customers, f"waiting · {dropped} repeats", ""),
        "terminals": (before_terminals, "waiting", ""),
        "decided": (totals["decided"], f"{wording.rate(snapshot.per_second)} /s", ""),
        "delivered": (totals["delivered"], *waiting("decisions")),
        "dead": (
            totals["dead_letters"],
            "could not be handled",
            "behind" if totals["dead_letters"] else "",
        ),
    }


def rows(
    snapshot: Snapshot, *, after: int, approved: int = APPROVED_A_TICK
) -> list[dict[str, Any]]:
    """Return the decisions numbered above `after` as rows, newest first.

    All that are flagged, and at most so many approved ones; all when the page is new.
    """
    found: list[dict[str, Any]] = []
    for number, decision in reversed(snapshot.newest):
        if number <= after or len(found) == FIRST:
            break
        if decision.outcome == "approve" and after:
            approved -= 1
            if approved < 0:
                continue
        found.append(_row(decision))
    return found


def _row(decision: Decision) -> dict[str, Any]:
    payment = decision.payment
    return {
        "id": decision.id,
        "short": wording.short(decision.id),
        "at": decision.timings.received_at.isoformat(),
        "happened": payment.occurred_at.isoformat(),
        "outcome": decision.outcome,
        "word": marks.WORDS[decision.outcome],
        "score": f"{decision.score:.0f}",
        "amount": wording.money(payment.amount, payment.currency),
        "customer": wording.short(payment.customer_id),
        "channel": payment.channel,
        "why": decision.hits[0].reason if decision.hits else "",
        "more": len(decision.hits) - 1,
    }


@lru_cache(maxsize=2)
def groups(moved: tuple[GroupMoved, ...]) -> Props:
    """Return the newest group alerts; nothing is there where there are none."""
    return {"group-alerts": {"children": [_group(one) for one in moved]}}


def _group(one: GroupMoved) -> html.Li:
    frauds = f", {one.frauds:,} with frauds" if one.frauds else ""
    return html.Li(
        html.A(
            [
                marks.moment(one.at),
                html.Strong(f"{one.size:,} move together{frauds}"),
                html.Span(one.reason),
            ],
            href=f"{links.SKETCHES}#groups-section",
        ),
        key=f"{one.id} {one.at.isoformat()} {one.size}",
    )


def _said(worker: WorkerState) -> tuple[str, str, str]:
    """Return a worker's name, its state, and that in words."""
    told = worker.state
    if worker.state == "silent":
        told = f"silent for {worker.silent_for:.0f} s"
    return f"{worker.name} · {worker.role}", worker.state, told


@lru_cache(maxsize=2)
def _workers(workers: tuple[tuple[str, str, str], ...]) -> list[html.Li]:
    """List workers; the same list as long as nothing changes."""
    return [
        html.Li(
            [
                html.Span(className=f"dot {state}"),
                html.Span(name, className="name"),
                html.Span(told, className="health"),
            ]
        )
        for name, state, told in workers
    ]


@lru_cache(maxsize=2)
def _mix(counts: tuple[int, ...]) -> list[html.Div]:
    """List outcomes by count and share; the same list as long as nothing changes."""
    decided = sum(counts)
    return [
        html.Div(
            [
                marks.outcome(outcome),
                html.Span(wording.count(count)),
                html.Span(
                    wording.share(count / decided if decided else None),
                    className="share",
                ),
            ]
        )
        for outcome, count in zip(OUTCOMES, counts, strict=True)
    ]

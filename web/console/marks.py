"""Marks: the small things that pages are made of, each the same everywhere."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from dash import html

from app.events.decisions import Outcome
from app.rules.ruleset import State
from web.console import wording

WORDS: dict[Outcome, str] = {
    "approve": "Approved",
    "review": "Review",
    "decline": "Declined",
}


def outcome(of: Outcome, *, large: bool = False) -> html.Span:
    """Show an outcome by shape, colour and word."""
    size = " large" if large else ""
    return html.Span(WORDS[of], className=f"outcome {of}{size}")


STATES: dict[State, str] = {"live": "Live", "shadow": "Shadow", "off": "Off"}


def state(of: State) -> html.Span:
    """Show what a rule counts for, by shape and word."""
    return html.Span(STATES[of], className=f"state is-{of}")


def moment(at: datetime, *, clock: bool = False) -> html.Time:
    """Show a time, which the browser puts into the viewer's zone; UTC on hover.

    With `clock` the day is left out.
    """
    utc = at.astimezone(UTC)
    text = f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    kind = {"data-clock": ""} if clock else {}
    return html.Time(text, dateTime=utc.isoformat(), title=text, **kind)


def identity(name: str, *, of: str) -> html.Span:
    """Show an id, shortened in its middle, with a button that copies all of it."""
    copy = html.Button(
        className="copy",
        title=f"Copy {of}",
        **{"data-copy": name, "aria-label": f"Copy {of} {name}"},
    )
    shown = html.Code(wording.short(name), title=name)
    return html.Span([shown, copy], className="id")


def badge(source: str) -> dict[str, Any]:
    """Return the badge of what is no life: its text and style, or an empty one."""
    words = {
        "simulation": ("Simulation", "Payments of a made-up bank"),
        "replay": ("Replay", "Payments that happened earlier"),
    }
    text, title = words.get(source, ("", ""))
    return {
        "children": text,
        "title": title,
        "className": "badge" if text else "badge none",
    }


def panel(title: str, *children: Any, **props: Any) -> html.Section:
    """Put something under a heading, in a box."""
    name = f"panel {props.pop('className', '')}".strip()
    return html.Section([html.H2(title), *children], className=name, **props)


def table(
    heads: Iterable[str | tuple[str, str]], rows: Sequence[html.Tr], *, name: str = ""
) -> html.Table:
    """Return rows below their heads: each a title, or one with its column's class."""
    titled = [(one, "") if isinstance(one, str) else one for one in heads]
    cells = [html.Th(title, scope="col", className=kind) for title, kind in titled]
    parts = [html.Thead(html.Tr(cells)), html.Tbody(rows)]
    return html.Table(parts, className=name)


def counted(name: str, count: int, *, most: int) -> html.Tr:
    """Return a row of a table: a name, how many, and a bar beside the `most`."""
    bar = html.Span(style={"width": f"{100 * count / most:.1f}%"})
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(html.Div(bar, className="track")),
            html.Td(wording.count(count), className="number"),
        ]
    )


def facts(rows: Sequence[tuple[str, Any]]) -> html.Dl:
    """List what is known, by name; what is not known is left out."""
    pairs = [
        html.Div([html.Dt(name), html.Dd(value)])
        for name, value in rows
        if value not in (None, "")
    ]
    return html.Dl(pairs, className="facts")


def notice(title: str, *lines: Any, tone: str = "quiet") -> html.Div:
    """Say in place of a page's part what is missing, and what can be done."""
    role = {"role": "alert"} if tone == "bad" else {}
    told = [html.P(line) for line in lines]
    return html.Div(
        [html.P(title, className="title"), *told], className=f"notice {tone}", **role
    )


def skeleton(*, lines: int) -> html.Div:
    """Hold the place of something that is being loaded."""
    bars = [html.Span(className="bone") for _ in range(lines)]
    return html.Div(bars, className="skeleton", role="status", **_LOADING)


_LOADING = {"aria-label": "Loading"}

"""Devices: live places of phones, pushed as they come."""

from typing import Any
from urllib.parse import quote, unquote

from dash import html

from web.console import charts, journeys, marks, wording
from web.console.client import Client, who
from web.console.managing import may
from web.console.pages import machines, registering
from web.console.tokens import THEMES, Theme
from web.console.wording import wire
from web.phones import Phones, Trail
from web.users import Role, at_least

PATH = "/ui/devices"
TITLE = "Live Location Data Streamed from Sensor Logger"
LEAST: Role = "analyst"
MOST_LISTED = 60
KMH = 3.6

Props = dict[str, dict[str, Any]]


def device_of(path: str) -> str | None:
    """Return the device that a path of this page names, or ""; None of another page's.

    >>> device_of("/ui/devices"), device_of("/ui/devices/p-1"), device_of("/ui/")
    ('', 'p-1', None)
    """
    here, slash, named = path.partition(f"{PATH}/")
    return "" if path == PATH else unquote(named) if slash and not here else None


def allowed() -> bool:
    """Whether who looks may see where people are."""
    return at_least(who.get().role, LEAST)


def layout(client: Client, device: str = "") -> html.Div:
    """Return the page as it is now, of a device where one is named."""
    if not allowed():
        said = f"Where people are is shown to the role {LEAST} and above."
        return html.Div([html.H1(TITLE), marks.notice("Not for your role", said)])
    now = shown(client.phones, device)
    drawings = [
        marks.panel(
            title,
            charts.place(name, title, zoom=name == "journey"),
            html.Div(id=f"{name}-drawn", **now[f"{name}-drawn"], **plain),
            className=f"drawn {name}",
        )
        for name, title, plain in (
            ("journey", "Path, other devices and payments", {"data-map": ""}),
            ("motion", "Speed and altitude", {}),
        )
    ]
    listed = marks.panel(
        "Devices",
        html.Ul(id="devices-list", className="devices-list", **now["devices-list"]),
        *registering.form("phone"),
    )
    return html.Div(
        [
            html.Div(
                [html.H1(TITLE), html.P(id="devices-told", **now["devices-told"])]
            ),
            html.Div(
                [
                    html.Div([listed, machines.panel(client)], className="watched"),
                    html.Div(drawings, className="drawings"),
                ],
                className="columns",
            ),
        ],
        className="devices",
    )


class Drawings:
    """What was drawn last of each device, so that browsers share it."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, Theme, str], tuple[object, str]] = {}

    def attributes(self, name: str, phones: Phones, chosen: Trail | None) -> Any:
        """Return a chart as its element's attributes, drawn again if there is news."""
        trails = phones.trails()
        of = chosen.device_id if chosen else ""
        if name == "journey":
            state: object = (of, sum(trail.version for trail in trails))
        else:
            state = (of, chosen.version if chosen else 0)
        found = {}
        for theme in THEMES:
            key = (name, theme, of)
            drawn = self._drawn.get(key)
            if drawn is None or drawn[0] != state:
                figure = (
                    journeys.journey(trails, chosen, theme=theme)
                    if name == "journey"
                    else journeys.speed_and_altitude(chosen, theme=theme)
                )
                if len(self._drawn) > MOST_LISTED:
                    self._drawn.clear()
                drawn = self._drawn[key] = state, wire(figure.to_plotly_json())
            found[f"data-{theme}"] = drawn[1]
        return found


_drawings = Drawings()


def shown(phones: Phones, device: str) -> Props:
    """Return what the page shows of a device, else of the first one, by component."""
    trails = phones.trails()
    chosen = phones.trail(device) if device else next(iter(trails), None)
    return {
        "devices-told": {"children": _told(phones, trails)},
        "devices-list": {"children": _list(phones, trails, chosen)},
        "journey-drawn": _drawings.attributes("journey", phones, chosen),
        "motion-drawn": _drawings.attributes("motion", phones, chosen),
    }


def _told(phones: Phones, trails: list[Trail]) -> str:
    if not trails:
        how = (
            "Register one below, and set its address in the app under HTTP Push."
            if may("manager")
            else "Managers register them here."
        )
        return f"No device has told its place yet. {how}"
    silent = sum(phones.silent(trail) for trail in trails)
    told = f"{len(trails)} device{'s' if len(trails) != 1 else ''}"
    return f"{told}, {silent} silent for a minute" if silent else told


def _list(phones: Phones, trails: list[Trail], chosen: Trail | None) -> list[html.Li]:
    return [
        _item(phones, trail, here=trail is chosen)
        for trail in trails[:MOST_LISTED]
        if trail.fixes
    ]


def _item(phones: Phones, trail: Trail, *, here: bool) -> html.Li:
    last = trail.fixes[-1]
    speed = "" if last.speed_mps is None else f"{last.speed_mps * KMH:.0f} km/h"
    state = "silent" if phones.silent(trail) else "running"
    mark = {"aria-current": "true"} if here else {}
    link = html.A(
        [
            html.Span(className=f"dot {state}", title=state),
            html.Span(wording.short(trail.device_id), className="name"),
            html.Span(trail.customer_id or "cash machine", className="customer"),
            html.Span("simulated" if trail.synthetic else "", className="origin"),
            html.Span(speed, className="number"),
            html.Span(
                marks.moment(last.occurred_at, clock=True),
                key=last.occurred_at.isoformat(),
            ),
        ],
        href=f"{PATH}/{quote(trail.device_id, safe='')}",
        **mark,
    )
    return html.Li(link, className="doubted" if last.doubts else "")

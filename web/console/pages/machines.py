"""Machines: the cash machines that are watched, with what they felt, as it comes."""

from collections.abc import Awaitable, Callable
from typing import Any

from dash import Dash, Input, Output, html

from app.events.devices import Device
from app.events.readings import Alarm, AlarmKind
from web.api.models import TerminalState
from web.console import marks, wording
from web.console.client import Client
from web.console.pages import registering
from web.machines import Machines
from web.problems import Problem

MOST_LISTED = 60
MOST_ALARMS = 3
"""Shown of a machine; its terminal's row has more."""
FELT: dict[AlarmKind, str] = {
    "tilt": "leans {:.1f}°",
    "vibration": "shakes, {:.1f} m/s²",
    "temperature": "{:.1f} °C from usual",
    "door": "door open",
}

Ask = Callable[[str], Awaitable[TerminalState]]


def register(app: Dash, client: Client) -> None:
    """Have what was felt before this worker listened brought in, once a machine."""

    @app.callback(
        Output("machines-past", "children"), Input("machines-past", "className")
    )
    async def past(_: str) -> str:
        await bring_in(client.machines, client.watched(), client.terminal)
        return ""


async def bring_in(machines: Machines, watched: list[Device], ask: Ask) -> None:
    """Ask the rows of terminals for alarms from before; the page is then pushed them.

    A row that cannot be had now is asked for by the next who opens the page.
    """
    for device in watched[:MOST_LISTED]:
        if device.terminal_id is None or not machines.unknown(device.id):
            continue
        try:
            row = await ask(device.terminal_id)
        except Problem as problem:
            if problem.status != 404:  # noqa: PLR2004 - HTTP's number: nothing yet
                continue
            machines.remember(device.id, ())
        else:
            machines.remember(device.id, row.alarms)


def panel(client: Client) -> html.Section:
    """Return the panel as it is now."""
    return marks.panel(
        "Cash machines",
        html.Ul(
            id="machines-list",
            className="machines-list",
            **shown(client)["machines-list"],
        ),
        html.Div(id="machines-past", className="none"),
        *registering.form("atm"),
    )


def shown(client: Client) -> dict[str, dict[str, Any]]:
    """Return what the panel shows, by component."""
    watched = client.watched()
    items = [_item(client.machines, one) for one in watched[:MOST_LISTED]]
    none = (
        "None is registered: its tilt, vibration, temperature and door would be here."
    )
    return {"machines-list": {"children": items or [html.Li(none, className="hint")]}}


def _item(machines: Machines, device: Device) -> html.Li:
    alarms = machines.newest(device.id)
    alarmed = any(machines.recent(one) for one in alarms)
    state, said = (
        ("alarmed", "alarm within a day")
        if alarmed
        else ("running", "no alarm within a day")
    )
    terminal = device.terminal_id
    of_terminal = (
        marks.identity(terminal, of="terminal") if terminal else "of no terminal"
    )
    head = [
        html.Span(className=f"dot {state}", title=said),
        html.Span(device.name or wording.short(device.id), className="name"),
        html.Span("simulated" if device.synthetic else "", className="origin"),
        html.Span(of_terminal, className="terminal"),
    ]
    felt = [_felt(one, recent=machines.recent(one)) for one in alarms[:MOST_ALARMS]]
    return html.Li(
        [html.Div(head, className="machine"), html.Ol(felt, className="felt")],
        key=device.id,
    )


def _felt(alarm: Alarm, *, recent: bool) -> html.Li:
    words = FELT[alarm.kind].format(alarm.value)
    return html.Li(
        [html.Span(words), marks.moment(alarm.occurred_at, clock=recent)],
        className="recent" if recent else "",
        key=f"{alarm.occurred_at.isoformat()}-{alarm.kind}",
    )

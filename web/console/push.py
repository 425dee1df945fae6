"""Push: what changes, sent to each browser over its WebSocket four times a second.

It goes into an attribute that no callback has as an input, for of those Dash keeps
every value that they ever had; the browser's own script hands it to the parts of the
page that are there: a page may have been left meanwhile.
"""

import asyncio
import json
import time
from typing import Any

from dash import Dash, ctx, set_props
from dash.exceptions import WebsocketDisconnected
from plotly.utils import PlotlyJSONEncoder

from web.console import marks
from web.console.client import Client
from web.console.pages import (
    devices,
    live,
    machines,
    models,
    pushed,
    quality,
    sketches,
)
from web.console.wording import wire
from web.live import TICK

TICKS_PER_BEAT = 4
PATIENCE = 10.0
"""Seconds in which a browser says what it shows; it is gone if it does not."""


def register(app: Dash, client: Client) -> None:
    """Have every browser told what changes.

    A callback without inputs: browsers start it again when their connection is back.
    """

    @app.callback(websocket=True, persistent=True)
    async def push() -> None:
        socket = ctx.websocket
        told = Told()
        while not socket.is_shutdown:
            try:
                path = await socket.get_prop("shown", "data", timeout=PATIENCE)
            except (TimeoutError, WebsocketDisconnected):
                return  # the page is closed, though another one holds the connection
            set_props("beat", {"data-at": time.time_ns() // 1_000_000})
            for _ in range(TICKS_PER_BEAT):
                if changes := told.changes(client, path):
                    set_props("changes", {"data-changes": to_json(changes)})
                await asyncio.sleep(TICK)


class Told:
    """What one browser has been told, so that it is told only what changed."""

    def __init__(self) -> None:
        self._path: str | None = None
        self._props: dict[str, dict[str, Any]] = {}
        self._last = 0

    def changes(self, client: Client, path: str | None) -> dict[str, dict[str, Any]]:
        """Return the properties to set, by component, on the page at a path."""
        if path != self._path:  # another page has other components, all of them new
            self._path, self._props, self._last = path, {}, 0
        snapshot, device = client.snapshot(), devices.device_of(path or "")
        shown = {"source": marks.badge(snapshot.source)}
        if path == live.PATH:
            shown |= pushed.shown(snapshot)
            if sketches.allowed():
                shown |= pushed.groups(snapshot.groups)
        elif device is not None and devices.allowed():
            shown |= devices.shown(client.phones, device) | machines.shown(client)
        elif path == models.PATH:
            shown |= models.shown(client)
        elif path == quality.PATH:
            shown |= quality.shown(client)
        known = {name: _comparable(props) for name, props in shown.items()}
        changed = {
            name: props
            for name, props in shown.items()
            if self._props.get(name) != known[name]
        }
        self._props |= known
        if path == live.PATH and (rows := pushed.rows(snapshot, after=self._last)):
            self._last = snapshot.newest[-1][0]
            changed["arrivals"] = {"data-rows": wire(rows)}
        return changed


def _comparable(props: dict[str, Any]) -> dict[str, Any]:
    """Return properties so that the same are equal: components never are."""
    children = props.get("children")
    if children is None or isinstance(children, str):
        return props
    return {**props, "children": to_json(children)}


def to_json(changes: Any) -> str:
    """Write properties, which may hold components, as Dash reads them in a browser."""
    return json.dumps(changes, cls=PlotlyJSONEncoder)

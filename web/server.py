"""Server: one ASGI application of console, API and static files, behind one guard."""

import importlib
import importlib.util
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api.application import build as build_api
from web.auth import Auth, Guard
from web.context import Context
from web.problems import Problem

CONSOLE = "web.console"
STATIC = Path(__file__).parent / "static"

PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What pages without a script may load."""

RENDERER = "'sha256-jZlsGVOhUAIcH+4PVs7QuGZkthRMgvT2n0ilH6/zTM0='"
"""Dash's one inline script, `var renderer = new DashRenderer();`."""

CONSOLE_POLICY = (
    f"default-src 'self'; script-src 'self' {RENDERER}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'self'"
)
"""What the console may load: nothing from outside, and no script but its own."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def build(context: Context, auth: Auth) -> ASGIApp:
    """Return everything that a worker serves."""
    console = _console(context)
    api = build_api(context, auth, home="/ui/" if console else "/docs")
    places: dict[str, ASGIApp] = {
        "/ui": console or _nothing,
        "/static": StaticFiles(directory=STATIC),
    }
    return Hardened(Guard(Dispatcher(places, api), auth))


def _console(context: Context) -> ASGIApp | None:
    if importlib.util.find_spec(CONSOLE) is None:
        return None
    found: ASGIApp = importlib.import_module(CONSOLE).build(context)
    return found


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    problem = Problem(404, "this worker has no console")
    await problem.response()(scope, receive, send)


class Dispatcher:
    """Sends a request to the application of its path's first part, or to the API.

    The console gets the whole path: it knows its own prefix. Static files get what
    follows theirs.
    """

    def __init__(self, places: dict[str, ASGIApp], api: ASGIApp) -> None:
        self._places = places
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] not in ("http", "websocket"):
            return
        first = "/" + scope["path"].split("/", 2)[1] if "/" in scope["path"] else ""
        place = self._places.get(first, self._api)
        if isinstance(place, StaticFiles):
            if scope["type"] == "websocket":
                await _nothing(scope, receive, send)
                return
            scope = {**scope, "root_path": scope.get("root_path", "") + first}
        await place(scope, receive, send)


class Hardened:
    """Middleware: headers that keep a browser from doing what nobody asked for."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with security headers, leaving those that are set already."""
        path = scope.get("path", "")
        console = path == "/ui" or path.startswith("/ui/")

        async def harden(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                policy = CONSOLE_POLICY if console else PLAIN_POLICY
                headers.setdefault("content-security-policy", policy)
                if not path.startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._inner(scope, receive, harden)

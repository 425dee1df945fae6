"""Server: one ASGI application of console, API and static files, behind one guard."""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api.application import build as build_api
from web.auth import Auth, Guard
from web.context import Context
from web.problems import Problem

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


def build(context: Context, auth: Auth, *, console: ASGIApp | None) -> ASGIApp:
    """Return everything that a worker serves; `console` is what is below `/ui`."""
    api = build_api(context, auth, home="/ui/" if console else "/docs")
    api.mount("/static", StaticFiles(directory=STATIC))
    return Hardened(Guard(Dispatcher(api, console or _nothing), auth))


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    problem = Problem(404, "this worker has no console")
    await problem.response()(scope, receive, send)


class Dispatcher:
    """Sends what is below `/ui` to the console, all else to the API.

    The console gets the whole path: it knows its own prefix.
    """

    def __init__(self, api: ASGIApp, console: ASGIApp) -> None:
        self._api = api
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if of_console(scope["path"]):
            await self._console(scope, receive, send)
        elif scope["type"] == "websocket":
            await _nothing(scope, receive, send)
        else:
            await self._api(scope, receive, send)


def of_console(path: str) -> bool:
    """Whether a path is the console's.

    >>> of_console("/ui"), of_console("/ui/alerts"), of_console("/uid")
    (True, True, False)
    """
    return path == "/ui" or path.startswith("/ui/")


class Hardened:
    """Middleware: headers that keep a browser from doing what nobody asked for."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with security headers, leaving those that are set already."""
        path = scope.get("path", "")
        console = of_console(path)

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

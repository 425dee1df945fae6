"""The console as an application: its pages by their addresses, its callbacks."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from dash import Dash, Input, Output, html
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.bodies import read_body
from web.console import marks, push, shell
from web.console.client import Client, who
from web.console.managing import Manager
from web.console.pages import (
    aggregates,
    candidate,
    customer,
    devices,
    lists,
    live,
    machines,
    models,
    policy,
    quality,
    rule,
    rules,
    sketches,
    transaction,
    transactions,
    versions,
)
from web.console.tokens import style_sheet
from web.context import Context
from web.problems import Problem

ROOT = "/ui/"
MOST_BYTES = 4 * 1024 * 1024
"""Of what a page sends: a list's file is the largest, of 2 MiB in base64."""

log = logging.getLogger(__name__)

PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
{{%metas%}}
<meta name="color-scheme" content="light dark">
<title>{{%title%}}</title>
<link rel="icon" href="/static/icon.svg">
<style>{style_sheet()}</style>
{{%css%}}
<script src="{ROOT}assets/theme.js"></script>
</head>
<body>
{{%app_entry%}}
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>
"""


def build(context: Context) -> ASGIApp:
    """Return the application that answers everything below `/ui`."""
    client = Client(context)
    manager = Manager(context)
    app = Dash(
        "web.console",
        backend="fastapi",
        title="smartbank",
        update_title="",
        routes_pathname_prefix=ROOT,
        requests_pathname_prefix=ROOT,
        assets_ignore="theme.js",
        suppress_callback_exceptions=True,
        index_string=PAGE,
        add_log_handler=False,
        websocket_inactivity_timeout=0,
        websocket_batch_delay=0,  # of two values in a batch a browser shows the last
        on_error=_fault,
    )
    app.layout = lambda: shell.layout(client)
    _route(app, client, manager)
    transaction.register(app, client)
    customer.register(app, client, manager)
    rules.register(app, client, manager)
    rule.register(app, manager)
    versions.register(app, manager)
    candidate.register(app, manager)
    policy.register(app, manager)
    lists.register(app, manager)
    aggregates.register(app, manager)
    machines.register(app, client)
    sketches.register(app, client)
    push.register(app, client)
    return Pages(app.server)


def _fault(error: Exception) -> html.Div:
    """Say in place of a part that making it failed; the worker's log says how."""
    log.error("the console failed", exc_info=error)
    return marks.notice(
        "A fault of ours",
        "This part could not be made; the worker's log tells why. All else works.",
        tone="bad",
    )


def _route(app: Dash, client: Client, manager: Manager) -> None:
    @app.callback(
        Output("page", "children"), Output("shown", "data"), Input("url", "pathname")
    )
    async def route(path: str) -> tuple[html.Div, str]:
        return page(client, manager, path), address(path)


SINGLE: dict[str, Callable[[Client, Manager], html.Div]] = {
    live.PATH: lambda client, _: live.layout(client.snapshot()),
    transactions.PATH: lambda client, _: transactions.layout(client.snapshot()),
    devices.PATH: lambda client, _: devices.layout(client),
    rules.PATH: rules.layout,
    rule.NEW: lambda _, manager: rule.layout(manager, None),
    rule.VERSIONS: lambda _, manager: versions.layout(manager),
    aggregates.PATH: lambda _, manager: aggregates.layout(manager),
    lists.PATH: lambda *_: lists.layout(),
    policy.PATH: lambda _, manager: policy.layout(manager),
    models.PATH: lambda client, _: models.layout(client),
    sketches.PATH: lambda *_: sketches.layout(),
    quality.PATH: lambda client, _: quality.layout(client),
}
"""Pages that are one."""
FOLDERS: dict[str, Callable[[Client, Manager, str], html.Div]] = {
    transaction.PATH: lambda _, __, name: transaction.layout(name),
    customer.PATH: lambda _, __, name: customer.layout(name),
    f"{devices.PATH}/": lambda client, _, name: devices.layout(client, name),
    rule.PATH: lambda _, manager, name: rule.layout(manager, name),
    f"{rule.VERSIONS}/": lambda _, manager, name: versions.of_version(manager, name),
}
"""Pages of which there is one for each of many, by its name."""


def page(client: Client, manager: Manager, path: str) -> html.Div:
    """Return the page at a path; one that says so where there is none."""
    if single := SINGLE.get(address(path)):
        return single(client, manager)
    if folder := _folder(path):
        name = unquote(address(path).removeprefix(folder))
        return FOLDERS[folder](client, manager, name)
    return html.Div(
        [
            html.H1("No such page"),
            marks.notice(
                f"There is no page at {unquote(path)}",
                html.A("Go to the live page", href=live.PATH),
            ),
        ]
    )


def known(path: str) -> bool:
    """Whether there is a page at a path.

    >>> known("/ui"), known("/ui/transactions/T1"), known("/ui/elsewhere")
    (True, True, False)
    """
    return address(path) in SINGLE or _folder(path) is not None


def address(path: str) -> str:
    """Return a path as pages know it: without a slash at its end, but that of `/ui/`.

    >>> address("/ui"), address("/ui/models/")
    ('/ui/', '/ui/models')
    """
    bare = path.rstrip("/")
    return ROOT if f"{bare}/" == ROOT else bare


def _folder(path: str) -> str | None:
    return next((one for one in FOLDERS if address(path).startswith(one)), None)


class Pages:
    """Answers a page's address with the one document that all pages share.

    Remembers who asks; callbacks over the WebSocket learn it from here too, since
    the tasks that run them inherit it.
    """

    def __init__(self, dash: ASGIApp) -> None:
        self._dash = dash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        who.set(scope["user"])
        path = scope["path"]
        below = path.removeprefix(ROOT)
        inner = path.startswith(ROOT) and below.startswith(("_", "assets/"))
        if scope["type"] == "websocket":
            await self._dash(scope, receive, send)
            return
        if inner or scope["method"] != "GET":
            try:
                body = await read_body(Request(scope, receive), most=MOST_BYTES)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
            await self._dash(scope, _told(body, receive), send)
            return

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start" and not known(path):
                message["status"] = HTTPStatus.NOT_FOUND
            await send(message)

        document = {**scope, "path": ROOT, "raw_path": ROOT.encode()}
        await self._dash(document, receive, mark)


def _told(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that tells a body that was read, then goes on as before."""
    told: list[Message] = [{"type": "http.request", "body": body}]

    async def next_message() -> Message:
        return told.pop() if told else await receive()

    return next_message

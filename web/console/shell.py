"""Shell: what is around every page: navigation, search, who is logged in, keys."""

from dash import dcc, html

from web.console import marks
from web.console.client import Client, who
from web.console.pages import (
    aggregates,
    devices,
    lists,
    live,
    models,
    policy,
    quality,
    rules,
    sketches,
    transactions,
)

NAVIGATION = (
    ("Live", live.PATH),
    ("Transactions", transactions.PATH),
    ("Devices", devices.PATH),
    ("Rules", rules.PATH),
    ("Aggregates", aggregates.PATH),
    ("Lists", lists.PATH),
    ("Policy", policy.PATH),
    ("Models", models.PATH),
    ("Sketches", sketches.PATH),
    ("Quality", quality.PATH),
)

ALLOWED = {devices.PATH: devices.allowed, sketches.PATH: sketches.allowed}
"""Pages that are not for every role, and who may see them."""

KEYS = (
    ("/", "search by id"),
    ("j", "next row"),
    ("k", "row before"),
    ("Enter", "open the row"),
    ("n", "show new rows"),
    ("t", "other theme"),
    ("?", "these keys"),
    ("Esc", "close, or leave the search"),
)

THEMES = (("system", "System"), ("light", "Light"), ("dark", "Dark"))


def _anybody() -> bool:
    return True


def layout(client: Client) -> html.Div:
    """Return the shell; the page itself comes by the address."""
    return html.Div(
        [
            html.A("Skip to content", href="#page", className="skip"),
            _header(client),
            html.Div(id="connection", role="status"),
            html.Main(html.Div(id="page", children=marks.skeleton(lines=12))),
            _help(),
            dcc.Location(id="url"),
            dcc.Store(id="shown"),
            html.Div(id="beat"),
            html.Div(id="changes"),
        ],
        id="shell",
    )


def _header(client: Client) -> html.Header:
    links = [
        html.A(name, href=path, **{"data-page": path})
        for name, path in NAVIGATION
        if ALLOWED.get(path, _anybody)()
    ]
    source = marks.badge(client.snapshot().source)
    return html.Header(
        [
            html.A(
                [html.Span(className="mark"), html.Span("smartbank", className="name")],
                href=live.PATH,
                className="brand",
                **{"aria-label": "smartbank, to the live page"},
            ),
            html.Nav(links, **{"aria-label": "Pages"}),
            _search(),
            html.Span(id="source", **source),
            _user(),
        ]
    )


def _search() -> html.Form:
    return html.Form(
        [
            html.Label(
                "Id of a transaction or customer",
                htmlFor="search",
                className="unseen",
            ),
            dcc.Input(
                id="search",
                type="search",
                placeholder="Transaction or customer id",
                autoComplete="off",
                maxLength=64,
                spellCheck=False,
            ),
            html.Kbd("/", **{"aria-hidden": "true"}),
        ],
        id="search-form",
        role="search",
    )


def _user() -> html.Details:
    caller = who.get()
    choices = [
        html.Button(
            name, type="button", **{"data-theme-choice": key, "aria-pressed": "false"}
        )
        for key, name in THEMES
    ]
    menu = html.Div(
        [
            html.P([html.Strong(caller.name), html.Span(caller.role)], className="who"),
            html.Div(
                choices, className="segments", role="group", **{"aria-label": "Theme"}
            ),
            html.Button("Keys", type="button", id="show-help"),
            html.A("API documentation", href="/docs"),
            html.A("Log out", href="/logout"),
        ],
        className="menu",
    )
    initial = html.Span(caller.name[:1].upper(), className="avatar")
    shown = html.Span(caller.name, className="name")
    role = html.Span(caller.role, className="role")
    return html.Details(
        [html.Summary([initial, shown, role]), menu],
        id="user",
        **{"data-role": caller.role},
    )


def _help() -> html.Dialog:
    rows = [html.Div([html.Dt(html.Kbd(key)), html.Dd(what)]) for key, what in KEYS]
    return html.Dialog(
        [
            html.H2("Keys", id="help-title"),
            html.Dl(rows, className="keys"),
            html.Form(html.Button("Close"), method="dialog"),
        ],
        id="help",
        **{"aria-labelledby": "help-title"},
    )

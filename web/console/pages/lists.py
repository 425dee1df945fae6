"""Lists: whom to block, to let through and to watch, by whom and why."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast, get_args

import msgspec
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from app.rules.lists import DONE, Entry, Kind, Verdict
from web.console import forms, marks, wording
from web.console.managing import Manager, may
from web.console.pages.rule import day
from web.list_files import COLUMNS, MOST_ENTRIES
from web.problems import Problem

PATH = "/ui/lists"
SHOWN = 500
"""Entries shown; the API tells up to 10,000."""
MOST_FAULTS = 100
"""Faults of a file that are shown."""

TYPED = ("verdict", "kind", "value", "until", "final", "reason")
"""What is typed of one entry; the component of each is `list-` and its name."""
KINDS = [(kind, kind.capitalize()) for kind in get_args(Kind)]
VERDICTS = (("block", "Block"), ("allow", "Let through"), ("watch", "Watch"))
WORDS = {"block": "Blocked", "allow": "Let through", "watch": "Watched"}


def layout() -> html.Div:
    """Return the page: the entries, and to managers how to change them."""
    parts: list[Any] = [
        html.Div(html.H1("Lists"), className="title-line"),
        html.P(
            "A list decides before the rules do: a final block, then who is let "
            "through, then any other block. Who is watched is reviewed at the least.",
            className="lead",
        ),
    ]
    if may("manager"):
        adding = html.Div([_one(), _file()], className="pair")
        parts += [adding, html.Div(id="lists-told")]
    parts += [
        _filters(),
        html.Div(id="lists-shown"),
        dcc.Store(id="lists-changed", data=0),
    ]
    return html.Div(parts, className="rules-page")


def _one() -> html.Section:
    value = forms.line("list-value", maxLength=64, placeholder="id, or card number")
    return marks.panel(
        "Add one",
        forms.choice("What is to happen", "list-verdict", options=VERDICTS,
                     value="block"),
        forms.choice("Whose payments", "list-kind", options=KINDS, value="customer"),
        forms.field(
            "Which one",
            value,
            hint="A card by its token or number, of which only the token is kept; a "
            "country by its code, such as DE.",
        ),
        html.Div(
            [
                forms.field("Until day", forms.line("list-until",
                                                    placeholder="for ever")),
                forms.choice(
                    "May it be overridden?",
                    "list-final",
                    options=(("", "By who is let through"), ("final", "By nothing")),
                    value="",
                ),
            ],
            className="row",
        ),
        forms.why("list-reason", placeholder="account taken over"),
        html.Div(forms.button("Add", "list-add", tone="first"), className="row"),
        className="form",
    )  # fmt: skip


def _file() -> html.Section:
    return marks.panel(
        "Add many",
        html.P(
            f"A CSV file of up to {MOST_ENTRIES:,} rows. It is listed whole or not at "
            "all; what is wrong is told row by row.",
            className="lead",
        ),
        html.Pre(
            f"{','.join(COLUMNS)}\n"
            "card,4539578763621486,block,reported stolen,,true\n"
            "merchant,M000042,allow,our own canteen,2027-01-01T00:00:00Z,",
            tabIndex=0,
        ),
        dcc.Upload(forms.button("Choose a file…", "list-pick"), id="list-file",
                   accept=".csv", max_size=2 * 1024 * 1024),
        className="form",
    )  # fmt: skip


def _filters() -> html.Div:
    options = [("all", "All"), *VERDICTS, ("removed", "Taken off")]
    return html.Div(
        [
            forms.choice("Show", "lists-show", options=options, value="all"),
            forms.field(
                "Find", forms.line("lists-find", placeholder="value, reason or author")
            ),
        ],
        className="row filters",
    )


def register(app: Dash, manager: Manager) -> None:
    """Show the entries; add, import and take off when asked to."""

    @app.callback(
        Output("lists-shown", "children"),
        Input("lists-changed", "data"),
        Input("lists-show", "value"),
        Input("lists-find", "value"),
    )
    async def show(_: int, which: str, wanted: str) -> Any:
        return entries(manager, which, wanted=wanted)

    told, changed = Output("lists-told", "children"), Output("lists-changed", "data")

    @app.callback(
        told,
        changed,
        Output("list-value", "value"),
        Input("list-add", "n_clicks"),
        State("lists-changed", "data"),
        *[State(f"list-{name}", "value") for name in TYPED],
        running=[(Output("list-add", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def add(clicks: int | None, number: int, *typed: Any) -> Any:
        if not clicks:
            return no_update, no_update, no_update
        said, good = await added(manager, typed)
        return said, number + good, "" if good else no_update

    @app.callback(
        Output("lists-told", "children", allow_duplicate=True),
        Output("lists-changed", "data", allow_duplicate=True),
        Input("list-file", "contents"),
        State("lists-changed", "data"),
        prevent_initial_call=True,
    )
    async def take(contents: str | None, number: int) -> Any:
        if not contents:
            return no_update, no_update
        said, good = await imported(manager, contents)
        return said, number + good

    @app.callback(
        Output("lists-told", "children", allow_duplicate=True),
        Input({"off": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def ask(clicks: list[int | None]) -> Any:
        return asked(ctx.triggered_id["off"]) if any(clicks) else no_update

    @app.callback(
        Output("lists-told", "children", allow_duplicate=True),
        Output("lists-changed", "data", allow_duplicate=True),
        Input("off-sure", "n_clicks"),
        State("off-key", "data"),
        State("off-reason", "value"),
        State("lists-changed", "data"),
        prevent_initial_call=True,
    )
    async def take_off(clicks: int | None, key: str, reason: str, number: int) -> Any:
        if not clicks:
            return no_update, no_update
        said, good = await taken_off(manager, key, reason=reason)
        return said, number + good


def entries(manager: Manager, which: str, *, wanted: str | None) -> list[Any]:
    """Return the entries of a verdict, or those taken off, in which a word occurs."""
    word = (wanted or "").strip().lower()
    found = [
        one
        for one in manager.entries(removed=which == "removed")
        if one.removed == (which == "removed")
        if which in ("all", "removed", one.verdict)
        if word in f"{one.kind} {one.value} {one.reason} {one.author}".lower()
    ]
    if not found:
        told = "Nobody is listed" if not word else f"Nothing of {wanted} is listed"
        how = [] if word or may("manager") else ["Managers put entries here."]
        return [html.Div(marks.notice(told, *how), className="panel")]
    heads = ("Verdict", "Of", "Value", "Until", "Reason", "By", "When", "")
    rows = [_row(one) for one in found[:SHOWN]]
    table = marks.table(heads, rows, name="lists-table")
    words = "1 entry" if len(found) == 1 else f"{wording.count(len(found))} entries"
    if len(found) > SHOWN:
        words += f", the newest {SHOWN} of them shown"
    scroll = html.Div(table, className="scroll panel", tabIndex=0)
    return [scroll, html.P(f"{words}.", className="hint")]


def _row(one: Entry) -> html.Tr:
    past = one.until is not None and one.until <= datetime.now(UTC)
    until: Any = "for ever"
    if one.until:
        ended = [html.Span(" ended", className="quiet")] if past else []
        until = [marks.moment(one.until), *ended]
    final = ", final" if one.final else ""
    off: Any = ""
    if not one.removed and may("manager"):
        off = html.Button(
            "Take off",
            id={"off": one.key.decode()},
            type="button",
            className="button bad small",
            **{"aria-label": f"Take {one.kind} {one.value} off the {one.verdict} list"},
        )
    name = "off" if one.removed else one.verdict
    return html.Tr(
        [
            html.Td(
                html.Span(f"{WORDS[one.verdict]}{final}", className=f"listed {name}")
            ),
            html.Td(one.kind),
            html.Td(html.Code(wording.short(one.value, most=24), title=one.value)),
            html.Td(until),
            html.Td(one.reason, className="wide"),
            html.Td(one.author),
            html.Td(marks.moment(one.at) if one.at else ""),
            html.Td(off),
        ]
    )


async def added(manager: Manager, typed: Sequence[Any]) -> tuple[Any, bool]:
    """Put one on a list, typed as in `TYPED`; return what to say, and whether it is."""
    verdict, kind, value, until, final, reason = typed
    listing = {
        "verdict": verdict,
        "kind": kind,
        "value": (value or "").strip(),
        "reason": (reason or "").strip(),
    }
    try:
        if end := day(until, end=True):
            listing["until"] = end
        if final:
            listing["final"] = True
        (one,) = await manager.enlist(msgspec.json.encode(listing), form="json")
    except Problem as problem:
        return told(problem), False
    return forms.done(
        f"{one.kind.capitalize()} {one.value} is {DONE[one.verdict]} from now on."
    ), True


async def imported(manager: Manager, contents: str) -> tuple[Any, bool]:
    """Put a file of entries on the lists; return what to say, and whether they are."""
    try:
        text = base64.b64decode(contents.partition(",")[2], validate=True)
        found = await manager.enlist(text, form="csv")
    except binascii.Error as error:
        return forms.refused(Problem(400, f"the file cannot be read: {error}")), False
    except Problem as problem:
        return told(problem), False
    return forms.done(f"{wording.count(len(found))} entries are listed."), True


def asked(key: str) -> html.Section:
    """Ask why somebody is to be taken off."""
    verdict, kind, value = key.split(":", 2)
    return marks.panel(
        f"Take {kind} {value} off the {verdict} list",
        forms.why("off-reason", placeholder="the customer called", autoFocus=True),
        html.Div(forms.button("Take off", "off-sure", tone="first"), className="row"),
        dcc.Store(id="off-key", data=key),
        className="form",
    )


async def taken_off(manager: Manager, key: str, *, reason: str) -> tuple[Any, bool]:
    """Take somebody off; return what to say, and whether it is so."""
    verdict, kind, value = key.split(":", 2)
    try:
        await manager.take_off(
            cast("Verdict", verdict), kind=cast("Kind", kind), value=value,
            reason=reason,
        )  # fmt: skip
    except Problem as problem:
        return html.Div([told(problem), asked(key)]), False
    return forms.done(f"{kind.capitalize()} {value} is on the list no more."), True


def told(problem: Problem) -> html.Div:
    """Say why nothing was listed; of a file, what is wrong with each row."""
    errors = problem.members.get("errors", [])
    if not errors:
        return forms.refused(problem)
    rows = [
        html.Tr(
            [
                html.Td(str(one["index"] + 1), className="number"),
                html.Td(one["field"]),
                html.Td(
                    f"got {one['got']}, expected {one['expected']}", className="wide"
                ),
            ]
        )
        for one in errors[:MOST_FAULTS]
    ]
    heads = ("Entry", "Field", "What is wrong")
    table = marks.table(heads, rows, name="lists-table")
    count = len(errors)
    words = (
        f"{wording.count(count)} entries do not fit" if count > 1 else "It does not fit"
    )
    return html.Div(
        [
            html.P(f"{words}: nothing was listed."),
            html.Div(table, className="scroll faults", tabIndex=0),
        ],
        className="told bad",
        role="alert",
    )

"""Versions: every ruleset that decided, who made it and why; files in and out."""

import base64
import binascii
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from app.rules.changes import diff
from app.rules.rulebook import Revision
from app.rules.ruleset import Ruleset
from web.console import forms, marks
from web.console.managing import Manager, may
from web.console.pages import candidate, diffs
from web.console.pages.rule import VERSIONS, refusal, revisions
from web.problems import Problem
from web.rule_files import MOST_BYTES, parsed

NEWEST = 200
"""Versions shown; the API lists more."""


def layout(manager: Manager) -> html.Div:
    """Return the page of all versions."""
    book = manager.book.revisions
    pair = book[max(len(book) - 2, 0)].ruleset.version, book[-1].ruleset.version
    told = [(one, diffs.summary(changes)) for one, changes in revisions(
        manager, newest=NEWEST)]  # fmt: skip
    if len(told) < NEWEST:
        told.append((book[0], "as it ships"))
    rows = [_row(revision, what, pair=pair) for revision, what in told]
    heads = ("Version", "When", "Who", "What", "Why", "Compare")
    table = marks.table(heads, rows, name="versions-table")
    files = [
        html.A("Export TOML", href="/v1/rules/export?form=toml", className="button"),
        html.A("Export JSON", href="/v1/rules/export?form=json", className="button"),
    ]
    if may("manager"):
        files.append(
            dcc.Upload(
                forms.button("Import a file…", "versions-pick"),
                id="versions-file",
                accept=".toml,.json",
                max_size=MOST_BYTES,
            )
        )
    return html.Div(
        [
            html.Div(
                [html.H1("Versions of the rules"),
                 html.Div(files, className="row actions")],
                className="title-line",
            ),
            candidate.place(),
            marks.panel(
                "History", html.Div(table, className="scroll", tabIndex=0)
            ),
            _compare(*pair),
        ],
        className="rules-page",
    )  # fmt: skip


def _row(revision: Revision, what: str, *, pair: tuple[str, str]) -> html.Tr:
    version = revision.ruleset.version
    at = marks.moment(revision.at) if revision.at else "with the release"
    link = html.A(html.Code(version), href=f"{VERSIONS}/{version}")
    choices = [
        html.Button(
            words,
            type="button",
            **{
                "data-choice": version,
                "data-of": f"versions-{words}",
                "aria-pressed": str(version == chosen).lower(),
                "aria-label": f"Compare {words} {version}",
            },
        )
        for words, chosen in zip(("before", "after"), pair, strict=True)
    ]
    compare = html.Div(choices, className="segments")
    cells = (link, at, revision.author, what, revision.comment, compare)
    return html.Tr([html.Td(cell) for cell in cells])


def _compare(before: str, after: str) -> html.Section:
    return marks.panel(
        "Compare two",
        dcc.Input(id="versions-before", type="hidden", value=before),
        dcc.Input(id="versions-after", type="hidden", value=after),
        html.Div(id="versions-diff"),
    )


def of_version(manager: Manager, version: str) -> html.Div:
    """Return the page of one version."""
    book = manager.book
    found = [one for one in book.revisions if one.ruleset.version == version]
    if not found:
        notice = marks.notice(
            f"No ruleset of version {version} has decided",
            html.A("See all versions", href=VERSIONS),
        )
        return html.Div([html.H1("No such version"), notice], className="narrow")
    revision = found[-1]
    now = version == book.head.ruleset.version
    title: list[Any] = [html.H1(["Version ", html.Code(version)])]
    if now:
        title.append(html.Span("decides now", className="state is-live"))
    parts = [
        marks.panel("Who and why", _told(revision)),
        marks.panel("What it changed", _changed(manager, revision)),
    ]
    if not now:
        back = diff(book.head.ruleset, revision.ruleset)
        none = "Nothing: the same rules decide now."
        parts.append(marks.panel("What going back would change", diffs.diff(
            back, none=none)))  # fmt: skip
        if may("manager"):
            parts.append(_roll_back(manager, version))
    parts.append(marks.panel("Its rules", _rules(revision.ruleset)))
    return html.Div(
        [html.Div(title, className="title-line"), *parts], className="narrow"
    )


def _told(revision: Revision) -> html.Dl:
    return marks.facts(
        [
            ("By", revision.author),
            ("When", marks.moment(revision.at) if revision.at else "with the release"),
            ("Why", revision.comment),
            ("Number", str(revision.number)),
        ]
    )


def _changed(manager: Manager, revision: Revision) -> html.Div:
    if not revision.number:
        return html.Div(html.P("It is the first.", className="lead"))
    before = manager.book.revisions[revision.number - 1]
    return diffs.diff(diff(before.ruleset, revision.ruleset))


def _rules(ruleset: Ruleset) -> html.Table:
    rows = [
        html.Tr(
            [
                html.Th(rule.name, scope="row"),
                html.Td(marks.state(rule.state)),
                html.Td(f"+{rule.score:g}", className="number"),
                html.Td(html.Code(rule.expression)),
            ]
        )
        for rule in ruleset.rules
    ]
    bands = ruleset.bands
    caption = f"Review from {bands.review_from:g}, decline from {bands.decline_from:g}"
    table = html.Table([html.Caption(caption), html.Tbody(rows)])
    return html.Div(table, className="scroll ruleset", tabIndex=0)


def _roll_back(manager: Manager, version: str) -> html.Section:
    return marks.panel(
        "Roll back",
        html.P(
            "This very ruleset decides again, in every worker, at once. It has decided "
            "before, so that no backtest is needed.",
            className="lead",
        ),
        forms.why("back-comment", placeholder="the new rule held up honest customers"),
        html.Div(
            forms.button("Roll back to this version", "back", tone="first"),
            className="row",
        ),
        html.Div(id="back-told"),
        dcc.Store(id="back-version", data=version),
        dcc.Store(id="back-seen", data=manager.present.version),
        className="form",
    )


def register(app: Dash, manager: Manager) -> None:
    """Compare, roll back and import when asked to."""

    @app.callback(
        Output("versions-diff", "children"),
        Input("versions-before", "value"),
        Input("versions-after", "value"),
    )
    async def compare(before: str, after: str) -> html.Div:
        return compared(manager, before, after)

    @app.callback(
        Output("candidate", "children", allow_duplicate=True),
        Input("versions-file", "contents"),
        State("versions-file", "filename"),
        prevent_initial_call=True,
    )
    async def take(contents: str | None, filename: str) -> Any:
        return no_update if not contents else read(manager, contents, filename)

    @app.callback(
        Output("back-told", "children"),
        Output("back-seen", "data"),
        Input("back", "n_clicks"),
        State("back-version", "data"),
        State("back-seen", "data"),
        State("back-comment", "value"),
        running=[(Output("back", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def back(clicks: int | None, version: str, seen: str, comment: str) -> Any:
        if not clicks:
            return no_update, no_update
        return await rolled_back(manager, version, seen=seen, comment=comment)


def compared(manager: Manager, before: str, after: str) -> html.Div:
    """Return what differs between two versions."""
    old, new = manager.book.ruleset(before), manager.book.ruleset(after)
    if old is None or new is None:
        return html.Div(html.P("One of them is not there.", className="lead"))
    return diffs.diff(diff(old, new))


def read(manager: Manager, contents: str, filename: str) -> Any:
    """Show a file that somebody picked as a candidate, or what is wrong with it."""
    try:
        text = base64.b64decode(contents.partition(",")[2], validate=True)
        toml = filename.lower().endswith(".toml")
        found = parsed(text, form="toml" if toml else "json")
    except (binascii.Error, ValueError) as error:
        return forms.refused(Problem(400, f"the file cannot be read: {error}"))
    except Problem as problem:
        return forms.refused(problem)
    if not isinstance(found, Ruleset):
        detail = "got one rule, expected a ruleset with bands and rules"
        return forms.refused(Problem(422, detail))
    return candidate.shown(manager, found, title=f"From the file {filename}")


async def rolled_back(
    manager: Manager, version: str, *, seen: str, comment: str
) -> tuple[Any, Any]:
    """Roll back; return what to say and the version seen now."""
    try:
        told = await manager.roll_back(version, comment=comment, seen=seen)
    except Problem as problem:
        return refusal(manager, problem, seen=seen)[:2]
    words = [
        "Rolled back: it decides again. ",
        html.A("See the rules", href="/ui/rules"),
    ]
    return forms.done(words), told.ruleset.version

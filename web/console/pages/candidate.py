"""Candidate: a whole ruleset that is looked at, tried, and put in place."""

from typing import Any

import msgspec
from dash import Dash, Input, Output, State, dcc, html, no_update

from app.rules.changes import diff
from app.rules.ruleset import Ruleset
from web.console import forms, marks
from web.console.managing import Manager, may
from web.console.pages import diffs
from web.console.pages.report import report
from web.console.pages.rule import VERSIONS, refusal
from web.problems import Problem
from web.rule_files import parsed
from web.rulings import check, planned

_encode = msgspec.json.Encoder().encode


def place() -> html.Div:
    """Return the place of a candidate; none is there yet."""
    return html.Div(id="candidate")


def shown(manager: Manager, ruleset: Ruleset, *, title: str) -> Any:
    """Show what a ruleset would change, and how it gets there; or why it does not fit.

    A page holds one candidate at most.
    """
    try:
        check(ruleset)
    except Problem as problem:
        return forms.refused(problem)
    present = manager.present
    after = planned(present, ruleset, author="")
    changes = diff(present, after)
    parts: list[Any] = [
        diffs.diff(changes, none="It is what decides now: nothing would change.")
    ]
    if changes:
        buttons = [forms.button("Backtest", "candidate-try", tone="first")]
        parts += [
            html.P(id="candidate-may", className="hint", children=_may(manager, after)),
            html.Div(buttons, className="row"),
            html.Div(id="candidate-tried"),
            _take(),
        ]
    stores = [
        dcc.Store(id="candidate-rules", data=_encode(ruleset).decode()),
        dcc.Store(id="candidate-seen", data=present.version),
    ]
    return marks.panel(title, *parts, *stores, className="form")


def _take() -> html.Div:
    fields = [
        forms.why("candidate-comment", placeholder="what it is for"),
        html.Div(
            forms.button("Put it in place", "candidate-take", tone="first"),
            className="row",
        ),
        html.Div(id="candidate-told"),
    ]
    return html.Div(fields, className="form", hidden=not may("manager"))


def _may(manager: Manager, after: Ruleset) -> str:
    if unproven := manager.book.unproven(after):
        names = ", ".join(unproven)
        return f"Not backtested as they are now: {names}. That comes first."
    return "All that would decide has been backtested, or has decided before."


def register(app: Dash, manager: Manager) -> None:
    """Try the candidate, and put it in place, when asked to."""

    @app.callback(
        Output("candidate-tried", "children"),
        Output("candidate-may", "children"),
        Input("candidate-try", "n_clicks"),
        State("candidate-rules", "data"),
        running=[
            (Output("candidate-try", "disabled"), True, False),
            (Output("candidate-try", "children"), "Trying…", "Backtest"),
        ],
        prevent_initial_call=True,
    )
    async def trial(clicks: int | None, rules: str) -> Any:
        if not clicks:
            return no_update, no_update
        return await tried(manager, rules)

    @app.callback(
        Output("candidate-told", "children"),
        Output("candidate-seen", "data"),
        Input("candidate-take", "n_clicks"),
        State("candidate-rules", "data"),
        State("candidate-seen", "data"),
        State("candidate-comment", "value"),
        running=[(Output("candidate-take", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def take(clicks: int | None, rules: str, seen: str, comment: str) -> Any:
        if not clicks:
            return no_update, no_update
        return await taken(manager, rules, seen=seen, comment=comment)


async def tried(manager: Manager, rules: str) -> tuple[Any, Any]:
    """Return the report of a candidate's trial, and whether it may be put in place."""
    try:
        ruleset = _read(rules)
        told, _ = await manager.trial(ruleset)
    except Problem as problem:
        return forms.refused(problem), no_update
    after = planned(manager.present, ruleset, author="")
    return report(told, currency=manager.settings.currency), _may(manager, after)


async def taken(
    manager: Manager, rules: str, *, seen: str, comment: str
) -> tuple[Any, Any]:
    """Put a candidate in place; return what to say and the version seen now."""
    try:
        told = await manager.put(_read(rules), comment=comment, seen=seen)
    except Problem as problem:
        return refusal(manager, problem, seen=seen)[:2]
    version = told.ruleset.version
    link = html.A(["Version ", html.Code(version)], href=f"{VERSIONS}/{version}")
    words = ["In place: every worker decides by it within a second. ", link]
    return forms.done(words), version


def _read(rules: str) -> Ruleset:
    """Read a candidate as the browser kept it.

    Raises:
        Problem: 422, that is none.
    """
    found = parsed(rules.encode(), form="json")
    if not isinstance(found, Ruleset):
        raise Problem(422, "got one rule, expected a ruleset with bands and rules")
    return found

"""Rule: one rule, written, tried on the archive, saved, and its history."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from dash import Dash, Input, Output, State, ctx, dcc, html, no_update

from app.rules.changes import Change, diff
from app.rules.errors import Fault
from app.rules.rulebook import Revision
from app.rules.ruleset import Rule
from web.console import forms, marks
from web.console.managing import Manager, may
from web.console.pages import diffs, rule_form
from web.console.pages.report import report
from web.problems import Problem

PATH = "/ui/rules/"
NEW = "/ui/rules-new"
VERSIONS = "/ui/rulesets"

_VALUES = [State(f"rule-{name}", "value") for name in rule_form.FIELDS]


def layout(manager: Manager, name: str | None) -> html.Div:
    """Return the page of a rule, or without a name that of a new one."""
    rule = next((one for one in manager.present.rules if one.name == name), None)
    if name is not None and rule is None:
        return _missing(manager, name)
    fields = html.Fieldset(  # for who can neither try nor save it, to read
        rule_form.fields(rule, new=not rule),
        className="form",
        disabled=not may("analyst"),
        **{"aria-label": "The rule"},
    )
    written = marks.panel("The rule", fields)
    main = [written]
    if may("analyst"):
        main.append(_trial())
    save = _save(rule)
    if not may("manager"):
        save.hidden = True  # callbacks read its fields; what they save asks again
    main.append(save)
    story = html.Div(_story(manager, name or ""), id="rule-story")
    past = marks.panel("What became of it", story, hidden=not name)
    side = [rule_form.known(manager.present.aggregates), past]
    return html.Div(
        [
            html.Div(_head(manager, name), id="rule-head", className="title-line"),
            html.Div(
                [html.Div(main, className="main"), html.Div(side, className="side")],
                className="columns",
            ),
            dcc.Store(id="rule-known", data=name or ""),
            dcc.Store(id="rule-seen", data=manager.present.version),
            dcc.Store(id="rule-trial", data=0),
        ],
        className="rule-page",
    )


def _missing(manager: Manager, name: str) -> html.Div:
    past = [
        one
        for one in manager.book.revisions
        if any(rule.name == name for rule in one.ruleset.rules)
    ]
    told = (
        f"It was there until version {past[-1].ruleset.version}."
        if past
        else "None of this name has decided."
    )
    notice = marks.notice(
        f"There is no rule {name}", told, html.A("See all rules", href="/ui/rules")
    )
    return html.Div([html.H1("No such rule"), notice], className="narrow")


def _head(manager: Manager, name: str | None) -> list[Any]:
    rule = next((one for one in manager.present.rules if one.name == name), None)
    if rule is None:
        return [html.H1(name or "New rule")]
    written = f"version {rule.version} by {rule.author}"
    return [
        html.H1(rule.name),
        marks.state(rule.state),
        html.Span(written, className="lead"),
    ]


def _trial() -> html.Section:
    since = forms.line("rule-since", placeholder="30 days before", maxLength=10)
    until = forms.line("rule-until", placeholder="the newest day", maxLength=10)
    return marks.panel(
        "Backtest",
        html.P(
            "What it would have done to the payments of the archive, as if it were "
            "live, beside the rules that decide now.",
            className="lead",
        ),
        html.Div(
            [
                forms.field("From day", since),
                forms.field("Until day", until),
                forms.button("Backtest", "rule-try", tone="first"),
            ],
            className="row",
        ),
        html.Div(id="rule-tried"),
    )


def _save(rule: Rule | None) -> html.Section:
    state = rule.state if rule else "shadow"
    buttons = [forms.button("Save", "rule-save", tone="first")]
    if rule:
        buttons.append(forms.button("Take the rule out", "rule-remove", tone="bad"))
    return marks.panel(
        "Save",
        forms.choice(
            "From then on it is", "rule-state", options=rule_form.STATES, value=state
        ),
        html.P(id="rule-may", className="hint", role="status"),
        forms.why("rule-comment", placeholder="8 of 10 hits were fraud"),
        html.Div(buttons, className="row"),
        html.Div(id="rule-told"),
        className="form",
    )


def _story(manager: Manager, name: str) -> html.Ol | html.P:
    rows = []
    for revision, changes in revisions(manager, newest=200):
        mine = [change for change in changes if change.name == name]
        if mine:
            rows.append(
                html.Li(
                    [
                        html.A(
                            html.Code(revision.ruleset.version),
                            href=f"{VERSIONS}/{revision.ruleset.version}",
                        ),
                        html.Span(revision.author, className="author"),
                        _when(revision),
                        html.P(f"“{revision.comment}”"),
                        diffs.diff(mine),
                    ]
                )
            )
    if not rows:
        return html.P("As it shipped: nobody has changed it.", className="lead")
    return html.Ol(rows, className="story")


def _when(revision: Revision) -> Any:
    return marks.moment(revision.at) if revision.at else html.Span("as it ships")


def revisions(manager: Manager, *, newest: int) -> list[tuple[Revision, list[Change]]]:
    """Return the newest revisions, newest first, each with what it changed."""
    pairs = pairwise(manager.book.revisions[-newest - 1 :])
    return [(new, diff(old.ruleset, new.ruleset)) for old, new in pairs][::-1]


def register(app: Dash, manager: Manager) -> None:
    """Look at the rule as it is typed; try, save and remove it when asked to."""

    @app.callback(
        Output("expression-marks", "children"),
        *[Output(f"fault-rule-{name}", "children") for name in rule_form.FAULTY],
        Output("rule-may", "children"),
        *[Input(f"rule-{name}", "value") for name in rule_form.FIELDS],
        Input("rule-trial", "data"),
        State("rule-known", "data"),
    )
    async def check(*given: Any) -> list[Any]:
        *values, _, known = given
        return looked_at(manager, values, new=not known)

    @app.callback(
        Output("rule-head", "children"),
        Output("rule-story", "children"),
        Input("rule-seen", "data"),
        State("rule-known", "data"),
        prevent_initial_call=True,
    )
    async def renew(_: str, known: str) -> tuple[Any, Any]:
        return _head(manager, known), _story(manager, known)

    @app.callback(
        Output("rule-tried", "children"),
        Output("rule-trial", "data"),
        Input("rule-try", "n_clicks"),
        State("rule-since", "value"),
        State("rule-until", "value"),
        State("rule-trial", "data"),
        *_VALUES,
        running=[
            (Output("rule-try", "disabled"), True, False),
            (Output("rule-try", "children"), "Trying…", "Backtest"),
        ],
        prevent_initial_call=True,
    )
    async def trial(
        clicks: int | None, since: str, until: str, number: int, *values: Any
    ) -> Any:
        if not clicks:
            return no_update, no_update
        told = await tried(manager, values, since=since, until=until)
        return told, number + 1

    @app.callback(
        Output("rule-told", "children"),
        Output("rule-seen", "data"),
        Output("url", "pathname"),
        Input("rule-save", "n_clicks"),
        Input("rule-remove", "n_clicks", allow_optional=True),
        State("rule-seen", "data"),
        State("rule-known", "data"),
        State("rule-comment", "value"),
        *_VALUES,
        running=[(Output("rule-save", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def save(
        saves: int | None,
        removes: int | None,
        seen: str,
        known: str,
        comment: str,
        *values: Any,
    ) -> Any:
        if not (saves or removes):
            return no_update, no_update, no_update
        if ctx.triggered_id == "rule-remove":
            return await removed(manager, known, comment=comment, seen=seen)
        return await saved(manager, values, known=known, comment=comment, seen=seen)


def looked_at(manager: Manager, values: Any, *, new: bool) -> list[Any]:
    """Return the marks, what to say under each field, and whether it may go live."""
    rule, found = read(manager, values)
    given = dict(zip(rule_form.FIELDS, values, strict=True))
    untouched = new and not (given["name"] or given["expression"] or given["reason"])
    figures = [row.partition("=")[0].strip() for row in
               (given["figures"] or "").splitlines()]  # fmt: skip
    said = [] if untouched else found
    marked = rule_form.marked(given["expression"] or "", said)
    return [marked, *rule_form.faults(said, figures=figures), _may(manager, rule)]


def read(manager: Manager, values: Any) -> tuple[Rule | None, list[Fault]]:
    """Read a rule as it is typed, or all that is wrong with it."""
    given, found = rule_form.typed(values)
    rule, more = manager.look(given)
    known = {fault.field for fault in found}
    found += [fault for fault in more if fault.field not in known]
    return (None, found) if found else (rule, [])


def _may(manager: Manager, rule: Rule | None) -> str:
    """Say what saving the rule would take."""
    if rule is None:
        return "It cannot be saved yet: see above."
    if rule.state != "live":
        counts = "counts for nothing, and is told with each decision that it hits"
        return f"In shadow it {counts}." if rule.state == "shadow" else ""
    if rule.name in manager.unproven(rule):
        return "Not backtested as it is now: that comes before it may go live."
    found = manager.tried(rule)
    if found is None:
        return "It has decided before as it is now, and may do so again."
    return (
        f"Backtested by {found.author}: {found.hits:,} hits in {found.payments:,} "
        f"payments, {found.caught:,} of them fraud. It may go live."
    )


async def tried(manager: Manager, values: Any, *, since: str, until: str) -> Any:
    """Return the report of a trial, or why there is none."""
    rule, found = read(manager, values)
    if rule is None:
        first = found[0]
        detail = f"the {first.field} does not fit: {first.message}"
        return forms.refused(Problem(422, detail))
    try:
        told, recorded = await manager.trial(
            rule, since=day(since), until=day(until, end=True)
        )
    except Problem as problem:
        return forms.refused(problem)
    parts: list[Any] = []
    if recorded:
        words = "On record: as it is now it may go live."
        parts.append(forms.done(words))
    shown = report(told, currency=manager.settings.currency, rule=rule.name)
    return html.Div([*parts, shown], className="report")


def day(text: str | None, *, end: bool = False) -> datetime | None:
    """Read a day: midnight UTC at its beginning, or at its end.

    >>> str(day("2026-03-01")), str(day("2026-03-01", end=True)), day(" ")
    ('2026-03-01 00:00:00+00:00', '2026-03-02 00:00:00+00:00', None)
    """
    given = (text or "").strip()
    if not given:
        return None
    try:
        found = datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        detail = f"got day {given!r}, expected one such as 2026-03-01"
        raise Problem(422, detail) from error
    return found + timedelta(days=1) if end else found


async def saved(
    manager: Manager, values: Any, *, known: str, comment: str, seen: str
) -> tuple[Any, Any, Any]:
    """Save a rule; return what to say, the version seen now, and where to go."""
    rule, found = read(manager, values)
    if rule is None:
        detail = f"the {found[0].field} does not fit: {found[0].message}"
        return forms.refused(Problem(422, detail)), no_update, no_update
    before = manager.present
    try:
        told = await manager.put(rule, comment=comment, seen=seen, new=not known)
    except Problem as problem:
        return refusal(manager, problem, seen=seen)
    if told.ruleset.version == seen == before.version:
        return forms.done("Nothing differs: nothing was saved."), seen, no_update
    where = PATH + quote(rule.name)
    if not known:
        return no_update, no_update, where
    words = [
        f"Saved: {marks.STATES[rule.state].lower()} from now on, in every worker. ",
        html.A(["Version ", html.Code(told.ruleset.version)],
               href=f"{VERSIONS}/{told.ruleset.version}"),
    ]  # fmt: skip
    return forms.done(words), told.ruleset.version, no_update


async def removed(
    manager: Manager, name: str, *, comment: str, seen: str
) -> tuple[Any, Any, Any]:
    """Take a rule out; return what to say, the version seen now, and where to go."""
    try:
        await manager.take_out(name, comment=comment, seen=seen)
    except Problem as problem:
        return refusal(manager, problem, seen=seen)
    return no_update, no_update, "/ui/rules"


def refusal(manager: Manager, problem: Problem, *, seen: str) -> tuple[Any, Any, Any]:
    """Say why a change was refused; of one outrun, what the other one changed.

    Who has seen that may press again: the version seen is then the newest.
    """
    if problem.kind == "not-backtested":
        names = ", ".join(problem.members["unproven"])
        remedy = "press Backtest first; in shadow a rule may be saved at once"
        problem = Problem(
            409, f"not yet tried on the archive as it is: {names}; {remedy}"
        )
    if problem.status != 412:  # noqa: PLR2004 - HTTP's number
        return forms.refused(problem), no_update, no_update
    head = manager.book.head
    before = manager.book.ruleset(seen)
    changes = diff(before, head.ruleset) if before else []
    told = html.Div(
        [
            html.P(
                [
                    f"Not saved: {head.author} changed the rules while you were here: ",
                    html.Q(head.comment),
                    ". This is what differs since you opened the page.",
                ]
            ),
            diffs.diff(changes),
            html.P("Press again to put yours on top of it, or load the page anew."),
        ],
        className="told bad",
        role="alert",
    )
    return told, head.ruleset.version, no_update

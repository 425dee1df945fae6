"""Customer: who somebody is, how they pay, and what could be done for or about them."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from app.profiles.habits import Habits, Share
from app.profiles.profile import Profile, Risk, Scored
from app.profiles.segments import Segment
from app.profiles.services import Service
from web.console import charts, forms, habit_figures, links, marks, wording
from web.console.client import Client
from web.console.managing import Manager, may
from web.console.pages import erasing, lists
from web.console.pages.customer_where import whereabouts
from web.problems import Problem

PATH = links.CUSTOMERS
NEWEST = 8
"""Flagged payments that are listed."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MISSING = {
    "state": "The worker that keeps this customer does not answer: phones, sessions "
    "and known frauds are missing.",
    "archive": "The archive does not answer: habits and history are missing. Payments "
    "are decided all the same.",
}


def register(app: Dash, client: Client, manager: Manager) -> None:
    """Fill the page once it is there; list or erase the customer when asked to."""
    erasing.register(app, manager)

    @app.callback(Output("profile", "children"), Input("profile-id", "data"))
    async def fill(identity: str) -> Any:
        return await shown(client, identity)

    @app.callback(
        Output("customer-listed", "children"),
        Input("profile-id", "data"),
        Input("customer-changed", "data"),
    )
    async def listed(identity: str, _: int) -> Any:
        return listings(manager, identity)

    @app.callback(
        Output("customer-told", "children"),
        Output("customer-changed", "data"),
        Input("customer-list", "n_clicks"),
        State("profile-id", "data"),
        State("customer-verdict", "value"),
        State("customer-until", "value"),
        State("customer-reason", "value"),
        State("customer-changed", "data"),
        running=[(Output("customer-list", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def enlist(clicks: int | None, identity: str, *typed: Any) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        verdict, until, reason, number = typed
        entry = (verdict, "customer", identity, until, "", reason)
        said, good = await lists.added(manager, entry)
        return said, number + good


def layout(identity: str) -> html.Div:
    """Return the page, which then asks for what it shows."""
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Customer"),
                    marks.identity(identity, of="the customer's id"),
                    html.Span(id="customer-listed"),
                ],
                className="title-line",
            ),
            html.Div(marks.skeleton(lines=14), id="profile"),
            dcc.Store(id="profile-id", data=identity),
            dcc.Store(id="customer-changed", data=0),
        ],
        className="customer",
    )


async def shown(client: Client, identity: str) -> html.Div:
    """Return a customer's profile, or why it cannot be shown."""
    again = html.A("Ask again", href=links.customer(identity), className="again")
    try:
        profile = await client.profile(identity)
    except Problem as problem:
        if problem.status == 404:  # noqa: PLR2004 - HTTP's number
            return marks.notice(
                f"Nothing of {identity}",
                "Nothing of this customer is remembered or archived. The first payment "
                "makes a profile; ids are told apart by upper and lower case.",
                again,
            )
        return marks.notice(
            "The profile cannot be had now", f"Got: {problem.detail}.", again,
            tone="bad",
        )  # fmt: skip
    return body(profile)


def body(profile: Profile) -> html.Div:
    """Return all that a profile tells."""
    habits = profile.habits
    warnings = [
        marks.notice("This is not all", MISSING[name]) for name in profile.missing
    ]
    main: list[Any] = []
    side = [_facts(profile), *whereabouts(profile)]
    if "archive" in profile.missing:
        main, side = side, main
    else:
        main = [_spending(habits), _times(habits), _risk(profile.risk)]
        side = [_segments(profile.segments), _services(profile.services), *side]
    if habits:
        main.append(_ways(habits))
    if may("manager"):
        side = [_action(), *side, erasing.panel()]
    return html.Div(
        [
            *warnings,
            html.Div(
                [
                    html.Div(main, className="main"),
                    html.Div(side, className="side"),
                ],
                className="columns",
            ),
        ]
    )


def _action() -> html.Section:
    return marks.panel(
        "Watch or block",
        forms.choice("What is to happen", "customer-verdict", options=lists.VERDICTS,
                     value="watch"),
        forms.field("Until day", forms.line("customer-until", placeholder="for ever")),
        forms.why("customer-reason", placeholder="account taken over"),
        html.Div(
            forms.button("Put on the list", "customer-list", tone="first"),
            className="row",
        ),
        html.Div(id="customer-told"),
        className="form",
    )  # fmt: skip


def listings(manager: Manager, identity: str) -> list[Any]:
    """Say on which lists a customer is."""
    found = [
        one
        for one in manager.entries()
        if (one.kind, one.value) == ("customer", identity)
    ]
    return [
        html.A(
            lists.WORDS[one.verdict],
            href=lists.PATH,
            title=f"by {one.author}: {one.reason}",
            className=f"listed {one.verdict}",
        )
        for one in found
    ]


def _segments(segments: Sequence[Segment]) -> html.Section:
    if not segments:
        return marks.panel("Segment", html.P("Nothing was paid yet.", className="lead"))
    rows = [
        html.Li(
            [
                html.Strong(one.name.replace("-", " ").capitalize()),
                html.Span(f"{one.reason}."),
            ]
        )
        for one in segments
    ]
    return marks.panel("Segment", html.Ul(rows, className="reasons"))


def _services(services: Sequence[Service]) -> html.Section:
    if not services:
        quiet = html.P("Nothing to suggest.", className="lead")
        return marks.panel("What could be offered", quiet)
    rows = [
        html.Li([html.Strong(one.title), html.Span(f"{_upper(one.reason)}.")])
        for one in services
    ]
    return marks.panel("What could be offered", html.Ul(rows, className="reasons"))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(profile: Profile) -> html.Section:
    lifetime, habits, app = profile.lifetime, profile.habits, profile.app
    rows: list[tuple[str, Any]] = [
        ("Newest payment", marks.moment(profile.as_of) if profile.as_of else None),
    ]
    if "archive" not in profile.missing:
        newest = wording.many(profile.payments, "payment")
        rows.append(("Looked at", f"the newest {newest}"))
    if lifetime:
        rows += [
            ("Payments in all", wording.count(lifetime.payments)),
            ("Known frauds", wording.count(lifetime.frauds)),
        ]
    if habits:
        rows += [
            ("Usual payment", wording.money(habits.usual_payment, habits.currency)),
            ("Highest", wording.money(habits.highest, habits.currency)),
        ]
    if habits and habits.foreign:
        rows.append(("In other currencies", wording.count(habits.foreign)))
    if app:
        rows += [
            ("Last in the app", marks.moment(app.last_event_at)),
            ("App events in a day", wording.count(app.events)),
            *((f"Known {name}", wording.count(n)) for name, n in app.known.items()),
        ]
    return marks.panel("Known", marks.facts(rows))


def _spending(habits: Habits | None) -> html.Section:
    if habits is None:
        empty = marks.notice("No spending yet", "Declined payments and known frauds are"
                             " not spent by the customer.")  # fmt: skip
        return marks.panel("Spending against usual", empty)
    week, usual = habits.weeks[-1], habits.usual_week
    words = f"{wording.money(week.amount, habits.currency)} in the last 7 days"
    if usual is None:
        words += "; three weeks of payments tell what is usual."
    else:
        words += f", usual is {wording.money(usual, habits.currency)}"
        words += f" ({wording.share(week.amount / usual)} of it)." if usual else "."
    return marks.panel(
        "Spending against usual",
        html.P(words, className="lead"),
        *charts.chart(
            "weeks",
            words,
            lambda theme: habit_figures.spending(habits, theme=theme),
            timed=True,
        ),
    )


def _times(habits: Habits | None) -> html.Section:
    if habits is None:
        return marks.panel("When", html.P("Nothing was paid yet.", className="lead"))
    hours = [(f"{hour}", count) for hour, count in enumerate(habits.hours)]
    days = list(zip(WEEKDAYS, habits.weekdays, strict=True))
    return marks.panel(
        "When",
        html.Div(
            [_columns("Hours, UTC", hours, every=6), _columns("Weekdays", days)],
            className="whens",
        ),
    )


def _columns(
    title: str, counts: Sequence[tuple[str, int]], *, every: int = 1
) -> html.Div:
    """Draw counts as columns; each n-th has its name below."""
    most = max((count for _, count in counts), default=0) or 1
    bars = [
        html.Div(
            [
                html.Span(html.Span(style={"height": f"{100 * count / most:.0f}%"})),
                html.Small(name if place % every == 0 else ""),
            ],
            title=f"{name}: {wording.count(count)}",
        )
        for place, (name, count) in enumerate(counts)
    ]
    best = max(counts, key=lambda one: one[1])[0]
    label = {"aria-label": f"{title}: most payments at {best}"}
    return html.Div([html.H3(title), html.Div(bars, className="columns-of", role="img",
                                             **label)])  # fmt: skip


def _ways(habits: Habits) -> html.Section:
    parts = [
        _shares("Channels", habits.channels, habits, wording.channel),
        _shares("Categories", habits.categories, habits, wording.category),
        _shares("Merchants", habits.merchants, habits),
    ]
    return marks.panel("How, and to whom", html.Div(parts, className="ways"))


def _shares(
    title: str,
    shares: Sequence[Share],
    habits: Habits,
    words: Callable[[str], str] = wording.short,
) -> html.Div:
    rows = [
        html.Li(
            [
                html.Span(words(one.name), title=one.name),
                html.Span(
                    html.Span(
                        style={"width": f"{100 * one.payments / habits.payments:.0f}%"}
                    ),
                    className="track",
                ),
                html.Span(wording.count(one.payments), className="number"),
                html.Span(wording.money(one.amount, habits.currency),
                          className="number"),
            ]
        )
        for one in shares
    ]  # fmt: skip
    none = html.P("None is stated.", className="lead")
    return html.Div(
        [html.H3(title), html.Ol(rows, className="counts") if rows else none]
    )


def _risk(risk: Risk) -> html.Section:
    if not risk.scored:
        empty = html.P("Nothing was decided that is archived.", className="lead")
        return marks.panel("Risk over time", empty)
    outcomes = ", ".join(
        f"{marks.WORDS[name].lower()} {wording.count(count)}"
        for name in marks.WORDS
        if (count := risk.outcomes.get(name))
    )
    words = f"{_upper(outcomes)}; known frauds of the last month {len(risk.frauds)}."
    flagged = [
        one for one in reversed(risk.scored) if one.outcome != "approve" or one.fraud
    ]
    return marks.panel(
        "Risk over time",
        html.P(words, className="lead"),
        *charts.chart(
            "risk",
            words,
            lambda theme: habit_figures.risk(risk.scored, theme=theme),
            timed=True,
        ),
        html.Ul([_flagged(one) for one in flagged[:NEWEST]], className="links"),
    )  # fmt: skip


def _flagged(one: Scored) -> html.Li:
    return html.Li(
        html.A(
            [
                marks.outcome(one.outcome),
                html.Code(wording.short(one.id)),
                html.Span(wording.money(one.amount, one.currency), className="number"),
                html.Span(f"{'Known fraud. ' if one.fraud else ''}{one.reason or ''}"),
            ],
            href=links.transaction(one.id),
        )
    )

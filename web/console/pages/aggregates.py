"""Aggregates: numbers over windows that people declare, and how far each one is."""

from collections.abc import Sequence
from typing import Any, get_args

from dash import Dash, Input, Output, State, dcc, html, no_update

from app.events.aggregates import Aggregate, Entity, Function
from app.features.aggregates import FACTS
from web.console import forms, marks, wording
from web.console.managing import Manager, may
from web.declaring import AggregateState
from web.problems import Problem

PATH = "/ui/aggregates"
AGAIN = 2_000  # milliseconds between two looks at how far a backfill is

TYPED = ("name", "entity", "function", "window", "field", "condition", "itself", "why")
"""What is typed of one; the component of each is `aggregate-` and its name."""
ENTITIES = {
    "customer": "the customer",
    "customer_at_terminal": "the customer at this terminal",
    "card": "this card",
    "device": "this device of the customer",
    "merchant": "the customer at this merchant",
    "merchant_category": "the customer in this category",
    "country": "the customer in this country",
    "beneficiary": "the customer to this beneficiary",
    "terminal": "the terminal",
}
FUNCTIONS = {
    "count": "Count",
    "sum": "Sum",
    "mean": "Mean",
    "min": "Least",
    "max": "Most",
    "stddev": "Deviation",
    "distinct": "Distinct",
}
ITSELF = (("with", "With this payment"), ("without", "Without it"))


def layout(manager: Manager) -> html.Div:
    """Return the page: what is aggregated, and to managers how to declare more."""
    parts: list[Any] = [
        html.Div(html.H1("Aggregates"), className="title-line"),
        html.P(
            "A number over the payments of a time window, such as declined online "
            "payments of a card in an hour. Rules read it by its name, as soon as it "
            "is filled from the archive.",
            className="lead",
        ),
        html.Div(table(manager), id="aggregates-shown"),
    ]
    if may("manager"):
        asking = dcc.Store(id="aggregate-asked")
        parts += [html.Div(id="aggregates-told"), asking, _form()]
    parts += [
        dcc.Store(id="aggregates-changed", data=0),
        dcc.Interval(id="aggregates-again", interval=AGAIN),
    ]
    return html.Div(parts, className="rules-page")


def _form() -> html.Section:
    return marks.panel(
        "Declare one",
        html.Div(
            [
                forms.field(
                    "Name",
                    forms.line(
                        "aggregate-name",
                        maxLength=64,
                        placeholder="card_declined_1h",
                    ),
                ),
                forms.field(
                    "Window",
                    forms.line("aggregate-window", maxLength=6, placeholder="1h"),
                    hint="Minutes, hours or days: 30m, 1h, 7d; at most 31d.",
                ),
            ],
            className="pair",
        ),
        forms.choice(
            "Whose payments",
            "aggregate-entity",
            options=[(one, one.replace("_", " ")) for one in get_args(Entity)],
            value="customer",
        ),
        forms.choice(
            "What of them",
            "aggregate-function",
            options=[(one, FUNCTIONS[one]) for one in get_args(Function)],
            value="count",
        ),
        forms.field(
            "Of which fact",
            forms.line("aggregate-field", maxLength=64, placeholder="country"),
            hint=f"For Distinct one of {', '.join(sorted(FACTS))}; else leave it out.",
        ),
        forms.field(
            "Which payments count",
            forms.area(
                "aggregate-condition",
                placeholder="channel = 'online' AND outcome = 'decline'",
            ),
            hint="SQL over these facts, amount, is_night, is_weekend, outcome and "
            "score; all where nothing is said.",
        ),
        forms.choice(
            "The payment itself", "aggregate-itself", options=ITSELF, value="with"
        ),
        forms.why("aggregate-why", placeholder="cards are tested online"),
        html.Div(
            forms.button("Declare", "aggregate-declare", tone="first"), className="row"
        ),
        className="form",
    )


def register(app: Dash, manager: Manager) -> None:
    """Show what there is; declare and take out when asked to."""

    @app.callback(
        Output("aggregates-shown", "children"),
        Input("aggregates-changed", "data"),
        Input("aggregates-again", "n_intervals"),
        prevent_initial_call=True,
    )
    async def show(_: int, __: int | None) -> Any:
        return table(manager)

    @app.callback(
        Output("aggregates-told", "children"),
        Output("aggregates-changed", "data"),
        Input("aggregate-declare", "n_clicks"),
        State("aggregates-changed", "data"),
        *[State(f"aggregate-{name}", "value") for name in TYPED],
        running=[(Output("aggregate-declare", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def declare(clicks: int | None, number: int, *typed: Any) -> Any:
        if not clicks:
            return no_update, no_update
        said, good = await declared(manager, typed)
        return said, number + good

    @app.callback(
        Output("aggregates-told", "children", allow_duplicate=True),
        Input("aggregate-asked", "data"),
        prevent_initial_call=True,
    )
    async def ask(name: str | None) -> Any:
        return asked(name) if name else no_update

    @app.callback(
        Output("aggregates-told", "children", allow_duplicate=True),
        Output("aggregates-changed", "data", allow_duplicate=True),
        Input("aggregate-sure", "n_clicks"),
        State("aggregate-out", "data"),
        State("aggregate-out-why", "value"),
        State("aggregates-changed", "data"),
        prevent_initial_call=True,
    )
    async def take_out(clicks: int | None, name: str, why: str, number: int) -> Any:
        if not clicks:
            return no_update, no_update
        said, good = await taken_out(manager, name, why=why)
        return said, number + good


def table(manager: Manager) -> html.Div:
    """Return what is aggregated as a table, or how to get there where nothing is."""
    found = manager.aggregates()
    if not found:
        how = "Declare one below." if may("manager") else "Managers declare them."
        told = marks.notice("Nothing is aggregated yet", how)
        return html.Div(told, className="panel")
    heads = ("Name", "What", "Which", "State", "Read by", "By", "")
    return html.Div(
        marks.table(heads, [_row(one) for one in found], name="lists-table"),
        className="scroll panel",
        tabIndex=0,
    )


def _row(found: AggregateState) -> html.Tr:
    one = found.aggregate
    out: Any = ""
    if not found.rules and may("manager"):
        # Pressed while the table is drawn again it must count: Dash would forget it.
        out = html.Button(
            "Take out",
            type="button",
            className="button bad small",
            **{
                "data-ask": one.name,
                "data-of": "aggregate-asked",
                "aria-label": f"Take out the aggregate {one.name}",
            },
        )
    return html.Tr(
        [
            html.Td(html.Code(one.name)),
            html.Td(meaning(one), className="wide"),
            html.Td(html.Code(one.condition) if one.condition else "all"),
            html.Td(_state(found)),
            html.Td(", ".join(found.rules) or "no rule"),
            html.Td(one.author),
            html.Td(out),
        ]
    )


def _state(found: AggregateState) -> Any:
    if found.backfill is None:
        return html.Span("Filling from the archive", className="state is-shadow")
    count = wording.count(found.backfill.payments)
    return [
        html.Span("Live", className="state is-live"),
        html.Span(f", {count} from the archive", className="quiet"),
    ]


def meaning(one: Aggregate) -> str:
    """Say in words what an aggregate is.

    >>> meaning(Aggregate(name="n", entity="card", aggregate="count", window="1h"))
    'payments of this card in 1h'
    """
    words = {
        "count": "payments",
        "sum": "sum",
        "mean": "mean amount",
        "min": "least amount",
        "max": "largest amount",
        "stddev": "deviation of amounts",
        "distinct": f"distinct {one.field}",
    }
    itself = "" if one.itself else ", without this payment"
    whose = ENTITIES[one.entity]
    return f"{words[one.aggregate]} of {whose} in {one.window}{itself}"


async def declared(manager: Manager, typed: Sequence[Any]) -> tuple[Any, bool]:
    """Declare one, typed as in `TYPED`; return what to say, and whether it is."""
    name, entity, function, window, field, condition, itself, why = (
        (value or "").strip() for value in typed
    )
    raw = {
        "name": name,
        "entity": entity,
        "aggregate": function,
        "window": window,
        "field": field or (None if function in {"count", "distinct"} else "amount"),
        "condition": condition or None,
        "itself": itself != "without",
    }
    try:
        await manager.declare(raw, comment=why)
    except Problem as problem:
        return forms.refused(problem), False
    return forms.done(
        f"{name} is aggregated from now on, and is filled from the archive."
    ), True


def asked(name: str) -> html.Section:
    """Ask why one is to be taken out."""
    return marks.panel(
        f"Take out {name}",
        forms.why("aggregate-out-why", placeholder="no rule needs it", autoFocus=True),
        html.Div(
            forms.button("Take out", "aggregate-sure", tone="first"), className="row"
        ),
        dcc.Store(id="aggregate-out", data=name),
        className="form",
    )


async def taken_out(manager: Manager, name: str, *, why: str) -> tuple[Any, bool]:
    """Take one out; return what to say, and whether it is gone."""
    try:
        await manager.withdraw(name, comment=why)
    except Problem as problem:
        return html.Div([forms.refused(problem), asked(name)]), False
    return forms.done(f"{name} is aggregated no more."), True

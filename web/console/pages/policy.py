"""Policy: which threshold to review from, by what reviews and frauds cost."""

from typing import Any, cast

import msgspec
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update

from app.errors import RuleError
from app.events.currencies import EXPONENTS
from app.scoring.policy import CAPACITY, REVIEW_COST, Point, Policy
from app.scoring.thresholds import By
from app.scoring.thresholds import candidate as ruleset_of
from web.console import charts, figures, forms, marks, wording
from web.console.client import who
from web.console.managing import Manager, may
from web.console.pages import candidate
from web.console.pages.rule import day
from web.problems import Problem
from web.weighing import Wish

PATH = "/ui/policy"

RANKINGS: dict[By, str] = {
    "score": "The rules' score",
    "probability": "The model's probability",
    "risk": "The amount at risk",
}


def layout(manager: Manager) -> html.Div:
    """Return the page, which then asks for the curve."""
    parts: list[Any] = [
        html.Div(html.H1("Decision policy"), className="title-line"),
        html.P(
            "From a threshold on, a card is reviewed. A lower one stops more fraud and "
            "costs more reviews: here is what each would have cost, on the payments of "
            "the archive whose labels have come in.",
            className="lead",
        ),
    ]
    if not may("analyst"):
        parts.append(marks.notice("Analysts and managers weigh thresholds"))
        return html.Div(parts, className="rules-page")
    parts += [
        _wish(manager),
        html.Div(marks.skeleton(lines=10), id="policy-shown"),
        dcc.Store(id="policy-asked", data=0),
        candidate.place(),
    ]
    return html.Div(parts, className="rules-page")


def _wish(manager: Manager) -> html.Section:
    cost = _major(REVIEW_COST, manager.settings.currency)
    fields = [
        forms.field(
            "Cards that can be reviewed a day",
            forms.line("policy-capacity", str(CAPACITY), inputMode="numeric"),
        ),
        forms.field(
            f"Cost of a review, {manager.settings.currency}",
            forms.line("policy-cost", f"{cost:g}", inputMode="decimal"),
        ),
        forms.field(
            "From day", forms.line("policy-since", placeholder="30 days before")
        ),
        forms.field("Until day", forms.line("policy-until", placeholder="a week ago")),
        forms.button("Weigh", "policy-weigh", tone="first"),
    ]
    return marks.panel(
        "What to weigh",
        forms.choice(
            "Payments are ranked by",
            "policy-by",
            options=list(RANKINGS.items()),
            value="score",
        ),
        html.Div(fields, className="row"),
        className="form",
    )


def register(app: Dash, manager: Manager) -> None:
    """Weigh when the page is there and when asked to; make a threshold a candidate."""

    @app.callback(
        Output("policy-shown", "children"),
        Input("policy-weigh", "n_clicks"),
        Input("policy-by", "value"),
        State("policy-capacity", "value"),
        State("policy-cost", "value"),
        State("policy-since", "value"),
        State("policy-until", "value"),
        running=[
            (Output("policy-weigh", "disabled"), True, False),
            (Output("policy-weigh", "children"), "Weighing…", "Weigh"),
        ],
    )
    async def weigh(
        _: int | None, by: By, capacity: str, cost: str, since: str, until: str
    ) -> Any:
        return await weighed(
            manager, by, capacity=capacity, cost=cost, since=since, until=until
        )

    @app.callback(
        Output("candidate", "children", allow_duplicate=True),
        Input("policy-by-capacity", "n_clicks"),
        Input("policy-by-cost", "n_clicks"),
        State("policy-chosen", "data"),
        prevent_initial_call=True,
    )
    async def choose(capacity: int | None, cost: int | None, chosen: str) -> Any:
        if not (capacity or cost):
            return no_update
        return chose(manager, chosen, kind=str(ctx.triggered_id))


async def weighed(
    manager: Manager, by: By, *, capacity: str, cost: str, since: str, until: str
) -> Any:
    """Return the curve and what to choose on it, or why there is none."""
    currency = manager.settings.currency
    try:
        wish = Wish(
            by=by,
            capacity=_whole(capacity, "cards a day"),
            review_cost=_minor(cost, currency),
            since=day(since),
            until=day(until, end=True),
        )
        told = await manager.weigh(wish)
    except Problem as problem:
        return forms.refused(problem)
    return shown(told, currency=currency)


def shown(told: Policy, *, currency: str) -> Any:
    """Show a policy: the curve, and what can be chosen."""
    if not told.ranked:
        return marks.notice(
            "Nothing to weigh",
            "No payment of this period has such a number"
            if told.payments
            else "The archive of this worker has no payment in this period.",
            "Labels take a week: by default the newest week is left out.",
        )
    chosen = {
        "policy-by-capacity": told.by_capacity.threshold if told.by_capacity else None,
        "policy-by-cost": told.by_cost.threshold if told.by_cost else None,
    }
    curve = marks.panel(
        f"What each threshold costs a day, {currency}",
        *charts.chart(
            "policy",
            "Cost by cards reviewed a day",
            lambda theme: figures.policy(told, theme=theme, currency=currency),
            tall=True,
        ),
        _on(told, currency),
    )
    choices = marks.panel("What to choose", _choices(told, currency=currency))
    data = msgspec.json.encode({"by": told.by, **chosen}).decode()
    return html.Div(
        [curve, choices, dcc.Store(id="policy-chosen", data=data)], className="policy"
    )


def _on(told: Policy, currency: str) -> html.P:
    words: list[Any] = [wording.many(told.ranked, "payment")]
    if told.since and told.until:
        words += [" from ", marks.moment(told.since), " to ", marks.moment(told.until)]
    frauds = (
        f"; {wording.count(told.frauds)} frauds of "
        f"{wording.money(told.at_risk, currency)} in all."
    )
    return html.P([*words, frauds], className="hint")


def _choices(told: Policy, *, currency: str) -> html.Div:
    found = [
        ("Now", told.present, ""),
        (f"At most {told.capacity} cards a day", told.by_capacity,
         "policy-by-capacity"),
        ("Least cost", told.by_cost, "policy-by-cost"),
    ]  # fmt: skip
    numbers = ("Threshold", "Cards a day", "Frauds stopped", "Money stopped",
               "Money missed", "Cost a day")  # fmt: skip
    heads = [("", ""), *((one, "number") for one in numbers), ("", "")]
    rows = [
        _choice(name, point, told, currency=currency, button=button)
        for name, point, button in found
        if point or button
    ]
    table = marks.table(heads, rows, name="choices-table")
    return html.Div(table, className="scroll", tabIndex=0)


def _choice(
    name: str, point: Point | None, told: Policy, *, currency: str, button: str
) -> html.Tr:
    if point is None:
        cells = [wording.MISSING] * 6
    else:
        cells = [
            "review none" if point.threshold is None else f"{point.threshold:g}",
            wording.rate(point.cards_per_day),
            f"{wording.count(point.caught)} of {wording.count(told.frauds)}",
            wording.money(point.stopped, currency),
            wording.money(point.missed, currency),
            wording.money(round(point.cost / max(told.days, 1)), currency),
        ]
    action: Any = ""
    if button:
        off = point is None or point.threshold is None
        action = forms.button("Make it a candidate", button, disabled=off)
    return html.Tr(
        [
            html.Th(name, scope="row"),
            *(html.Td(cell, className="number") for cell in cells),
            html.Td(action),
        ]
    )


def chose(manager: Manager, chosen: str, *, kind: str) -> Any:
    """Return a threshold as a candidate for the backtest."""
    given = msgspec.json.decode(chosen)
    by = cast("By", given["by"])
    try:
        ruleset = ruleset_of(
            by, manager.present, at=given.get(kind) or 0.0, author=who.get().name
        )
    except RuleError as error:
        return forms.refused(Problem(422, str(error)))
    title = f"Candidate: {RANKINGS[by].lower()} from {given[kind]:g}"
    return candidate.shown(manager, ruleset, title=title)


def _whole(text: str, what: str) -> int:
    """Read a count.

    >>> _whole("100", "cards a day")
    100
    """
    if not (text or "").strip().isdecimal() or not int(text):
        detail = f"got {what} {text or ''!r}, expected a whole number above 0"
        raise Problem(422, detail)
    return int(text)


def _minor(text: str, currency: str) -> int:
    """Read an amount in major units.

    >>> _minor("5", "EUR"), _minor("0.125", "KWD")
    (500, 125)
    """
    try:
        amount = float(text or "")
    except ValueError:
        amount = -1.0
    if not 0 <= amount <= 1e9:  # noqa: PLR2004 - no review costs as much
        detail = f"got cost of a review {text or ''!r}, expected an amount such as 5.00"
        raise Problem(422, detail)
    return round(amount * 10 ** EXPONENTS.get(currency, 2))


def _major(minor: int, currency: str) -> float:
    return minor / 10 ** EXPONENTS.get(currency, 2)

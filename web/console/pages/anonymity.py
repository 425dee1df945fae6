"""Anonymity: k against the risk of being found, and against what is lost."""

from typing import Any, cast, get_args

from dash import Dash, Input, Output, html

from app.privacy.anonymity import SIZES
from app.privacy.tradeoff import KS, Point, Tradeoff
from web.console import charts, curves, forms, marks, wording
from web.console.client import Client
from web.console.sections import Section
from web.problems import Problem
from web.tradeoffs import USUAL, Quasi

USUAL_K = 5
WORDS: dict[Quasi, str] = {
    "hour": "Hour",
    "day": "Day",
    "amount": "Amount",
    "channel": "Channel",
    "country": "Country",
    "category": "Category",
    "terminal": "Terminal",
}
CHOICES: dict[str, tuple[str, tuple[Quasi, ...]]] = {
    "little": ("Hour, channel", ("hour", "channel")),
    "usual": ("and amount, country, category", USUAL),
    "all": ("and day, terminal", get_args(Quasi)),
}
"""How much is known of who paid: words, and the columns."""


async def show(client: Client) -> Any:
    """Return the controls and the curve for the usual k."""
    return html.Div(
        [
            forms.choice(
                "Known of who paid",
                "anonymity-known",
                options=[(name, words) for name, (words, _) in CHOICES.items()],
                value="usual",
            ),
            forms.choice(
                "Customers in each class, at least",
                "anonymity-k",
                options=[(str(k), str(k)) for k in KS],
                value=str(USUAL_K),
            ),
            html.Div(
                await told(client, "usual", USUAL_K),
                id="anonymity-told",
                **{"aria-live": "polite"},
            ),
        ],
        className="form",
    )


def register(app: Dash, client: Client) -> None:
    """Draw again when something else is known, or another k is chosen."""

    @app.callback(
        Output("anonymity-told", "children"),
        Input("anonymity-known", "value"),
        Input("anonymity-k", "value"),
        prevent_initial_call=True,
    )
    async def chosen(known: str, k: str) -> Any:
        try:
            return await told(client, known, int(k))
        except Problem as problem:
            return forms.refused(problem)


async def told(client: Client, known: str, k: int) -> Any:
    """Return the curve with a k marked, and what that k means.

    Raises:
        Problem: 503, the archive cannot be read.
    """
    _, quasi = CHOICES.get(known, CHOICES["usual"])
    try:
        found = await client.tradeoff(quasi)
    except Problem as problem:
        if problem.status == 404:  # noqa: PLR2004 - HTTP's number
            return marks.notice(
                "No decisions yet",
                "The curve is drawn from the archive: it comes with the first file.",
            )
        raise
    return drawn(found, k)


def drawn(found: Tradeoff, k: int) -> html.Div:
    """Draw a trade-off, and tell what a k means."""
    chart = charts.chart(
        "anonymity",
        "Risk of being found and information lost, by k",
        lambda theme: curves.tradeoff(found, k, theme=theme),
    )
    return html.Div([*chart, _sample(found), _meaning(found, k)])


def _sample(found: Tradeoff) -> html.P:
    known = ", ".join(WORDS[cast("Quasi", one)].lower() for one in found.quasi)
    return html.P(
        f"{wording.count(found.rows)} payments of {wording.count(found.people)} "
        f"customers, drawn from the newest days; known of each: {known}.",
        className="hint",
    )


def _meaning(found: Tradeoff, k: int) -> Any:
    by_k = {one.k: one for one in found.points}
    if k in found.refused:
        return marks.notice(
            f"Too few customers for k = {k}",
            f"The sample has {found.people}; choose a smaller k.",
        )
    if k in found.unfinished:
        return marks.notice(
            f"k = {k} was not reached in time", "Ask again in five minutes."
        )
    before, after = by_k[1], by_k[k]
    heads = [("", ""), ("As it is", "number"), (f"k = {k}", "number")]
    rows = [
        html.Tr([html.Th(name, scope="row"), _cell(old), _cell(new)])
        for name, old, new in _facts(before, after)
    ]
    return html.Div(
        [
            html.Div(
                marks.table(heads, rows, name="anonymity-table"),
                className="scroll",
                tabIndex=0,
            ),
            html.H3("Classes by how many customers are in them"),
            _sizes(after),
        ]
    )


def _facts(before: Point, after: Point) -> list[tuple[str, str, str]]:
    def each(name: str, read: Any) -> tuple[str, str, str]:
        return name, read(before), read(after)

    return [
        each("Smallest class, customers", lambda one: wording.count(one.measured.k)),
        each(
            "Chance of finding the payer", lambda one: wording.share(one.measured.risk)
        ),
        each(
            "Payments in classes of fewer than 5",
            lambda one: wording.share(one.measured.at_risk),
        ),
        each("Information lost", lambda one: wording.share(one.loss)),
        each(
            "Different outcomes in a class, at least (l)",
            lambda one: wording.count(min(one.measured.l.values())),
        ),
        each(
            "Farthest from all payments (t)",
            lambda one: f"{max(one.measured.t.values()):.2f}",
        ),
        each("Classes", lambda one: wording.count(one.measured.classes)),
    ]


def _cell(text: str) -> html.Td:
    return html.Td(text, className="number")


def _sizes(point: Point) -> html.Div:
    counts = point.measured.sizes
    most = max([*counts, 1])
    rows = []
    for number, (first, count) in enumerate(zip(SIZES, counts, strict=True)):
        last = SIZES[number + 1] - 1 if number + 1 < len(SIZES) else None
        name = f"{first} or more" if last is None else f"{first} to {last}"
        words = str(first) if last == first else name
        rows.append(marks.counted(words, count, most=most))
    heads = [("Customers", ""), ("", ""), ("Classes", "number")]
    return html.Div(
        marks.table(heads, rows, name="sizes-table"), className="scroll", tabIndex=0
    )


SECTION = Section(
    name="anonymity",
    title="k against risk and loss",
    lead="To give payments away, each must look like those of k customers: the larger "
    "k, the harder is anybody found, and the less is told.",
    show=show,
    register=register,
    wide=True,
)

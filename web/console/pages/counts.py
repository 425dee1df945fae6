"""Counts: what was published of a day's payments, with noise, and what is left."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, cast

from dash import Dash, Input, Output, ctx, html

from app.events.decisions import Outcome
from app.privacy.questions import OTHER, By, Of, Question
from app.publications import Publication
from web.console import forms, marks, wording
from web.console.client import Client
from web.console.sections import Section
from web.problems import Problem
from web.publishing import BUDGET, EPSILON

OF: tuple[tuple[Of, str], ...] = (
    ("payments", "All"),
    ("approved", "Approved"),
    ("reviewed", "Reviewed"),
    ("declined", "Declined"),
)
BY: tuple[tuple[By, str], ...] = (
    ("channel", "Channel"),
    ("outcome", "Outcome"),
    ("country", "Country"),
    ("category", "Category"),
    ("hour", "Hour, UTC"),
)
ASKED = ("published-day", "published-of", "published-by")
"""The components that make a question."""
ASK = "published-ask"


class Told(NamedTuple):
    """What is shown of a question; `price` is on the button that asks it, if any."""

    shown: Any
    price: str = ""


async def show(client: Client) -> Any:
    """Return the form, and what was published of the newest day that is over."""
    newest = await client.newest_day() or datetime.now(UTC)
    day = (newest - timedelta(days=1)).date().isoformat()
    chosen = day, "payments", "channel"
    return html.Div(
        [
            html.Div(
                [
                    forms.field("Day, UTC", forms.line(ASKED[0], day, debounce=True)),
                    forms.choice("Payments", ASKED[1], options=OF, value=chosen[1]),
                    forms.choice("Counted by", ASKED[2], options=BY, value=chosen[2]),
                ],
                className="row",
            ),
            html.Div(
                (now := await told(client, *chosen)).shown,
                id="published-told",
                **{"aria-live": "polite"},
            ),
            html.Div(
                forms.button(now.price, ASK, tone="first"),
                id="published-price",
                className="row",
                hidden=not now.price,
            ),
        ],
        className="form",
    )


def register(app: Dash, client: Client) -> None:
    """Look up what was published as the question changes; ask when asked to."""

    @app.callback(
        Output("published-told", "children"),
        Output(ASK, "children"),
        Output("published-price", "hidden"),
        Input(ASK, "n_clicks"),
        *(Input(name, "value") for name in ASKED),
        prevent_initial_call=True,
    )
    async def answer(_: int | None, *chosen: str) -> tuple[Any, str, bool]:
        # One callback: of two that run, a browser shows what the later one answers,
        # so a look-up never overtakes the click after it.
        asked = any(one["prop_id"].startswith(ASK) for one in ctx.triggered)
        found = await told(client, *chosen, ask=asked)
        return found.shown, found.price, not found.price


async def told(client: Client, *chosen: str, ask: bool = False) -> Told:
    """Return what was published, or what it would cost; to `ask` pays that."""
    try:
        question = _question(*chosen)
        if ask:
            answer = await client.publish(question)
            return Told(_answer(answer.publication, answer.left))
        found, left = await client.published(question)
    except Problem as problem:
        return Told(forms.refused(problem))
    return Told(_answer(found, left)) if found else _price(question, left)


def _question(day: str | None, of: str, by: str) -> Question:
    """Read a question.

    Raises:
        Problem: 422, that is no day.
    """
    try:
        read = date.fromisoformat((day or "").strip())
    except ValueError:
        detail = f"day: got {day!r}, expected one such as 2026-03-01"
        raise Problem(422, detail) from None
    return Question(read, cast("Of", of), cast("By", by))


def _price(question: Question, left: float) -> Told:
    if left < EPSILON:
        spent = marks.notice(
            f"Nothing more may be told of {question.day}",
            f"Its budget of {BUDGET:g} is spent. Questions that were asked keep their "
            "answers; other days have a budget of their own.",
        )
        return Told(spent)
    words = (
        f"Nobody has asked this yet. It spends {EPSILON:g} of the {left:g} "
        f"that are left of {BUDGET:g} for {question.day}, for ever; the answer "
        "then stands, and asking again is free."
    )
    price = f"Publish, for {EPSILON:g} of {left:g}"
    return Told(html.P(words, className="lead"), price)


def _answer(found: Publication, left: float) -> html.Div:
    facts = [
        ("Epsilon spent", f"{found.epsilon:g}"),
        ("Left of the day's budget", f"{left:g} of {BUDGET:g}"),
        ("A count is off by, in the mean", f"{found.error:g}"),
        ("Payments of one customer that count, at most", f"{found.most}"),
        ("Published", marks.moment(found.published_at)),
    ]
    return html.Div([marks.facts(facts), _counts(found)], className="beside")


def _counts(found: Publication) -> html.Div:
    told = {name: count for name, count in found.counts.items() if count}
    order = list(told) if found.by == "hour" else sorted(told, key=lambda n: -told[n])
    most = max(told.values(), default=1)
    rows = [
        marks.counted(_word(found.by, name), told[name], most=most) for name in order
    ]
    heads = [(dict(BY)[found.by], ""), ("", ""), ("Payments", "number")]
    rest = len(found.counts) - len(told)
    words = f"{rest} more were published as 0." if rest else ""
    return html.Div(
        [
            html.Div(marks.table(heads, rows), className="scroll", tabIndex=0),
            html.P(words, className="hint"),
        ]
    )


def _word(by: By, name: str) -> str:
    if name == OTHER:
        return "Other or not stated"
    if by == "outcome":
        return marks.WORDS[cast("Outcome", name)]
    if by == "category":
        return wording.category(name)
    return wording.CHANNELS[name] if by == "channel" else name


SECTION = Section(
    name="published",
    title="Published counts",
    lead="A day's payments, counted with so much noise that nobody's payments show "
    "(differential privacy): these may be given away.",
    show=show,
    register=register,
    wide=True,
)

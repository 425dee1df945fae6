"""Erasing: a customer forgotten for ever, by a manager who says why."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from app.customer_keys import Erasure
from web.console import forms, marks
from web.console.managing import Manager
from web.problems import Problem

GOES = (
    "Of every payment, in all stores and backups: exact place, phone, beneficiary",
    "Last digits of cards, and what people wrote on lists",
    "Last place, trails, and the place among customers that move together",
    "The customer's phones are shut out, their readings deleted",
)
STAYS = (
    "Ids, amounts, times, outcomes and features of payments",
    "Entries of lists, until they are taken off",
    "What is on topics and in samples, until it expires",
    "Who erased the customer, when and why",
)


def panel() -> html.Section:
    """Return the place in which a manager erases, which then asks what was done."""
    return marks.panel(
        "Erase", html.Div(marks.skeleton(lines=2), id="erasure"), className="form"
    )


def register(app: Dash, manager: Manager) -> None:
    """Say whether the customer was erased; ask why, and then erase."""
    place, again = Output("erasure", "children"), {"allow_duplicate": True}
    whose = State("profile-id", "data")

    @app.callback(place, Input("erasure", "id"), whose)
    async def fill(_: str, identity: str) -> Any:
        return await shown(manager, identity)

    @app.callback(
        Output("erasure", "children", **again),
        Input("erase", "n_clicks"),
        whose,
        prevent_initial_call=True,
    )
    async def ask(clicks: int | None, identity: str) -> Any:
        return asked(identity) if clicks else no_update

    @app.callback(
        Output("erasure", "children", **again),
        Input("erase-not", "n_clicks"),
        whose,
        prevent_initial_call=True,
    )
    async def leave(clicks: int | None, identity: str) -> Any:
        return await shown(manager, identity) if clicks else no_update

    @app.callback(
        Output("erasure", "children", **again),
        Input("erase-sure", "n_clicks"),
        whose,
        State("erase-reason", "value"),
        running=[(Output("erase-sure", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def erase(clicks: int | None, identity: str, reason: str) -> Any:
        return await erased(manager, identity, reason=reason) if clicks else no_update


async def shown(manager: Manager, identity: str) -> html.Div:
    """Say whether a customer was erased, and offer to do it."""
    try:
        found = await manager.erasure(identity)
    except Problem as problem:
        return forms.refused(problem)
    if found is None:
        words = "For a customer who asks to be forgotten. It cannot be undone."
        return _form(html.P(words, className="lead"), _row("Erase…"))
    words = "Once more repairs what was cut off, and drops what has come since."
    return _form(_done(found), html.P(words, className="hint"), _row("Once more…"))


def _form(*parts: Any) -> html.Div:
    return html.Div([*parts], className="form")


def _row(words: str) -> html.Div:
    return html.Div(forms.button(words, "erase", tone="bad"), className="row")


def _done(found: Erasure) -> html.Div:
    by = f" by {found.author}: {found.reason}."
    return forms.done(["Erased on ", marks.moment(found.erased_at), by])


def asked(identity: str) -> html.Div:
    """Ask why, and say what will go."""
    return _form(
        html.P(html.Strong(f"Erase {identity} for ever?")),
        *_list("Goes, and nobody can bring it back", GOES),
        *_list("Stays", STAYS),
        forms.why(
            "erase-reason", placeholder="asked for it in writing", autoFocus=True
        ),
        html.Div(
            [
                forms.button("Erase for ever", "erase-sure", tone="bad"),
                forms.button("Leave it", "erase-not"),
            ],
            className="row",
        ),
    )


def _list(title: str, lines: Sequence[str]) -> list[Any]:
    return [html.H3(title), html.Ul([html.Li(one) for one in lines], className="goes")]


async def erased(manager: Manager, identity: str, *, reason: str | None) -> html.Div:
    """Erase a customer, and say so; or say why not, and ask again."""
    try:
        found = await manager.erase(identity, reason=reason)
    except Problem as problem:
        return _form(forms.refused(problem), asked(identity))
    words = "What is above was read before; load the page again to see what is left."
    return _form(_done(found), html.P(words, className="hint"))

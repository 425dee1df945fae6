"""Sections: the parts of a page that are filled one by one, each by its own module."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from dash import Dash, Input, Output, html

from web.console import marks
from web.console.client import Client
from web.problems import Problem


class Section(NamedTuple):
    """A part of a page: what is in it is asked for once the page is there.

    `show` returns what is below the heading; what it cannot get is a `Problem`, which
    is told in its place. `register` adds callbacks for controls of its own, with ids
    that begin with `name`. A `wide` one has the page's whole width.
    """

    name: str
    title: str
    lead: str
    show: Callable[[Client], Awaitable[Any]]
    register: Callable[[Dash, Client], None] | None = None
    wide: bool = False


def placed(section: Section) -> html.Section:
    """Return a section that is still to be filled."""
    return marks.panel(
        section.title,
        html.P(section.lead, className="lead"),
        html.Div(marks.skeleton(lines=8), id=f"{section.name}-section"),
        className="wide" if section.wide else "",
    )


def register(app: Dash, client: Client, section: Section) -> None:
    """Fill a section once the page is there."""
    identity = f"{section.name}-section"

    @app.callback(Output(identity, "children"), Input(identity, "id"))
    async def fill(_: str) -> Any:
        return await filled(client, section)

    if section.register is not None:
        section.register(app, client)


async def filled(client: Client, section: Section) -> Any:
    """Return what is in a section, or why it cannot be shown."""
    try:
        return await section.show(client)
    except Problem as problem:
        return marks.notice(
            "Not to be had now",
            f"Got: {problem.detail}. The page's other parts work; load it again to "
            "ask again.",
            tone="bad",
        )

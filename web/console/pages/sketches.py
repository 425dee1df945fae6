"""Sketches & privacy: what is known in summary, and what summaries give away."""

from dash import Dash, html

from web.console import links, marks, sections
from web.console.client import Client, who
from web.console.pages import anonymity, blooms, counts, groups, samples
from web.users import Role, at_least

PATH = links.SKETCHES
TITLE = "Sketches & privacy"
LEAST: Role = "analyst"

SECTIONS = (
    blooms.SECTION,
    samples.SHARES,
    samples.MAP,
    groups.SECTION,
    anonymity.SECTION,
    counts.SECTION,
)
"""The page's parts, in their order: another one is another line."""


def allowed() -> bool:
    """Whether who looks may see samples of payments."""
    return at_least(who.get().role, LEAST)


def layout() -> html.Div:
    """Return the page, whose sections then ask for what they show."""
    if not allowed():
        said = f"Samples of payments are shown to the role {LEAST} and above."
        return html.Div([html.H1(TITLE), marks.notice("Not for your role", said)])
    return html.Div(
        [
            html.Div(html.H1(TITLE), className="title-line"),
            html.Div(
                [sections.placed(section) for section in SECTIONS],
                className="sections",
            ),
        ],
        className="sketches",
    )


def register(app: Dash, client: Client) -> None:
    """Fill the sections once the page is there."""
    for section in SECTIONS:
        sections.register(app, client, section)

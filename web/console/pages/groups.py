"""Groups: customers that move together, as a graph and as alerts with their reasons."""

import asyncio
from collections.abc import Sequence
from typing import Any

from dash import html

from app.events.groups import GroupAlert
from web.console import charts, group_figures, links, marks, wording
from web.console.client import Client
from web.console.sections import Section

LISTED = 20
FEW = 8  # members that are named in the list
REASONS = 2  # that are read at once


async def show(client: Client) -> Any:
    """Return the graph of groups, and the list of them."""
    told = await client.groups()
    if not told.groups:
        return marks.notice(
            "Nobody moves together",
            "A group of three or more is shown here, and raises one alert, once its "
            "members do the same rare things within a day.",
        )
    heads = ("Group", ("Customers", "number"), ("With frauds", "number"), "Moved",
             "Together they", "Ever in it")  # fmt: skip
    rows = [_row(one) for one in told.groups[:LISTED]]
    table = marks.table(heads, rows, name="groups")
    return html.Div(
        [
            *await asyncio.to_thread(_drawn, told.groups),
            html.P(_key(told.known), className="lead"),
            html.Div(table, className="scroll", tabIndex=0),
        ]
    )  # fmt: skip


def _drawn(groups: Sequence[GroupAlert]) -> list[html.Div]:
    shown = group_figures.placed(groups)
    return charts.chart(
        "groups",
        f"The {len(shown)} groups that moved last",
        lambda theme: group_figures.clusters(shown, theme=theme),
        tall=True,
    )


def _key(known: int) -> str:
    groups = "one group" if known == 1 else f"{known:,} groups"
    return (
        f"{groups} in 30 days. Each mark is a customer that was ever in the group, of "
        f"large ones the {group_figures.MARKS} that joined last; a line joins two who "
        "did the same; squares are groups in which frauds are known."
    )


def _row(group: GroupAlert) -> html.Tr:
    who: list[Any] = []
    for member in group.members[:FEW]:
        href = links.customer(member)
        who += [html.A(wording.short(member), href=href, title=member), " "]
    if more := len(group.members) - FEW:
        who += [f"and {more:,} more"] if more > 0 else []
    return html.Tr(
        [
            html.Th(wording.short(group.id), scope="row", title=group.id),
            _number(group.size, "customers"),
            _number(group.frauds, "with frauds"),
            html.Td(marks.moment(group.at)),
            html.Td(_reasons([one.reason for one in group.why])),
            html.Td(who),
        ]
    )


def _reasons(reasons: Sequence[str]) -> list[Any]:
    """List the first reasons; the others are folded away."""
    first, rest = (
        html.Ul([html.Li(one) for one in some])
        for some in (reasons[:REASONS], reasons[REASONS:])
    )
    if len(reasons) <= REASONS:
        return [first]
    words = f"{len(reasons) - REASONS} more"
    return [first, html.Details([html.Summary(words), rest])]


def _number(count: int, name: str) -> html.Td:
    return html.Td(f"{count:,}", className="number", **{"data-name": name})


SECTION = Section(
    name="groups",
    title="Customers that move together",
    lead="Alike by what they did within a day: mules, accounts that one script runs, "
    "money that goes round, many who pay one new account.",
    show=show,
    wide=True,
)

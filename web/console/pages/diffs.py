"""Diffs: what differs between two rulesets, word by word."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec
from dash import html

from app.rules.changes import Change, Edit

NAMES = {"review_from": "review from", "decline_from": "decline from"}
QUIET = ("version", "author")
"""Fields that follow from the others."""

_WORDS = re.compile(r"\w+|\s+|.")


def diff(changes: Sequence[Change], *, none: str = "Nothing differs.") -> html.Div:
    """Show changes of rules and bands, each field before and after."""
    if not changes:
        return html.Div(html.P(none, className="lead"))
    return html.Div([_change(one) for one in changes], className="diff")


def summary(changes: Sequence[Change]) -> str:
    """Say in few words what changed.

    >>> summary([Change("card-testing", "changed", {"state": Edit("shadow", "live")})])
    'card-testing: shadow to live'
    """
    return "; ".join(_said(one) for one in changes) or "nothing"


def _said(change: Change) -> str:
    if change.kind != "changed":
        return f"{change.name} {change.kind}"
    fields = {name: e for name, e in change.fields.items() if name not in QUIET}
    if set(fields) == {"state"}:
        edit = fields["state"]
        return f"{change.name}: {edit.before} to {edit.after}"
    return f"{change.name}: {', '.join(NAMES.get(name, name) for name in fields)}"


def _change(change: Change) -> html.Section:
    rows = [
        html.Tr(
            [
                html.Th(NAMES.get(name, name), scope="row"),
                html.Td(_edit(edit)),
            ]
        )
        for name, edit in change.fields.items()
        if name not in QUIET
    ]
    title = html.H3([change.name, html.Span(change.kind, className="kind")])
    table = [html.Table(html.Tbody(rows))] if rows else []
    return html.Section([title, *table])


def _edit(edit: Edit) -> Any:
    """Show two values; of two texts only what differs is marked."""
    before, after = _text(edit.before), _text(edit.after)
    if not (isinstance(edit.before, str) and isinstance(edit.after, str)):
        return [html.Del(before), " ", html.Ins(after)]
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts: list[Any] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            parts.append("".join(old[a:b]))
            continue
        if a < b:
            parts.append(html.Del("".join(old[a:b])))
        if c < d:
            parts.append(html.Ins("".join(new[c:d])))
    return parts


def _text(value: Any) -> str:
    """Write a field's value.

    >>> _text(None), _text(40.0), _text({"usual": "amount / 2"})
    ('none', '40', 'usual = amount / 2')
    """
    if value is None or value == {}:
        return "none"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, dict):
        return "; ".join(f"{name} = {sql}" for name, sql in value.items())
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

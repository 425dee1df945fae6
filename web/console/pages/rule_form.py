"""Rule form: a rule as somebody types it, and what is wrong with it, in its place."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from dash import html

from app.events.aggregates import Aggregate
from app.features import catalogue
from app.rules.compiled import FACTS
from app.rules.errors import Fault
from app.rules.ruleset import NAME, Rule
from app.rules.translate import LANGUAGE
from web.console import forms, marks, wording

FIELDS = (
    "name",
    "expression",
    "reason",
    "score",
    "action",
    "state",
    "value",
    "threshold",
    "figures",
)
"""What is typed or chosen; the component of each is `rule-` and its name."""
FAULTY = ("name", "expression", "reason", "score", "value", "threshold", "figures")
"""Fields with a place for their faults."""

ACTIONS = (("score", "Add its score"), ("review", "Review"), ("decline", "Decline"))
STATES = (("shadow", "Shadow"), ("live", "Live"), ("off", "Off"))

SOUND = {"name": "a", "expression": "amount > 0", "reason": "a", "score": "0"}
"""What fits in the place of what does not."""


def _is_score(text: str) -> bool:
    try:
        return 0 <= float(text) <= 100  # noqa: PLR2004 - a score's bounds
    except ValueError:
        return False


_FITS: dict[str, tuple[Callable[[str], Any], str]] = {
    "name": (re.compile(NAME).match, "small letters and digits, words with hyphens"),
    "expression": (bool, "a condition such as amount > 100 AND is_night = 1"),
    "reason": (bool, "the phrase that an analyst is to read"),
    "score": (_is_score, "a number from 0 to 100"),
}
_FIGURE = re.compile(r"^\s*([^=\s]*)\s*=\s*(.*)$")
_TOKEN = re.compile(r"\w+|\S")


def fields(rule: Rule | None, *, new: bool) -> list[Any]:
    """Return the fields of a rule, or of one that is to be written."""
    shown = raw(rule)
    score = forms.line("rule-score", shown["score"], inputMode="decimal", maxLength=8)
    name = forms.line(
        "rule-name",
        shown["name"],
        disabled=not new,
        placeholder="the suspicion, such as night-withdrawals",
        maxLength=64,
    )
    return [
        forms.field("Name", name, fault=True),
        _expression(shown["expression"]),
        forms.field(
            "Reason",
            forms.area("rule-reason", shown["reason"], rows=2, maxLength=300),
            hint="What an analyst reads. Name fields, {value} and {threshold}, each "
            "number with a format: {amount:,.2f}, {value:.0f}, {terminal_risk_7d:.0%}.",
            fault=True,
        ),
        html.Div(
            [
                forms.field("Score", score, hint="0 to 100", fault=True),
                forms.choice(
                    "A hit does at least",
                    "rule-action",
                    options=ACTIONS,
                    value=shown["action"],
                ),
            ],
            className="beside",
        ),
        html.Details(
            [
                html.Summary("Value, threshold and further figures"),
                _more("value", shown, "Shown with each hit; else the left side of "
                      "the first comparison."),
                _more("threshold", shown, "Else the right side of it."),
                forms.field(
                    "Figures",
                    forms.area("rule-figures", shown["figures"], rows=2),
                    hint="One a line, for the reason: usual = customer_count_30d / 30",
                    fault=True,
                ),
            ],
            open=any(shown[name] for name in ("value", "threshold", "figures")),
        ),
    ]  # fmt: skip


def _more(name: str, shown: dict[str, Any], hint: str) -> html.Div:
    control = forms.line(f"rule-{name}", shown[name])
    return forms.field(name.capitalize(), control, hint=hint, fault=True)


def _expression(text: str) -> html.Div:
    """Return the editor: marks lie behind the text, and move with it."""
    editor = html.Div(
        [
            html.Div(id="expression-marks", **{"aria-hidden": "true"}),
            forms.area("rule-expression", text, rows=3, maxLength=2000),
        ],
        className="editor",
    )
    return html.Div(
        [
            html.Label("Expression", htmlFor="rule-expression"),
            editor,
            html.P(
                "A hit where it is true. Names complete as you type.", className="hint"
            ),
            html.Div(id="fault-rule-expression", role="status"),
        ],
        className="field",
    )


def raw(rule: Rule | None) -> dict[str, Any]:
    """Return a rule's fields as they are typed."""
    if rule is None:
        empty = dict.fromkeys(FIELDS, "")
        return {**empty, "action": "score", "state": "shadow", "score": "20"}
    given = {name: getattr(rule, name) for name in FIELDS}
    figures = "\n".join(f"{name} = {sql}" for name, sql in rule.figures.items())
    typed = {"score": f"{rule.score:g}", "figures": figures}
    return {name: value or "" for name, value in (given | typed).items()}


def typed(values: Sequence[Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return what was typed, in the order of `FIELDS`, as a rule's JSON, and faults.

    What does not fit is replaced by what would, so that the rest can be looked at.

    >>> values = ["a-b", "amount > 1", "so", "x", "score", "live", "", "", "usual"]
    >>> [(fault.field, fault.message) for fault in typed(values)[1]]
    [('score', "got 'x', expected a number from 0 to 100"), \
('figures', "line 1: got 'usual', expected name = SQL")]
    """
    given = dict(zip(FIELDS, values, strict=True))
    found: list[Fault] = []
    name = (given["name"] or "").strip()
    rule = {**SOUND, "action": given["action"], "state": given["state"], "figures": {}}
    for field, (fits, remedy) in _FITS.items():
        text = (given[field] or "").strip()
        if fits(text):
            rule[field] = given[field] if field == "expression" else text
        else:
            got = repr(text) if text else "nothing"
            found.append(Fault(name, field, f"got {got}, expected {remedy}"))
    rule["score"] = float(rule["score"])
    for side in ("value", "threshold"):
        if sql := (given[side] or "").strip():
            rule[side] = sql
    for number, row in enumerate((given["figures"] or "").splitlines(), 1):
        pair = _FIGURE.match(row)
        if pair and pair[1] and pair[2]:
            rule["figures"][pair[1]] = pair[2]
        elif row.strip():
            got = f"line {number}: got {row.strip()!r}, expected name = SQL"
            found.append(Fault(name, "figures", got))
    return rule, found


def faults(found: Sequence[Fault], *, figures: Sequence[str] = ()) -> list[Any]:
    """Return what to say under each of `FAULTY`, in their order."""
    told: dict[str, list[Any]] = {name: [] for name in FAULTY}
    for fault in found:
        place = "figures" if fault.field in figures else fault.field
        told[place if place in told else "expression"].append(_fault(fault))
    return [told[name] for name in FAULTY]


def _fault(fault: Fault) -> html.Div:
    parts: list[Any] = [html.Span(f"{fault.message[:1].upper()}{fault.message[1:]}.")]
    if fault.nearest and fault.field == "expression":
        fix = {
            "data-fix": fault.nearest,
            "data-line": str(fault.line),
            "data-column": str(fault.column),
        }
        words = ["Use ", html.Code(fault.nearest)]
        parts.append(html.Button(words, type="button", className="fix", **fix))
    return html.Div(parts, className="fault")


def marked(text: str, found: Sequence[Fault]) -> list[Any]:
    """Return an expression's text with the places of its faults marked.

    >>> [getattr(part, "children", part) for part in marked("1 < amuont", [
    ...     Fault("r", "expression", "", line=1, column=5)])]
    ['1 < ', 'amuont', '']
    """
    for fault in found:
        if fault.field != "expression" or not fault.line or not fault.column:
            continue
        lines = text.split("\n")
        if fault.line > len(lines):
            continue
        start = sum(len(one) + 1 for one in lines[: fault.line - 1]) + fault.column - 1
        token = _TOKEN.match(text, start)
        end = token.end() if token else len(text)
        return [text[:start], html.Mark(text[start:end]), text[end:]]
    return [text]


def known(aggregates: Sequence[Aggregate]) -> html.Section:
    """Show every field that an expression may read; a press puts it in."""
    groups = [
        html.Li(
            [
                html.Button(
                    html.Code(name),
                    type="button",
                    **{"data-insert": name, "data-kind": kind},
                ),
                html.Span(f"{meaning} ({unit})" if unit else meaning),
            ]
        )
        for name, kind, meaning, unit in _names(aggregates)
    ]
    search = forms.line("catalogue-filter", placeholder="Filter by name or meaning")
    return marks.panel(
        "What a rule can read",
        forms.field("Filter", search),
        html.Ul(groups, id="catalogue", className="catalogue", tabIndex=0),
        html.P(["The language: ", LANGUAGE, "."], className="hint"),
        className="known",
    )


def _names(aggregates: Sequence[Aggregate]) -> list[tuple[str, str, str, str]]:
    counted = [(one.name, "number", _counted(one), "aggregate") for one in aggregates]
    numbers = [
        (one.name, "number", wording.plain(one.meaning), one.unit)
        for one in (catalogue.MODEL, *catalogue.ALL)
    ]
    words = {
        "channel": "'pos', 'online' or 'atm'",
        "country": "where the payment was made, such as 'DE'",
        "merchant_category": "the merchant's category code, such as '5411'",
        "currency": "of the payment, such as 'EUR'",
    }
    return [
        *counted,
        *numbers,
        *((name, "text", words[name], "text") for name in FACTS),
    ]


def _counted(one: Aggregate) -> str:
    """Say what an aggregate is.

    >>> _counted(Aggregate(name="a", entity="card", aggregate="sum", window="1h",
    ...                    field="amount", condition="channel = 'atm'"))
    "sum of amount by card in 1h, where channel = 'atm'"
    """
    of = f" of {one.field}" if one.field else ""
    where = f", where {one.condition}" if one.condition else ""
    return f"{one.aggregate}{of} by {one.entity} in {one.window}{where}"

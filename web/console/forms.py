"""Forms: labelled fields, buttons, and what is told of what they did."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from web.problems import Problem

TEXT = {"autoComplete": "off", "spellCheck": False}


def field(label: str, control: Any, *, hint: str = "", fault: bool = False) -> html.Div:
    """Put a label over a control, a hint and the place of its faults under it."""
    parts: list[Any] = [html.Label(label, htmlFor=control.id), control]
    if hint:
        parts.append(html.P(hint, className="hint"))
    if fault:
        parts.append(html.Div(id=f"fault-{control.id}", role="status"))
    return html.Div(parts, className="field")


def line(identity: str, value: Any = "", **props: Any) -> dcc.Input:
    """Return a field of one line."""
    return dcc.Input(id=identity, value=value, type="text", **{**TEXT, **props})


def area(identity: str, value: str = "", *, rows: int = 3, **props: Any) -> Any:
    """Return a field of several lines."""
    return dcc.Textarea(id=identity, value=value, rows=rows, spellCheck=False, **props)


def choice(
    label: str, identity: str, *, options: Sequence[tuple[str, str]], value: str
) -> html.Fieldset:
    """Offer a few choices beside each other, of which one holds.

    The browser's script presses the buttons; what is chosen is the `value` of the
    component of that id. (Dash's own radio items call themselves a list box.)
    """
    buttons = [
        html.Button(
            words,
            type="button",
            **{"data-choice": name, "data-of": identity,
               "aria-pressed": str(name == value).lower()},
        )
        for name, words in options
    ]  # fmt: skip
    return html.Div(
        [
            html.Span(label, className="label", id=f"{identity}-label"),
            html.Div(
                buttons,
                className="segments",
                role="group",
                **{"aria-labelledby": f"{identity}-label"},
            ),
            dcc.Input(id=identity, type="hidden", value=value),
        ],
        className="field choice",
    )


def button(words: str, identity: str, *, tone: str = "", **props: Any) -> html.Button:
    """Return a button; `tone` is `first`, `bad` or none."""
    name = f"button {tone}".strip()
    return html.Button(words, id=identity, type="button", className=name, **props)


def why(identity: str, *, placeholder: str, **props: Any) -> html.Div:
    """Ask for the reason of a change, which its history keeps."""
    spelt = {"maxLength": 500, "spellCheck": True}
    control = line(identity, placeholder=placeholder, **spelt, **props)
    return field("Why", control)


def done(words: Any) -> html.Div:
    """Say that something was done."""
    return html.Div(words, className="told good", role="status")


def refused(problem: Problem, *more: Any) -> html.Div:
    """Say that something was not done, and why."""
    said = f"{problem.detail[:1].upper()}{problem.detail[1:]}."
    return html.Div([html.P(said), *more], className="told bad", role="alert")

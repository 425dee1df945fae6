"""Registering: forms by which a manager adds a phone or a cash machine."""

from typing import Any

from dash import dcc, html

from app.events.devices import Kind
from web.console.managing import may
from web.users import Role

LEAST: Role = "manager"

Field = tuple[str, str, bool]
"""A field of the registration, what it is called here, whether it must be filled."""

FORMS: dict[Kind, tuple[str, str, tuple[Field, ...]]] = {
    "phone": (
        "Register a phone",
        "Set this address in the app under HTTP Push. It is shown this once: ",
        (
            ("customer_id", "Customer id", True),
            ("name", "Name of the phone", False),
        ),
    ),
    "atm": (
        "Register a cash machine",
        "Let the machine push to this address. It is shown this once: ",
        (
            ("terminal_id", "Terminal id", True),
            ("name", "Name of the machine", False),
        ),
    ),
}


def form(kind: Kind) -> list[html.Details]:
    """Return a form for those who may register a device; its secret is shown once.

    The browser's script sends it to `POST /v1/devices`, each field by its name there.
    """
    if not may(LEAST):
        return []
    title, said, fields = FORMS[kind]
    lines = [
        html.Label(
            [
                words,
                dcc.Input(
                    id=f"register-{kind}-{name}",
                    name=name,
                    maxLength=64,
                    autoComplete="off",
                    required=need,
                ),
            ]
        )
        for name, words, need in fields
    ]
    marks: dict[str, Any] = {"data-kind": kind, "data-said": said}
    sent = html.Form(
        [*lines, html.Button("Register")], className="register-form", **marks
    )
    told = html.P(className="register-told", role="status")
    return [html.Details([html.Summary(title), sent, told], className="register")]

"""Models: which one scores, which one watches, and what they are worth."""

from collections.abc import Sequence
from typing import Any

from dash import html

from app.scoring.registry import ROLES, Role
from web.api.models import Appointed, ModelSummary
from web.console import marks
from web.console.client import Client, Registered
from web.console.pages import drift, model_card

PATH = "/ui/models"
TITLES: dict[Role, str] = {"live": "Live", "shadow": "In shadow"}
MEANT: dict[Role, str] = {
    "live": "Rules read its probability.",
    "shadow": "It watches: nothing is decided by it.",
}


def layout(client: Client) -> html.Div:
    """Return the page as it is now."""
    found = client.models()
    if not found.uploads:
        parts: list[Any] = [_none_yet()]
    else:
        parts = [
            html.Div([_role(found, role) for role in ROLES], className="columns"),
            drift.panel(client.drifts()),
            _kept(found.summaries),
            _history(found.appointments),
        ]
    return html.Div([html.H1("Models"), *parts], className="models")


def shown(client: Client) -> dict[str, dict[str, Any]]:
    """Return what changes on the page as payments come."""
    return {"drift": drift.told(client.drifts())} if client.models().uploads else {}


def _none_yet() -> html.Div:
    return marks.notice(
        "No model yet",
        "Without one the rules decide alone. A model learns from labelled payments:",
        html.Code("smartbank train payments.parquet --map handbook --out models"),
        html.Code("smartbank models push models/VERSION --shadow --comment 'first'"),
    )


def _role(found: Registered, role: Role) -> html.Section:
    version = found.present[role]
    wanted = found.wanted[role]
    told: list[Any] = []
    if wanted and wanted != version:
        why = found.uploads[wanted].version if wanted in found.uploads else wanted
        reason = found.refused.get(wanted, "it is being made ready")
        told.append(marks.notice(f"{why} is not used", reason, tone="bad"))
    upload = found.uploads.get(version or "")
    if upload is None:
        told.append(html.P(f"No model. {MEANT[role]}", className="lead"))
        return marks.panel(TITLES[role], *told)
    told += [
        html.Div(
            [
                marks.identity(upload.version, of="the model's version"),
                html.Span(MEANT[role], className="lead"),
            ],
            className="title-line",
        ),
        *model_card.told(upload),
    ]
    return marks.panel(TITLES[role], *told)


def _kept(models: Sequence[ModelSummary]) -> html.Section:
    rows = [
        html.Tr(
            [
                html.Th(html.Code(one.version), scope="row"),
                html.Td(one.refused or ", ".join(TITLES[role] for role in one.roles)),
                html.Td(one.learnt_until),
                html.Td(marks.moment(one.at) if one.at else ""),
                html.Td(one.author),
                html.Td(one.comment),
            ]
        )
        for one in models
    ]
    return _table(
        "All models", rows, "Model", "Role", "Learnt until", "Brought", "By", "Why"
    )


def _history(appointments: Sequence[Appointed]) -> html.Section:
    rows = [
        html.Tr(
            [
                html.Th(str(one.revision), scope="row"),
                html.Td(html.Code(one.live) if one.live else "none"),
                html.Td(html.Code(one.shadow) if one.shadow else "none"),
                html.Td(marks.moment(one.at) if one.at else ""),
                html.Td(one.author),
                html.Td(one.comment),
            ]
        )
        for one in appointments
    ]
    return _table(
        "Who had which role",
        rows,
        "Revision",
        "Live",
        "In shadow",
        "Since",
        "By",
        "Why",
    )


def _table(title: str, rows: list[html.Tr], *heads: str) -> html.Section:
    table = marks.table(heads, rows)
    return marks.panel(title, html.Div(table, className="scroll", tabIndex=0))

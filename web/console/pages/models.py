"""Models: which one scores, which one watches, and what they are worth."""

from collections.abc import Sequence
from typing import Any

import msgspec
from dash import html

from app.detection.judge import METRICS
from app.detection.training import Bin, Card
from app.scoring.registry import ROLES, Role, Upload
from web.api.models import Appointed, ModelSummary
from web.console import marks, wording
from web.console.client import Client, Registered
from web.console.pages import drift

PATH = "/ui/models"
TITLES: dict[Role, str] = {"live": "Live", "shadow": "In shadow"}
MEANT: dict[Role, str] = {
    "live": "Rules read its probability.",
    "shadow": "It watches: nothing is decided by it.",
}
HEADS = ("AUC ROC", "Average precision", "Card precision@100")


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
    card = _card(upload)
    told += [
        html.Div(
            [
                marks.identity(upload.version, of="the model's version"),
                html.Span(MEANT[role], className="lead"),
            ],
            className="title-line",
        ),
        *([_figures(card)] if card else []),
        marks.facts(_facts(upload, card)),
    ]
    if card:
        told += [
            html.H3("Probability against what came"),
            _calibration(card.calibration),
            html.H3("What it looks at"),
            _importance(card.importance),
        ]
    return marks.panel(TITLES[role], *told)


def _card(upload: Upload) -> Card | None:
    """Read a card; one that another release wrote differently is none."""
    try:
        return msgspec.convert(upload.card, Card) if upload.card else None
    except msgspec.ValidationError:
        return None


def _figures(card: Card) -> html.Dl:
    mean, deviation = card.validation.mean, card.validation.deviation
    boxes = [
        html.Div(
            [
                html.Dt(head),
                html.Dd(
                    [
                        html.Strong(f"{getattr(mean, name):.3f}"),
                        html.Span(f"± {getattr(deviation, name):.3f}"),
                    ]
                ),
            ]
        )
        for head, name in zip(HEADS, METRICS, strict=True)
    ]
    return html.Dl(boxes, className="means")


def _facts(upload: Upload, card: Card | None) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = [
        ("Learnt until before", upload.facts.learnt_until),
        ("Features", wording.count(len(upload.facts.features))),
        ("Brought by", upload.author),
        ("Why", upload.comment),
    ]
    if card:
        folds = len(card.validation.folds)
        rows[:1] = [
            ("Judged on", f"{folds} weeks before its end"),
            ("Learnt from", f"{card.learnt_from} until before {card.learnt_until}"),
            ("Payments", f"{card.payments:,}, {card.frauds:,} of them fraud"),
        ]
    return rows


def _calibration(bins: Sequence[Bin]) -> html.Div:
    rows = [
        html.Tr(
            [
                html.Th(f"from {one.above:.0%}", scope="row"),
                html.Td(wording.count(one.payments), className="number"),
                html.Td(f"{one.expected:.1%}", className="number"),
                html.Td(f"{one.frauds:.1%}", className="number"),
                html.Td(_pair(one.expected, one.frauds)),
            ]
        )
        for one in bins
    ]
    heads = _heads(
        ("Probability", ""),
        ("Payments", "number"),
        ("Said", "number"),
        ("Came", "number"),
        ("", "bar"),
    )
    table = html.Table([html.Thead(heads), html.Tbody(rows)], className="calibration")
    return html.Div(table, className="scroll", tabIndex=0)


def _pair(said: float, came: float) -> html.Div:
    bars = [
        html.Span(className=kind, style={"width": f"{100 * share:.1f}%"})
        for kind, share in (("then", said), ("now", came))
    ]
    return html.Div(bars, className="pair", **{"aria-hidden": "true"})


def _importance(importance: dict[str, float]) -> html.Ol:
    ranked = sorted(importance.items(), key=lambda one: -one[1])
    most = ranked[0][1] or 1.0
    return html.Ol(
        [
            html.Li(
                [
                    html.Code(name),
                    html.Span(
                        html.Span(style={"width": f"{100 * share / most:.1f}%"}),
                        className="track",
                    ),
                    html.Span(f"{share:.1%}", className="number"),
                ]
            )
            for name, share in ranked
        ],
        className="importance",
    )


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
    head = html.Thead(_heads(*((name, "") for name in heads)))
    table = html.Table([head, html.Tbody(rows)])
    return marks.panel(title, html.Div(table, className="scroll", tabIndex=0))


def _heads(*heads: tuple[str, str]) -> html.Tr:
    return html.Tr([html.Th(name, scope="col", className=kind) for name, kind in heads])

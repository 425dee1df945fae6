"""A model's card: what it learnt from, what it is worth, and what it looks at."""

from collections.abc import Sequence
from typing import Any

import msgspec
from dash import html

from app.detection.judge import METRICS
from app.detection.training import Bin, Card
from app.scoring.registry import Upload
from web.console import marks, wording

HEADS = ("AUC ROC", "Average precision", "Card precision@100")


def told(upload: Upload) -> list[Any]:
    """Return a card's parts; of a model without one what the model itself says."""
    card = _card(upload)
    facts = marks.facts(_facts(upload, card))
    if card is None:
        return [facts]
    return [
        _figures(card),
        facts,
        html.H3("Probability against what came"),
        _calibration(card.calibration),
        html.H3("What it looks at"),
        _importance(card.importance),
    ]


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
    heads = (
        "Probability",
        ("Payments", "number"),
        ("Said", "number"),
        ("Came", "number"),
        "Said, and came",
    )
    table = marks.table(heads, rows, name="calibration")
    return html.Div(table, className="scroll", tabIndex=0)


def _pair(said: float, came: float) -> html.Div:
    bars = [
        html.Span(className=kind, style={"width": f"{100 * share:.1f}%"})
        for kind, share in (("then", said), ("now", came))
    ]
    return html.Div(bars, className="both", **{"aria-hidden": "true"})


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

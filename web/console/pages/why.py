"""Why: the outcome of a payment, the rules it broke, and what was known of it."""

from typing import Any

from dash import html

from app.events.decisions import Contribution, Decision, Hit
from app.features import catalogue
from app.features.catalogue import Feature
from app.rules.ruleset import Bands
from web.console import marks, wording
from web.live import source

OWNERS = (
    ("payment", "The payment"),
    ("customer", "The customer's past"),
    ("phone", "The customer's phone"),
    ("terminal", "The terminal's past"),
    ("merchant", "The merchant's past"),
    ("model", "The model"),
)

Groups = dict[str, list[Feature]]
"""Features by the title of who owns them."""


def verdict(decision: Decision, bands: Bands | None) -> html.Section:
    """Show the outcome, and the score within the ruleset's bands if they are known."""
    payment = decision.payment
    parts: list[Any] = [
        marks.outcome(decision.outcome, large=True),
        html.Span(wording.money(payment.amount, payment.currency), className="amount"),
        html.Span(marks.moment(payment.occurred_at), className="when"),
        html.Span(**marks.badge(source(decision))),
        _score(decision.score, bands),
    ]
    return html.Section(parts, className=f"panel verdict {decision.outcome}")


def _score(score: float, bands: Bands | None) -> html.Div:
    marks_at = []
    told = ""
    if bands:
        told = (
            f"review from {bands.review_from:.0f}, decline from "
            f"{bands.decline_from:.0f}"
        )
        marks_at = [
            html.Span(className=f"limit {name}", style={"left": f"{at:.1f}%"})
            for name, at in (
                ("review", bands.review_from),
                ("decline", bands.decline_from),
            )
        ]
    bar = html.Div(
        [html.Span(className="fill", style={"width": f"{score:.1f}%"}), *marks_at],
        className="scale",
        **{"aria-hidden": "true"},
    )
    return html.Div(
        [
            html.Span(["Score ", html.Strong(f"{score:.0f}"), " of 100"]),
            bar,
            html.Span(told, className="aside"),
        ],
        className="score-line",
    )


def hits(decision: Decision) -> html.Section:
    """Show each rule that fired: its value, its threshold, its reason."""
    if not decision.hits:
        return marks.panel(
            "Why", html.P("No rule found anything unusual.", className="lead")
        )
    heads = ("Rule", ("Value", "number"), ("Threshold", "number"), ("Adds", "number"))
    rows = [row for hit in decision.hits for row in _hit(hit)]
    table = marks.table(heads, rows, name="hits")
    return marks.panel("Why", html.Div(table, className="scroll", tabIndex=0))


def _hit(hit: Hit) -> list[html.Tr]:
    action = "" if hit.action == "score" else f", at least {hit.action}"
    return [
        html.Tr(
            [
                html.Th(hit.rule, scope="row"),
                html.Td(wording.number(hit.value), className="number"),
                html.Td(wording.number(hit.threshold), className="number"),
                html.Td(f"+{hit.score:.0f}{action}", className="number"),
            ],
            className="hit",
        ),
        html.Tr(html.Td(_sentence(hit.reason), colSpan=4), className="reason"),
    ]


def model(decision: Decision) -> list[html.Section]:
    """Show what the model said and what raised it; nothing where there was none."""
    probability = decision.features.get(catalogue.MODEL.name)
    if probability is None:
        return []
    said: list[Any] = [
        html.Span(["Probability of fraud ", html.Strong(wording.share(probability))]),
        html.Div(
            html.Span(className="fill", style={"width": f"{100 * probability:.1f}%"}),
            className="scale",
            **{"aria-hidden": "true"},
        ),
    ]
    if decision.shadow_probability is not None:
        shadow = wording.share(decision.shadow_probability)
        said.append(html.Span(f"the model in shadow says {shadow}", className="aside"))
    rows = [_contribution(one, decision) for one in decision.contributions]
    told = html.Ol(rows, className="contributions") if rows else None
    return [
        marks.panel("What the model says", html.Div(said, className="score-line"), told)
    ]


def _contribution(one: Contribution, decision: Decision) -> html.Li:
    strongest = decision.contributions[0].log_odds
    width = {"width": f"{100 * one.log_odds / strongest:.1f}%"}
    added = f"+{one.log_odds:.1f}"
    return html.Li(
        [
            html.Span(_sentence(one.reason)),
            html.Span(html.Span(style=width), className="track"),
            html.Span(
                added, className="number", title="Added to the log-odds of fraud"
            ),
        ]
    )


def _sentence(reason: str) -> str:
    """Begin with a capital, end with a full stop."""
    return f"{reason[:1].upper()}{reason[1:]}."


def features(decision: Decision) -> html.Section:
    """Show every feature with its meaning, by who owns it; last those not known."""
    every = (*catalogue.ALL, catalogue.MODEL)
    known: Groups = {title: [] for _, title in (*OWNERS, ("", "Aggregates"))}
    unknown: Groups = {title: [] for title in known}
    for one in every:
        of = known if decision.features.get(one.name) is not None else unknown
        of[dict(OWNERS)[one.owner]].append(one)
    declared = decision.features.keys() - {one.name for one in every}
    for name in sorted(declared):
        counted = Feature(name, "payment", "", "declared as an aggregate")
        known["Aggregates"].append(counted)
    parts: list[Any] = [_table(known, decision)]
    if count := sum(map(len, unknown.values())):
        words = f"{count} features were not known of this payment"
        parts.append(html.Details([html.Summary(words), _table(unknown, decision)]))
    return marks.panel("What was known", *parts)


def _table(groups: Groups, decision: Decision) -> html.Div:
    values, currency = decision.features, decision.payment.currency
    bodies = [
        html.Tbody(
            [
                _group(title),
                *(_feature(one, values.get(one.name), currency) for one in mine),
            ]
        )
        for title, mine in groups.items()
        if mine
    ]
    table = html.Table(bodies, className="features")
    return html.Div(table, className="scroll", tabIndex=0)


def _group(title: str) -> html.Tr:
    return html.Tr(html.Th(title, colSpan=3, scope="rowgroup"), className="group")


def _feature(feature: Feature, value: float | None, currency: str) -> html.Tr:
    number, unit = _measured(feature, value, currency)
    return html.Tr(
        [
            html.Th(
                [html.Code(feature.name), html.Span(wording.plain(feature.meaning))],
                scope="row",
            ),
            html.Td(number, className="number"),
            html.Td(unit),
        ],
        className="" if value is not None else "unknown",
    )


def _measured(feature: Feature, value: float | None, currency: str) -> tuple[str, str]:
    """Write a feature's value and its unit.

    >>> _measured(Feature("is_night", "payment", "0 or 1", ""), 1.0, "EUR")
    ('yes', '')
    """
    if value is None:
        return wording.MISSING, "not known"
    if feature.unit == "currency":
        return f"{value:,.2f}", currency
    if feature.unit == "0 or 1":
        return "yes" if value else "no", ""
    if feature.unit == "share":
        return wording.share(value), ""
    return wording.number(value), feature.unit

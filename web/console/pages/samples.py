"""Samples: how fair they are, and where their payments were made."""

from collections.abc import Sequence
from typing import Any

from dash import html

from app.events.decisions import Outcome
from app.sketches.samples import SIZE, Stratum
from web.console import charts, links, maps, marks, wording
from web.console.client import Client
from web.console.sections import Section
from web.sketched import SampledPayment, Samples

OUTCOMES: tuple[Outcome, ...] = ("decline", "review", "approve")
EXAMPLES = 5
"""Of each outcome, the newest in the sample."""


async def shares(client: Client) -> Any:
    """Return each stratum's share of the sample, against that of all payments."""
    found = await client.samples()
    if not found.strata:
        return _nothing()
    strata = sorted(found.strata, key=lambda one: -one.seen)
    seen = sum(one.seen for one in strata)
    kept = sum(one.kept for one in strata)
    heads = (
        "Segment",
        "Outcome",
        "Channel",
        ("Payments", "number"),
        ("Kept", "number"),
        "Of all, of the sample",
        ("Each for", "number"),
    )
    rows = [_row(one, seen=seen, kept=kept) for one in strata]
    rarest = strata[-1]
    return html.Div(
        [
            html.P(
                f"{wording.count(kept)} of {wording.count(seen)} payments, at most "
                f"{SIZE} of each of {len(strata)} strata; the rarest has "
                f"{wording.count(rarest.seen)}. Weighed by what each stands for, the "
                "sample's shares are those of all payments.",
                className="hint",
            ),
            html.Div(
                marks.table(heads, rows, name="strata"), className="scroll", tabIndex=0
            ),
        ]
    )


def _row(one: Stratum, *, seen: int, kept: int) -> html.Tr:
    of_all, of_sample = one.seen / seen, one.kept / kept
    bars = [
        html.Span(className=kind, style={"width": f"{100 * share:.1f}%"})
        for kind, share in (("now", of_all), ("then", of_sample))
    ]
    told = f"{wording.share(of_all)} of all, {wording.share(of_sample)} of the sample"
    return html.Tr(
        [
            html.Td(one.segment.capitalize()),
            html.Td(marks.outcome(one.outcome)),
            html.Td(wording.channel(one.channel)),
            html.Td(wording.count(one.seen), className="number"),
            html.Td(wording.count(one.kept), className="number"),
            html.Td(html.Div(bars, className="pair", title=told, role="img",
                             **{"aria-label": told})),
            html.Td(wording.number(round(one.seen / one.kept, 1)), className="number"),
        ]
    )  # fmt: skip


async def where(client: Client) -> Any:
    """Return a map of the sampled payments, and the newest as examples."""
    found = await client.samples()
    if not found.payments:
        return _nothing()
    return html.Div([*drawn(found.payments), _examples(found)])


def drawn(payments: Sequence[SampledPayment]) -> list[html.Div]:
    """Draw sampled payments on a map, each with its verdict."""
    placed = [
        maps.Mark(one.payment.place, one.payment.outcome, _told(one))
        for one in payments
        if one.payment.place is not None
    ]
    nothing = "none of the sampled payments names its place"
    return charts.chart(
        "sampled",
        f"{len(placed)} sampled payments where they were made, by outcome",
        lambda theme: maps.marked(placed, theme=theme, nothing=nothing),
        mapped=True,
    )


def _told(one: SampledPayment) -> str:
    payment = one.payment
    money = wording.money(payment.amount, payment.currency)
    why = f"<br>{payment.reason}" if payment.reason else ""
    return (
        f"<b>{marks.WORDS[payment.outcome]}</b>, score {payment.score:.0f}{why}<br>"
        f"{money}, {payment.occurred_at:%Y-%m-%d %H:%M} UTC<br>"
        f"{payment.segment} customer, stands for {one.stands_for:,.1f} payments"
    )


def _examples(found: Samples) -> html.Div:
    groups: list[Any] = []
    for outcome in OUTCOMES:
        mine = [one for one in found.payments if one.payment.outcome == outcome]
        mine.sort(key=lambda one: one.payment.occurred_at, reverse=True)
        groups += [_example(one) for one in mine[:EXAMPLES]]
    return html.Div([html.H3("Examples"), html.Ul(groups, className="links")])


def _example(one: SampledPayment) -> html.Li:
    payment = one.payment
    return html.Li(
        html.A(
            [
                marks.outcome(payment.outcome),
                html.Code(wording.short(one.id)),
                html.Span(
                    wording.money(payment.amount, payment.currency), className="number"
                ),
                html.Span(payment.reason or payment.segment),
            ],
            href=links.transaction(one.id),
        )
    )


def _nothing() -> html.Div:
    return marks.notice(
        "No samples yet",
        "Payments are drawn by lot as they are decided, by workers of role sketch.",
    )


SHARES = Section(
    name="shares",
    title="Sample and population",
    lead="Of each stratum as many payments are kept, however rare it is.",
    show=shares,
)
MAP = Section(
    name="sampled",
    title="Where sampled payments were made",
    lead="Places that are drawn become known; hover tells the verdict.",
    show=where,
)

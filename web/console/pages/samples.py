"""Samples: how fair they are, and where their payments were made."""

from collections import Counter
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


async def shares(client: Client) -> Any:
    """Return each stratum's share of the sample, against that of all payments."""
    found = await client.samples()
    if not found.strata:
        return _nothing()
    strata = sorted(found.strata, key=lambda one: -one.seen)
    seen = sum(one.seen for one in strata)
    kept = sum(one.kept for one in strata)
    examples = Counter(
        (one.payment.segment, one.payment.outcome, one.payment.channel)
        for one in found.weighted
    )
    heads = (
        "Segment",
        "Outcome",
        "Channel",
        ("Payments", "number"),
        ("Kept", "number"),
        "Shares",
        ("Each for", "number"),
        ("Shown", "number"),
    )
    rows = [
        _row(
            one,
            seen=seen,
            kept=kept,
            examples=examples[one.segment, one.outcome, one.channel],
        )
        for one in strata
    ]
    rarest = strata[-1]
    return html.Div(
        [
            html.P(
                f"{wording.count(kept)} of {wording.count(seen)} payments since "
                f"{rarest.since:%Y-%m-%d}, at most {SIZE} of each of {len(strata)} "
                f"strata; the rarest has {wording.count(rarest.seen)}. Weighed by what "
                "each stands for, the sample's shares are those of all payments. The "
                f"{len(found.weighted)} examples below are drawn from all of them, the "
                "rarer its stratum, the likelier a payment.",
                className="hint",
            ),
            html.Div(
                marks.table(heads, rows, name="strata"), className="scroll", tabIndex=0
            ),
        ]
    )


def _row(one: Stratum, *, seen: int, kept: int, examples: int) -> html.Tr:
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
            html.Td(html.Div(bars, className="both", title=told, role="img",
                             **{"aria-label": told})),
            html.Td(wording.number(round(one.seen / one.kept, 1)), className="number"),
            html.Td(wording.count(examples), className="number"),
        ]
    )  # fmt: skip


async def where(client: Client) -> Any:
    """Return a map of the sampled payments, and the weighted ones as examples."""
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
    newest = sorted(
        found.weighted, key=lambda one: one.payment.occurred_at, reverse=True
    )
    newest.sort(key=lambda one: OUTCOMES.index(one.payment.outcome))
    examples = [_example(one) for one in newest]
    return html.Div(
        [
            html.H3("Examples, the rarer the likelier"),
            html.Ul(examples, className="links"),
        ]
    )


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

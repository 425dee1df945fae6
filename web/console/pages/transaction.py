"""Transaction: why one payment was decided as it was."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from dash import Dash, Input, Output, dcc, html

from app.events.decisions import Decision, Timings
from app.events.payments import Payment, Place
from web.api.models import CustomerState, TerminalState
from web.console import links, marks, wording
from web.console.client import Client, Evaluation, Without
from web.console.pages import why
from web.problems import Problem

PATH = links.TRANSACTIONS

SEALED = "The exact place, the phone, the beneficiary and the card's last digits"
WITHOUT: dict[Without, tuple[str, str, str]] = {
    "erased": (
        "The customer was erased",
        f"{SEALED} were sealed with a key that is destroyed: nobody can read them.",
        "The decision stays, and all else that it was made of.",
    ),
    "unreadable": (
        "Part of this cannot be read",
        f"{SEALED} do not open with the customer's key, though nobody erased it:",
        "they were sealed with another key, or changed in the store.",
    ),
}
"""What is said of a decision without what is personal, by why it is not there."""

Ask = Callable[[str], Awaitable[CustomerState | TerminalState]]


def register(app: Dash, client: Client) -> None:
    """Fill the page once it is there."""

    @app.callback(Output("evaluation", "children"), Input("transaction-id", "data"))
    async def evaluation(transaction_id: str) -> Any:
        return await evaluate(client, transaction_id)

    @app.callback(
        Output("remembered-customer", "children"), Input("customer-id", "data")
    )
    async def customer(identity: str) -> Any:
        return await remembered(client.customer, identity)

    @app.callback(
        Output("remembered-terminal", "children"), Input("terminal-id", "data")
    )
    async def terminal(identity: str) -> Any:
        return await remembered(client.terminal, identity)


async def evaluate(client: Client, transaction_id: str) -> html.Div:
    """Return the evaluation of a payment, or why it cannot be shown."""
    try:
        found = await client.evaluation(transaction_id)
    except Problem as problem:
        return _no_archive(problem, transaction_id)
    return _not_found(transaction_id) if found is None else body(client, found)


async def remembered(ask: Ask, identity: str) -> html.Div | html.Dl:
    """Return what is remembered of a customer or terminal, or why it is not known."""
    try:
        state = await ask(identity)
    except Problem as problem:
        return marks.notice("Not to be had now", f"{problem.detail}.")
    if isinstance(state, CustomerState):
        return _customer(state)
    return _terminal(state)


def layout(transaction_id: str) -> html.Div:
    """Return the page, which then asks for what it shows."""
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Transaction"),
                    marks.identity(transaction_id, of="the transaction's id"),
                ],
                className="title-line",
            ),
            html.Div(marks.skeleton(lines=14), id="evaluation"),
            dcc.Store(id="transaction-id", data=transaction_id),
        ],
        className="transaction",
    )


def _not_found(transaction_id: str) -> html.Div:
    here = links.transaction(transaction_id)
    return marks.notice(
        f"No decision on {transaction_id}",
        "Nothing of this id is in the archive. A payment is there a moment after it "
        "was decided; ids are told apart by upper and lower case.",
        html.A("Look again", href=here, className="again"),
    )


def _no_archive(problem: Problem, transaction_id: str) -> html.Div:
    return marks.notice(
        "The archive does not answer",
        f"Got: {problem.detail}. Payments are decided all the same, and kept until the "
        "archive is back; the live page works, and so do the newest decisions.",
        html.A("Ask again", href=links.transaction(transaction_id), className="again"),
        tone="bad",
    )


def body(client: Client, found: Evaluation) -> html.Div:
    """Return all that is known of why a payment was decided so."""
    decision, payment = found.decision, found.decision.payment
    warnings = []
    if found.trouble:
        told = (
            f"Got from the archive: {found.trouble}. The decision stands all the same."
        )
        warnings.append(marks.notice("From this worker's memory", told))
    if found.without:
        warnings.append(marks.notice(*WITHOUT[found.without]))
    return html.Div(
        [
            *warnings,
            why.verdict(decision, client.bands(decision.versions.ruleset)),
            html.Div(
                [
                    html.Div(
                        [
                            why.hits(decision),
                            *why.model(decision),
                            why.features(decision),
                        ],
                        className="main",
                    ),
                    html.Div(
                        [
                            _verdict(decision.id),
                            _payment(payment, without=found.without),
                            _timings(decision.timings, found.decided_at),
                            _past("customer", payment.customer_id),
                            _past("terminal", payment.terminal_id),
                            _versions(decision),
                        ],
                        className="side",
                    ),
                ],
                className="columns",
            ),
        ]
    )


def _verdict(transaction_id: str) -> html.Section:
    """Ask what the payment was; the style sheet shows it to those who may say."""
    choices = [
        html.Button(
            words,
            type="button",
            className=kind,
            **{"data-verdict": fraud, "data-transaction": transaction_id},
        )
        for words, kind, fraud in (
            ("It is fraud", "bad", "true"),
            ("It is fine", "good", "false"),
        )
    ]
    return marks.panel(
        "Your verdict",
        html.Div(choices, className="choices"),
        html.P(id="verdict-told", role="status"),
        className="for-analysts",
    )


def _payment(payment: Payment, *, without: Without | None) -> html.Section:
    card = f"•••• {payment.card.last4 or wording.MISSING}" if payment.card else None
    place = _place(payment.place)
    if place and without:
        place = f"about {place}, the region"
    rows: list[tuple[str, Any]] = [
        ("Amount", wording.money(payment.amount, payment.currency)),
        ("Happened", marks.moment(payment.occurred_at)),
        ("Channel", wording.channel(payment.channel)),
        ("Card", card),
        ("Customer", customer_link(payment.customer_id)),
        ("Terminal", marks.identity(payment.terminal_id, of="the terminal's id")),
        ("Merchant", payment.merchant_id),
        ("Category", wording.category(payment.merchant_category or "")),
        ("Country", payment.country),
        ("Place", place),
        ("Device", payment.device_id),
        ("Beneficiary", payment.beneficiary_id),
    ]
    return marks.panel("Payment", marks.facts(rows))


def customer_link(identity: str) -> html.Span:
    """Show a customer's id, which leads to its page, with a button that copies it."""
    copied = marks.identity(identity, of="the customer's id")
    shown, copy = copied.children
    copied.children = [html.A(shown, href=links.customer(identity)), copy]
    return copied


def _place(place: Place | None) -> str | None:
    """Write a place in degrees."""
    return wording.degrees(place.latitude, place.longitude) if place else None


def _timings(timings: Timings, decided_at: datetime | None) -> html.Section:
    steps = [
        ("Received", timings.received_at),
        ("Captured", timings.captured_at),
        ("Profiled", timings.profiled_at),
    ]
    if decided_at:
        steps.append(("Decided", decided_at))
    start, end = steps[0][1], max(at for _, at in steps)
    whole = max((end - start) / timedelta(milliseconds=1), 1.0)
    rows, before = [], start
    for name, at in steps:
        left = (before - start) / timedelta(milliseconds=1) / whole
        width = (at - before) / timedelta(milliseconds=1) / whole
        style = {"left": f"{100 * left:.1f}%", "width": f"{100 * max(width, 0):.1f}%"}
        since = (at - start) / timedelta(milliseconds=1)
        told = marks.moment(at, clock=True) if at == start else f"+{since:,.0f} ms"
        rows.append(
            html.Li(
                [
                    html.Span(name),
                    html.Span(html.Span(style=style), className="track"),
                    html.Span(told, className="number"),
                ]
            )
        )
        before = max(before, at)
    return marks.panel("Time taken", html.Ol(rows, className="waterfall"))


def _versions(decision: Decision) -> html.Section:
    versions = decision.versions
    rows: list[tuple[str, Any]] = [
        ("Ruleset", html.Code(versions.ruleset)),
        ("Features", html.Code(versions.features)),
        ("Model", html.Code(versions.model) if versions.model else "none"),
        ("In shadow", html.Code(versions.shadow) if versions.shadow else None),
    ]
    return marks.panel("Decided by", marks.facts(rows))


def _past(noun: str, identity: str) -> html.Section:
    return marks.panel(
        f"{noun.capitalize()} now",
        html.Div(marks.skeleton(lines=4), id=f"remembered-{noun}"),
        dcc.Store(id=f"{noun}-id", data=identity),
    )


def _customer(state: CustomerState) -> html.Dl:
    spans = {"1d": "1 day", "7d": "7 days", "30d": "30 days"}
    windows = [
        (f"Payments in {spans.get(name, name)}", wording.count(window.count))
        for name, window in state.windows.items()
    ]
    rows: list[tuple[str, Any]] = [
        *windows,
        ("Last payment", _known(state.last_payment_at)),
        ("Last place", _place(state.last_place)),
        ("Kept by", state.worker),
    ]
    return marks.facts(rows)


def _terminal(state: TerminalState) -> html.Dl:
    rows: list[tuple[str, Any]] = [
        ("Payments", wording.count(state.payments)),
        ("Of these fraud", wording.count(state.frauds)),
        ("Last payment", _known(state.last_payment_at)),
        ("Last fraud", _known(state.last_fraud_at)),
        ("Kept by", state.worker),
    ]
    return marks.facts(rows)


def _known(at: datetime | None) -> html.Time | None:
    return marks.moment(at) if at else None

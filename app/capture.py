"""Capture: a raw record becomes a payment or a label, or says what is wrong with it."""

# ruff: noqa: EM101 - the first word of a BadRecord is the field, not a message

import re
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from app.decoding import decoded, decoded_sparse
from app.errors import BadRecord
from app.events.currencies import EXPONENTS
from app.events.labels import Kind, Label, TransactionLabel
from app.events.payments import Payment, Transaction
from app.masking import masked, shown, unnumbered
from app.privacy.tokens import Tokens, passes_luhn

L = TypeVar("L", Label, TransactionLabel)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # clocks differ; more is a mistake

_transaction = msgspec.json.Decoder(Transaction).decode
_label = msgspec.json.Decoder(Label).decode
_UNFIT = re.compile(  # white space, controls, and what turns or hides text
    r"[\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff0-\uffff]"
)


def captured(
    value: bytes,
    *,
    received_at: datetime,
    captured_at: datetime,
    tokens: Tokens,
    currency: str,
) -> Payment:
    """Validate a raw payment and put a token in the place of its card number.

    Raises:
        BadRecord: it does not fit; the message repeats no card number.
    """
    stated = transaction(value, received_at=received_at, currency=currency)
    number = stated.card_number
    return Payment(
        stated.id,
        stated.occurred_at,
        stated.customer_id,
        stated.terminal_id,
        stated.amount,
        stated.currency,
        received_at,
        captured_at,
        stated.channel,
        tokens.card(number) if number else None,
        stated.merchant_id,
        stated.merchant_category,
        stated.country,
        stated.place,
        stated.device_id,
        stated.beneficiary_id,
        stated.synthetic,
        stated.device_type,
    )


def transaction(value: bytes, *, received_at: datetime, currency: str) -> Transaction:
    """Validate a raw payment against its schema and against sense.

    Raises:
        BadRecord: it does not fit.
    """
    stated: Transaction = decoded_sparse(value, _transaction)
    if stated.currency != currency:
        expected = f"{currency}, the bank's"
        if stated.currency not in EXPONENTS:
            expected += " (and no code of ISO 4217)"
        raise BadRecord("currency", repr(stated.currency), expected)
    check_times(stated.occurred_at, received_at)
    for name in ("id", "customer_id", "terminal_id"):
        check_id(name, getattr(stated, name))
    for name in ("merchant_id", "device_id", "beneficiary_id"):
        if found := getattr(stated, name):
            check_id(name, found)
    if stated.card_number and not passes_luhn(stated.card_number):
        got = f"a number ending in {stated.card_number[-4:]}"
        raise BadRecord("card_number", got, "a last digit that checks the others")
    return stated


def label(value: bytes, *, received_at: datetime) -> Label:
    """Validate a raw label; what people wrote in it is masked.

    Raises:
        BadRecord: it does not fit.
    """
    stated: Label = decoded(value, _label)
    for name in ("transaction_id", "customer_id", "terminal_id"):
        check_id(name, getattr(stated, name))
    check_times(stated.occurred_at, received_at)
    check_verdict(fraud=stated.fraud, kind=stated.kind)
    if not stated.occurred_at <= stated.labelled_at < LATEST:
        expected = f"a time after that of the payment, before {LATEST.year}"
        raise BadRecord("labelled_at", stated.labelled_at.isoformat(), expected)
    return cleared(stated)


def cleared(label: L) -> L:
    """Mask what people wrote in a label; its author may be named by an address."""
    scenario, author = label.scenario, label.author
    if not (scenario or author):
        return label
    return replace(
        label,
        scenario=scenario and masked(scenario),
        author=author and unnumbered(author),
    )


def check_verdict(*, fraud: bool, kind: Kind) -> None:
    """Check that a label does not contradict itself.

    Raises:
        BadRecord: it does.
    """
    if fraud and kind == "all-clear":
        raise BadRecord("fraud", "true", "false: an all-clear says that it was none")


def check_times(occurred_at: datetime, received_at: datetime) -> None:
    """Refuse an event time before 2000, or far in the future.

    Raises:
        BadRecord: it is.
    """
    if not EARLIEST <= occurred_at <= received_at + AHEAD:
        expected = "2000 or later, and at most a day after it was received"
        raise BadRecord("occurred_at", occurred_at.isoformat(), expected)


def check_id(name: str, value: str) -> None:
    """Refuse an id with characters that do not show.

    Raises:
        BadRecord: it has some.
    """
    if _UNFIT.search(value):
        raise BadRecord(
            name, shown(repr(value)), "no white space or control characters"
        )

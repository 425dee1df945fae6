"""Capture: a raw record becomes a payment or a label, or says what is wrong with it."""

# ruff: noqa: EM101 - the first word of a BadRecord is the field, not a message

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from app.errors import BadRecord
from app.events.currencies import EXPONENTS
from app.events.labels import Label
from app.events.payments import Payment, Transaction
from app.privacy.tokens import Tokens, passes_luhn

T = TypeVar("T")

LARGEST_RECORD = 64 * 1024
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # clocks differ; more is a mistake
_SHOWN = 80  # characters of a wrong value that an error repeats

_transaction = msgspec.json.Decoder(Transaction).decode
_label = msgspec.json.Decoder(Label).decode
_fields = msgspec.json.Decoder(dict[str, object]).decode
_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
_DIGITS = re.compile(r"[0-9]{8,}(?=[0-9]{4})")
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `([^`]{1,200})`")


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
    )


def transaction(value: bytes, *, received_at: datetime, currency: str) -> Transaction:
    """Validate a raw payment against its schema and against sense.

    Raises:
        BadRecord: it does not fit.
    """
    stated: Transaction = _decoded(value, _transaction)
    if stated.currency != currency:
        expected = f"{currency}, the bank's"
        if stated.currency not in EXPONENTS:
            expected += " (and no code of ISO 4217)"
        raise BadRecord("currency", repr(stated.currency), expected)
    _check_times(stated.occurred_at, received_at)
    for name in ("id", "customer_id", "terminal_id"):
        _check_id(name, getattr(stated, name))
    for name in ("merchant_id", "device_id", "beneficiary_id"):
        if found := getattr(stated, name):
            _check_id(name, found)
    if stated.card_number and not passes_luhn(stated.card_number):
        got = f"a number ending in {stated.card_number[-4:]}"
        raise BadRecord("card_number", got, "a last digit that checks the others")
    return stated


def label(value: bytes) -> Label:
    """Validate a raw label.

    Raises:
        BadRecord: it does not fit.
    """
    stated: Label = _decoded(value, _label)
    for name in ("transaction_id", "customer_id", "terminal_id"):
        _check_id(name, getattr(stated, name))
    if stated.occurred_at < EARLIEST:
        raise BadRecord("occurred_at", stated.occurred_at.isoformat(), "2000 or later")
    return stated


def _decoded(value: bytes, decode: Callable[[bytes], T]) -> T:
    if len(value) > LARGEST_RECORD:
        got, expected = f"{len(value)} bytes", f"at most {LARGEST_RECORD}"
        raise BadRecord("$", got, expected)
    try:
        return decode(value)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord("$", _shown(str(error)), "a JSON object in UTF-8") from error


def _explained(message: str, value: bytes) -> BadRecord:
    """Turn msgspec's sentence into field, got and expected."""
    found = _WHERE.match(message)
    what, path = (found["what"], found["path"]) if found else (message, None)
    field = (path or "$").removeprefix("$.")
    if named := _NAMED.search(what):  # a missing or an unknown field
        field = named[1] if field == "$" else f"{field}.{named[1]}"
        if "missing" in what:
            return BadRecord(field, "nothing", "a value: it is required")
        return BadRecord(_shown(field), "a value", "no such field")
    expected, _, got = what.partition(", got ")
    expected = expected.removeprefix("Expected ")
    try:
        fields = _fields(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        fields = {}
    if field in fields:
        got = repr(fields[field])
    return BadRecord(field, _shown(got or "something else"), expected.replace("`", ""))


def _shown(text: str) -> str:
    """Shorten a text for an error, and hide what could be a card number."""
    text = _DIGITS.sub("…", text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _check_times(occurred_at: datetime, received_at: datetime) -> None:
    if not EARLIEST <= occurred_at <= received_at + AHEAD:
        expected = "2000 or later, and at most a day after it was received"
        raise BadRecord("occurred_at", occurred_at.isoformat(), expected)


def _check_id(name: str, value: str) -> None:
    if _UNFIT.search(value):
        raise BadRecord(
            name, _shown(repr(value)), "no white space or control characters"
        )

"""Capture: what fits passes, what does not is told by its field."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.capture import captured, label, transaction
from app.errors import BadRecord
from app.privacy.tokens import Tokens
from tests.corpus import LABEL, NO_CARDS, NUMBER, PAYMENT, Case, labels, payments

AT = datetime(2026, 3, 9, tzinfo=UTC)
PAYMENTS, LABELS = payments(), labels()
DIGITS = str.maketrans(
    {" ": "", "-": "", ".": "", **{chr(0xFF10 + n): str(n) for n in range(10)}}
)


def encoded(base: dict[str, Any], **fields: Any) -> bytes:
    return msgspec.json.encode(base | fields)


def test_the_corpus_is_large_and_names_each_case_once():
    assert len(PAYMENTS) >= 200
    assert len(LABELS) >= 100
    for cases in (PAYMENTS, LABELS):
        assert len({case.name for case in cases}) == len(cases)
        assert len({case.value for case in cases}) == len(cases)


def of_payment(value: bytes) -> object:
    return transaction(value, received_at=AT, currency="EUR")


def of_label(value: bytes) -> object:
    return label(value, received_at=AT)


@pytest.mark.parametrize(
    ("read", "case"),
    [(of_payment, case) for case in PAYMENTS] + [(of_label, case) for case in LABELS],
    ids=lambda given: given.name if isinstance(given, Case) else given.__name__,
)
def test_what_does_not_fit_is_told_by_its_field_in_one_short_line(
    read: Callable[[bytes], object], case: Case
):
    with pytest.raises(BadRecord) as told:
        read(case.value)

    error = told.value
    assert error.field == case.field
    assert str(error).isprintable()
    assert len(str(error)) < 300
    assert error.got
    assert error.expected


@pytest.mark.parametrize("case", PAYMENTS, ids=lambda case: case.name)
def test_no_error_repeats_a_card_number(case: Case):
    with pytest.raises(BadRecord) as told:
        of_payment(case.value)

    said = str(told.value).translate(DIGITS)
    assert NUMBER not in said
    for wrong in NO_CARDS.values():
        assert len(wrong) < 4 or wrong.translate(DIGITS).strip() not in said


@pytest.mark.parametrize(
    "stated",
    [
        encoded(PAYMENT),
        encoded({name: PAYMENT[name] for name in list(PAYMENT)[:6]}),
        encoded(PAYMENT, channel="pos", card_number=None, place=None, synthetic=False),
        encoded(PAYMENT, id='with"quotes\\', customer_id="Ünïcödé-客户"),
        msgspec.json.format(encoded(PAYMENT), indent=4),
        encoded(PAYMENT).replace(b"customer_id", b"customer\\u005fid"),
        encoded(PAYMENT).replace(b"12:00:00Z", b"13:00:00+01:00"),
        encoded(PAYMENT, amount=0, id="x" * 64, merchant_id="y" * 64),
    ],
)
def test_a_payment_that_fits_passes_however_it_is_spelled(stated: bytes):
    tokens = Tokens(b"k" * 32, key_id="k1")

    found = captured(
        stated, received_at=AT, captured_at=AT, tokens=tokens, currency="EUR"
    )

    assert found.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert NUMBER.encode() not in msgspec.json.encode(found)


def test_a_label_that_fits_passes():
    assert label(encoded(LABEL), received_at=AT).fraud is True


def test_the_bank_s_currency_is_a_setting():
    dollars = encoded(PAYMENT, currency="USD")

    assert transaction(dollars, received_at=AT, currency="USD").currency == "USD"


def test_what_people_wrote_in_a_label_is_masked_its_author_too():
    stated = {
        "transaction_id": "T1",
        "customer_id": "C1",
        "terminal_id": "t",
        "occurred_at": "2026-03-10T11:00:00Z",
        "labelled_at": "2026-03-10T11:00:00Z",
        "fraud": True,
        "author": "mia@bank.example 4539/5787/6362/1486",
        "scenario": "of 4539578763621486",
    }
    now = datetime(2026, 3, 11, tzinfo=UTC)

    found = label(msgspec.json.encode(stated), received_at=now)

    assert (found.author, found.scenario) == ("mia@bank.example …1486", "of …1486")

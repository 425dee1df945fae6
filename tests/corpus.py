"""A corpus of payments and labels that are wrong, each with the field that is.

Made systematically: every field with every value that is not its own, then what is
wrong with the record as a whole. Nothing of it may pass, and nothing may stop a worker.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

NUMBER = "4539578763621486"
"""A card number that passes its check: no error may repeat it."""

PAYMENT: dict[str, Any] = {
    "id": "T1",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "C1",
    "terminal_id": "P1",
    "amount": 1250,
    "currency": "EUR",
    "channel": "online",
    "card_number": NUMBER,
    "merchant_id": "M1",
    "merchant_category": "5411",
    "country": "DE",
    "place": {"latitude": 52.5, "longitude": 13.4},
    "device_id": "D1",
    "device_type": "mobile",
    "beneficiary_id": "B1",
    "synthetic": True,
}
LABEL: dict[str, Any] = {
    "type": "label",
    "transaction_id": "T1",
    "customer_id": "C1",
    "terminal_id": "P1",
    "occurred_at": "2026-03-01T12:00:00Z",
    "labelled_at": "2026-03-08T12:00:00Z",
    "fraud": True,
    "kind": "verdict",
    "scenario": "cloned-card",
    "author": "ann",
    "synthetic": True,
}
REQUIRED = ("id", "occurred_at", "customer_id", "terminal_id", "amount", "currency")
LABEL_REQUIRED = (
    "transaction_id",
    "customer_id",
    "terminal_id",
    "occurred_at",
    "labelled_at",
    "fraud",
)
IDS = (
    "id",
    "customer_id",
    "terminal_id",
    "merchant_id",
    "device_id",
    "beneficiary_id",
)
UNKNOWN = {  # fields, and how an error names them
    "amonut": "amonut",
    "Amount": "Amount",
    "é": "é",
    "a\nb": "a·b",
    "a`b": "a`b",
    "x" * 300: "x" * 79 + "…",
    "": "''",
    NUMBER: "…1486",
}
UNFIT_IN_IDS = {
    "blank": "a b",
    "nul": "a\x00b",
    "newline": "a\n",
    "escape": "a\x1b[31m",
    "delete": "a\x7f",
    "no-break-space": "a\u00a0b",
    "zero-width": "a\u200bb",
    "right-to-left": "a\u202eb",
    "line-separator": "a\u2028b",
    "byte-order-mark": "\ufeffa",
}
OF_OTHER_TYPES: dict[str, Any] = {
    "null": None,
    "number": 7,
    "fraction": 0.5,
    "boolean": True,
    "text": "a text",
    "list": ["a"],
    "object": {"a": 1},
}
FITTING: dict[str, tuple[str, ...]] = {  # of the above, what is no fault
    "amount": ("number",),
    "synthetic": ("boolean",),
    "fraud": ("boolean",),
    "scenario": ("text", "null"),
    "author": ("text", "null"),
    **dict.fromkeys(
        (
            "card_number",
            "merchant_category",
            "country",
            "place",
            "device_type",
            *IDS[3:],
        ),
        ("null",),
    ),
}
NO_AMOUNTS = {  # spelled in JSON
    "negative": "-1",
    "one-too-many": "100000000001",
    "huge": "9" * 40,
    "thousands-of-digits": "9" * 5_000,
    "a-half": "12.5",
    "whole-but-a-float": "1250.0",
    "exponent": "1e3",
    "too-large-a-float": "1e400",
    "quoted": '"1250"',
    "quoted-nan": '"NaN"',
}
NO_TIMES = {
    "without-a-zone": "2026-03-01T12:00:00",
    "a-date": "2026-03-01",
    "words": "yesterday",
    "empty": "",
    "year-0": "0000-01-01T00:00:00Z",
    "year-1": "0001-01-01T00:00:00+23:59",
    "last-century": "1999-12-31T23:59:59Z",
    "next-century": "2126-03-01T12:00:00Z",
    "year-9999": "9999-12-31T23:59:59-23:59",
    "month-13": "2026-13-01T12:00:00Z",
    "february-30": "2026-02-30T12:00:00Z",
    "hour-25": "2026-03-01T25:00:00Z",
    "a-leap-second": "2016-12-31T23:59:60Z",
    "american": "03/01/2026 12:00",
    "a-last-newline": "2026-03-01T12:00:00Z\n",
}
NO_CARDS = {
    "wrong-check-digit": NUMBER[:-1] + "7",
    "blanks": "4539 5787 6362 1486",
    "hyphens": "4539-5787-6362-1486",
    "dots": "4539.5787.6362.1486",
    "full-width": "".join(chr(0xFF10 + int(digit)) for digit in NUMBER),
    "a-last-newline": NUMBER + "\n",
    "a-first-blank": " " + NUMBER,
    "too-short": "45395787636",
    "too-long": NUMBER + "0000",
    "empty": "",
}
NO_OBJECT = {
    "null": b"null",
    "true": b"true",
    "a-number": b"17",
    "a-text": b'"T1"',
    "deep": b"[" * 50_000,
}


class Case(NamedTuple):
    """A record that does not fit, and the field that an error must name."""

    name: str
    value: bytes
    field: str


def _with(base: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps(base | fields).encode()


def _spelled(field: str, text: str, base: dict[str, Any] = PAYMENT) -> bytes:
    """Return the record with a field spelled as no encoder would."""
    return _with(base, **{field: "HERE"}).replace(b'"HERE"', text.encode())


def _no_json(base: dict[str, Any], first: str) -> dict[str, bytes]:
    """Return what is no JSON; where it is nearly some, with the first field's name."""
    whole = json.dumps(base).encode()
    key = f'{{"{first}": '.encode()

    def holding(value: bytes) -> bytes:
        return key + value + b", " + whole[1:]

    return {
        "empty": b"",
        "blank": b" \n\t",
        "words": b"not json",
        "half": whole[: len(whole) // 2],
        "single-quotes": whole.replace(b'"', b"'"),
        "a-last-comma": whole[:-1] + b",}",
        "a-comment": whole[:-1] + b"/* the end */}",
        "a-bare-key": whole.replace(b'"customer_id"', b"customer_id"),
        "two-objects": whole * 2,
        "a-second-line": whole + b"\n{}",
        "a-last-word": whole + b"x",
        "nan": holding(b"NaN"),
        "infinity": holding(b"Infinity"),
        "minus-infinity": holding(b"-Infinity"),
        "undefined": holding(b"undefined"),
        "a-plus": holding(b"+1"),
        "a-leading-zero": _spelled("terminal_id", "01250", base),
        "a-lone-surrogate": holding(b'"\\ud800"'),
        "surrogates-swapped": holding(b'"\\udc00\\ud800"'),
        "a-surrogate-in-utf-8": holding(b'"\xed\xa0\x80"'),
        "bad-utf-8": holding(b'"\xff\xfe"'),
        "cut-utf-8": holding(b'"M\xc3"'),
        "overlong-utf-8": holding(b'"\xc0\xaf"'),
        "latin-1": holding("é".encode("latin-1")),
        "bad-utf-8-in-a-key": b'{"\xff": 1}',
        "byte-order-mark": b"\xef\xbb\xbf" + whole,
        "utf-16": whole.decode().encode("utf-16"),
        "a-raw-control": holding(b'"a\x01b"'),
        "nul": b"\x00",
        "binary": bytes(range(256)),
        "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        "avro": b"\x00\x00\x00\x00\x01\x04T1",
        "xml": b"<payment><id>T1</id></payment>",
        "csv": b"T1;2026-03-01;C1;P1;12.50",
    }


def _of_other_types(base: dict[str, Any]) -> Iterator[Case]:
    for field, valid in base.items():
        if field == "type":
            continue
        for kind, value in OF_OTHER_TYPES.items():
            text = isinstance(valid, str) and kind == "text"
            if not text and kind not in FITTING.get(field, ()):
                inside = f"{field}.a" if (field, kind) == ("place", "object") else field
                yield Case(f"{field}-{kind}", _with(base, **{field: value}), inside)


def _whole(base: dict[str, Any], required: tuple[str, ...]) -> Iterator[Case]:
    """Give what is wrong with the record as a whole."""
    for name, value in (_no_json(base, required[0]) | NO_OBJECT).items():
        yield Case(f"whole-{name}", value, "$")
    for field in required:
        without = {name: value for name, value in base.items() if name != field}
        yield Case(f"without-{field}", json.dumps(without).encode(), field)
    yield Case("no-field-at-all", b"{}", required[0])
    for name, told in UNKNOWN.items():
        yield Case(f"unknown-{told[:9]}", _with(base, **{name: "a value"}), told)
    for field in base:
        if field != "type":
            twice = json.dumps({field: base[field]}).encode()[:-1] + b", "
            yield Case(f"{field}-twice", twice + json.dumps(base).encode()[1:], field)
    escaped = (
        json.dumps(base).encode().replace(b'"customer_id"', b'"customer\\u005fid"')
    )
    twice = b'{"customer_id": "C2", ' + escaped[1:]
    yield Case("customer_id-twice-once-escaped", twice, "customer_id")
    first = required[0]
    yield Case("a-mebibyte", _with(base, **{first: "x" * 2**20}), "$")
    yield Case("a-mebibyte-of-blanks", json.dumps(base).encode() + b" " * 2**20, "$")
    yield Case("just-too-long", json.dumps(base).encode().ljust(65_537), "$")
    yield Case("nested", _spelled(first, "[" * 300 + "]" * 300, base), first)
    deep = _spelled(first, "[" * 30_000 + "]" * 30_000, base)
    yield Case("nested-too-deeply", deep, first)
    objects = _spelled(first, '{"a":' * 9_000 + "1" + "}" * 9_000, base)
    yield Case("objects-nested-too-deeply", objects, first)


def payments() -> list[Case]:
    """Return payments that do not fit."""
    return list(_payments())


def _payments() -> Iterator[Case]:
    yield from _whole(PAYMENT, REQUIRED)
    yield from _of_other_types(PAYMENT)
    for field in IDS:
        for name, value in UNFIT_IN_IDS.items():
            yield Case(f"{field}-{name}", _with(PAYMENT, **{field: value}), field)
        yield Case(f"{field}-empty", _with(PAYMENT, **{field: ""}), field)
        yield Case(f"{field}-too-long", _with(PAYMENT, **{field: "x" * 65}), field)
    for name, text in NO_AMOUNTS.items():
        yield Case(f"amount-{name}", _spelled("amount", text), "amount")
    for name, value in NO_TIMES.items():
        yield Case(
            f"occurred_at-{name}", _with(PAYMENT, occurred_at=value), "occurred_at"
        )
    for name, value in NO_CARDS.items():
        yield Case(f"card-{name}", _with(PAYMENT, card_number=value), "card_number")
    yield Case("card-a-number", _spelled("card_number", NUMBER), "card_number")
    yield Case("card-as-id", _with(PAYMENT, id=f"{NUMBER} "), "id")
    yield Case("card-as-country", _with(PAYMENT, country=NUMBER), "country")
    for currency in ("USD", "eur", "EURO", "", "€", "XXX", "EUR\n", "978"):
        wrong = _with(PAYMENT, currency=currency)
        yield Case(f"currency-{currency!r}", wrong, "currency")
    for channel in ("POS", "", "carrier-pigeon", "x" * 5_000):
        wrong = _with(PAYMENT, channel=channel)
        yield Case(f"channel-{channel[:9]!r}", wrong, "channel")
    for category in ("541", "54111", "54a1", "", "5411\n", "٥٤١١"):
        wrong = _with(PAYMENT, merchant_category=category)
        yield Case(f"merchant_category-{category!r}", wrong, "merchant_category")
    for country in ("DEU", "de", "", "D", "DE\n", "ДЕ"):
        wrong = _with(PAYMENT, country=country)
        yield Case(f"country-{country!r}", wrong, "country")
    yield from _places()


def _places() -> Iterator[Case]:
    for name, text in {
        "too-far-north": "90.000001",
        "too-far-south": "-91",
        "too-large": "1e400",
        "quoted": '"52.5"',
        "null": "null",
    }.items():
        place = f'{{"latitude": {text}, "longitude": 0}}'
        yield Case(f"latitude-{name}", _spelled("place", place), "place.latitude")
    for name, text in {"too-far-east": "180.5", "too-far-west": "-181"}.items():
        place = f'{{"latitude": 0, "longitude": {text}}}'
        yield Case(f"longitude-{name}", _spelled("place", place), "place.longitude")
    half, more = {"latitude": 1.0}, PAYMENT["place"] | {"altitude": 30}
    yield Case("place-half", _with(PAYMENT, place=half), "place.longitude")
    yield Case("place-more", _with(PAYMENT, place=more), "place.altitude")
    twice = '{"latitude": 1, "latitude": 2, "longitude": 3}'
    yield Case("latitude-twice", _spelled("place", twice), "latitude")


def labels() -> list[Case]:
    """Return labels that do not fit."""
    return list(_labels())


def _labels() -> Iterator[Case]:
    yield from _whole(LABEL, LABEL_REQUIRED)
    yield from _of_other_types(LABEL)
    for field in ("transaction_id", "customer_id", "terminal_id"):
        for name, value in UNFIT_IN_IDS.items():
            yield Case(f"{field}-{name}", _with(LABEL, **{field: value}), field)
    for field in ("occurred_at", "labelled_at"):
        for name, value in NO_TIMES.items():
            yield Case(f"{field}-{name}", _with(LABEL, **{field: value}), field)
    both = _with(LABEL, fraud=True, kind="all-clear")
    yield Case("an-all-clear-of-a-fraud", both, "fraud")
    early = _with(LABEL, labelled_at="2026-02-28T12:00:00Z")
    yield Case("labelled_at-before-the-payment", early, "labelled_at")
    yield Case("a-payment", _with(LABEL, type="payment"), "type")
    yield Case("kind-unknown", _with(LABEL, kind="rumour"), "kind")
    yield Case("scenario-too-long", _with(LABEL, scenario="x" * 257), "scenario")
    yield Case("author-too-long", _with(LABEL, author="x" * 257), "author")


def foreign() -> list[Case]:
    """Return what no stage of the product would put into the logs between two."""
    payment = {
        **{name: PAYMENT[name] for name in REQUIRED},
        "type": "payment",
        "received_at": "2026-03-01T12:00:01Z",
        "captured_at": "2026-03-01T12:00:01Z",
    }
    whole = [
        Case(f"whole-{name}", value, "")
        for name, value in (_no_json(payment, "id") | NO_OBJECT).items()
    ]
    faults: dict[str, dict[str, Any]] = {
        "raw": PAYMENT,
        "of-no-type": {**payment, "type": "salary"},
        "of-a-long-type": {**payment, "type": "x" * 100_000},
        "negative": {**payment, "amount": -1},
        "huge": {**payment, "amount": 2**70},
        "of-no-currency": {**payment, "currency": "XXX"},
        "without-a-zone": {**payment, "occurred_at": "2026-03-01T12:00:00"},
        "of-a-long-id": {**payment, "id": "x" * 2**20},
        "of-no-customer": {**payment, "customer_id": None},
        "off-the-earth": {**payment, "place": {"latitude": 100, "longitude": 0}},
        "profiled-by-none": {"type": "payment", "payment": payment, "features": []},
        "profiled-by-one": {"type": "payment", "payment": payment, "features": [1.0]},
        "profiled-by-words": {
            "type": "payment",
            "payment": payment,
            "features": ["one"] * 14,
        },
        "profiled-by-too-many": {
            "type": "payment",
            "payment": payment,
            "features": [None] * 10_000,
        },
    }
    deep = json.dumps(payment).encode()[:-1] + b', "x": ' + b"[" * 50_000
    whole.append(Case("payment-nested-too-deeply", deep, ""))
    return whole + [
        Case(f"payment-{name}", json.dumps(fault).encode(), "")
        for name, fault in faults.items()
    ]

"""List files: entries for the lists as JSON or CSV, each fault told by its row."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from app.capture import EARLIEST
from app.decoding import decoded
from app.errors import UNREADABLE, BadRecord
from app.events.payments import Card
from app.masking import masked, shown
from app.privacy.tokens import Tokens, passes_luhn
from app.rules.lists import Entry, Kind, Listing, Verdict
from web.problems import Problem, invalid_records

MOST_ENTRIES = 10_000
FOREVER = datetime.max.replace(tzinfo=UTC)
COLUMNS = tuple(field.name for field in msgspec.structs.fields(Listing))
CHOICES = {
    name: " or ".join(get_args(choice))
    for name, choice in (("kind", Kind), ("verdict", Verdict))
}
"""What may stand in a field of few values."""

_decode = msgspec.json.Decoder(Listing).decode
_decode_text = msgspec.json.Decoder(Listing, strict=False).decode
_several = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NUMBER = re.compile(r"[0-9]{12,19}")
_TOKEN = re.compile(r"[a-z0-9]{1,8}_[A-Za-z0-9_-]{24}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")


def read_entries(
    text: bytes, *, form: str, author: str, tokens: Tokens
) -> Sequence[Entry]:
    """Return the entries of a request: all of them, or none where one does not fit.

    `form` is `csv` (a first line of column names; empty cells are defaults) or
    `json` (one entry or a list). The number of a card becomes its token.

    Raises:
        Problem: 400 or 422; each fault is told, its row counted from 0.
    """
    rows = _of_csv(text) if form == "csv" else _of_json(text)
    if not 1 <= len(rows) <= MOST_ENTRIES:
        detail = f"got {len(rows)} entries, expected 1 to {MOST_ENTRIES}"
        raise Problem(422, detail, kind="invalid-records")
    decode = _decode_text if form == "csv" else _decode
    entries, errors = [], []
    for index, row in enumerate(rows):
        try:
            entries.append(_entry(decoded(row, decode), author, tokens))
        except BadRecord as error:
            error.expected = CHOICES.get(error.field, error.expected)
            errors.append((index, error))
    if errors:
        raise invalid_records(errors, noun="row", then="; nothing was listed")
    return entries


def _entry(listing: Listing, author: str, tokens: Tokens) -> Entry:
    fields = msgspec.structs.asdict(listing)
    fields["value"] = checked(listing.kind, listing.value, tokens)
    fields["reason"] = masked(listing.reason)
    if listing.final and listing.verdict != "block":
        raise BadRecord("final", "true", "false: only a block can be final")  # noqa: EM101 - the field
    if listing.until and not EARLIEST <= listing.until <= FOREVER:
        expected = f"a time from {EARLIEST.year} on, or none for ever"
        raise BadRecord("until", listing.until.isoformat(), expected)  # noqa: EM101
    return Entry(author=author, **fields)


def checked(kind: str, value: str, tokens: Tokens) -> str:
    """Return the value that a payment is compared with.

    Raises:
        BadRecord: it is none of its kind; the message repeats no card number.
    """
    if kind == "card" and not _TOKEN.fullmatch(value):
        if not (_NUMBER.fullmatch(value) and passes_luhn(value)):
            expected = "a card's token, or its number with a last digit that fits"
            raise BadRecord("value", shown(repr(value)), expected)  # noqa: EM101
        card: Card = tokens.card(value)
        return card.token
    if kind == "country" and not _COUNTRY.fullmatch(value):
        raise BadRecord("value", shown(repr(value)), "a code like DE")  # noqa: EM101
    if _UNFIT.search(value):
        expected = "no white space or control characters"
        raise BadRecord("value", shown(repr(value)), expected)  # noqa: EM101
    return value


def _of_json(text: bytes) -> list[bytes]:
    if text.lstrip()[:1] != b"[":
        return [text]
    try:
        return [bytes(raw) for raw in _several(text)]
    except UNREADABLE as error:
        raise Problem(400, f"the body is no JSON: {error}") from error


def _of_csv(text: bytes) -> list[bytes]:
    try:
        lines = io.StringIO(text.decode("utf-8-sig"), newline="")
        rows = list(csv.DictReader(lines, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Problem(400, f"the body is no CSV in UTF-8: {error}") from error
    return [msgspec.json.encode(_stated(row)) for row in rows]


def _stated(row: dict[Any, Any]) -> dict[str, Any]:
    """Leave out empty cells; what is beyond the columns is a field of no name."""
    return {
        str(name or "(none)"): cell if isinstance(cell, str) else ",".join(cell)
        for name, cell in row.items()
        if cell
    }

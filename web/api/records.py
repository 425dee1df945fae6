"""Records: one or many in a request's body, taken whole or not at all."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from app.errors import UNREADABLE, BadRecord
from web.problems import Problem, invalid_records

MOST_BYTES = 1024 * 1024
MOST_RECORDS = 500

T = TypeVar("T")

_several = msgspec.json.Decoder(list[Raw]).decode
_any = msgspec.json.Decoder().decode


class Stated(NamedTuple, Generic[T]):
    """A record as it was sent, and as it was understood."""

    value: bytes
    record: T


def read_records(
    text: bytes, read: Callable[[bytes], T], *, noun: str
) -> list[Stated[T]]:
    """Return the records of a request; `read` raises BadRecord of one that is wrong.

    Raises:
        Problem: 400, it is no JSON; 422, it is too much or too little, or some
            record does not fit: all that is wrong is named.
    """
    stated, errors = [], []
    for index, value in enumerate(_values(text, noun)):
        try:
            stated.append(Stated(value, read(value)))
        except BadRecord as error:
            errors.append((index, error))
    if errors:
        raise invalid_records(errors, noun=noun)
    return stated


def _values(text: bytes, noun: str) -> list[bytes]:
    try:
        _any(text)  # the parts are only looked at one by one, below
    except UNREADABLE as error:
        raise Problem(400, f"the body is no JSON: {error}") from error
    if text.lstrip()[:1] != b"[":
        return [text]
    values = [bytes(raw) for raw in _several(text)]
    if not 1 <= len(values) <= MOST_RECORDS:
        got, expected = f"{len(values)} {noun}s", f"1 to {MOST_RECORDS}"
        wrong = {"field": "$", "got": got, "expected": expected}
        detail = f"got {got}, expected {expected} in one request"
        raise Problem(422, detail, kind="invalid-records", errors=[wrong])
    return values

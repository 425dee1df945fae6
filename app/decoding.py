"""Decoding: JSON from outside into a record, or a BadRecord that names the field."""

# ruff: noqa: EM101 - the first word of a BadRecord is the field, not a message

import json
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from app.errors import BadRecord
from app.masking import shown

T = TypeVar("T")

LARGEST_RECORD = 64 * 1024

_fields = msgspec.json.Decoder(dict[str, object]).decode
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `(.*)`$", re.DOTALL)
_NO_LAST_NEWLINE = r"(?!\\n)"  # in a pattern, for Python alone
_PLAINLY = {
    "Number out of range": "a number in range",
    "Integer value out of range": "an integer in range",
    "Invalid RFC3339 encoded datetime": "a time like 2026-03-01T12:00:00Z",
}
_HIDDEN = {"card_number", "ip", "message"}
"""Fields of which an error repeats nothing; a message that is no JSON says anything."""


def decoded(value: bytes, decode: Callable[[bytes], T]) -> T:
    """Decode a record of at most 64 KiB, every key of which is stated once at most.

    `decode` is a msgspec decoder's. Callers that can tell from the record that no
    key is stated twice save a third of the time with `decoded_once`.

    Raises:
        BadRecord: it does not fit; the message repeats no card number.
    """
    record = decoded_once(value, decode)
    refuse_repeats(value)
    return record


def decoded_once(
    value: bytes, decode: Callable[[bytes], T], *, most: int = LARGEST_RECORD
) -> T:
    """Decode a record of `most` bytes; of a key stated twice the last one counts.

    Raises:
        BadRecord: it does not fit; the message repeats no card number.
    """
    if len(value) > most:
        got, expected = f"{len(value)} bytes", f"at most {most}"
        raise BadRecord("$", got, expected)
    try:
        return decode(value)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRecord("$", shown(str(error)), "a JSON object in UTF-8") from error
    except RecursionError as error:
        raise BadRecord("$", "JSON nested too deeply", "a flat object") from error


def refuse_repeats(value: bytes) -> None:
    """Refuse JSON in which an object states a key twice.

    Two programs that read it could see two different payments.

    Raises:
        BadRecord: it does.
    """
    try:
        json.loads(value, object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError) as error:  # what msgspec passed over
        raise BadRecord("$", shown(str(error)), "a JSON object in UTF-8") from error


def _unrepeated(pairs: list[tuple[str, object]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise BadRecord(shown(key), "two values", "one: the key is stated twice")
        seen.add(key)


def _explained(message: str, value: bytes) -> BadRecord:
    """Turn msgspec's sentence into field, got and expected."""
    found = _WHERE.match(message)
    what, path = (found["what"], found["path"]) if found else (message, None)
    field = (path or "$").removeprefix("$.")
    if named := _NAMED.search(what):  # a missing or an unknown field
        name = shown(named[1]) or "''"
        field = name if field == "$" else f"{field}.{name}"
        if "missing" in what:
            return BadRecord(field, "nothing", "a value: it is required")
        return BadRecord(field, "a value", "no such field")
    stated = "" if field in _HIDDEN else _stated(field, value)
    expected, _, got = what.partition(", got ")
    if expected.startswith("Expected "):
        plain = expected.removeprefix("Expected ").replace("`", "")
        expected = plain.replace(_NO_LAST_NEWLINE, "")
    else:
        expected, got = _PLAINLY.get(what, shown(what)), ""
    return BadRecord(field, shown(stated or got or "a value that is not"), expected)


def _stated(field: str, value: bytes) -> str:
    """Return what a field was stated as; empty where that cannot be told."""
    here: object = None
    try:
        here = _fields(value)
        for name in field.split("."):
            if not isinstance(here, dict) or name not in here:
                return ""
            here = here[name]
        return repr(here)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ""  # wrong in more than one way: the first fault is told

"""Decoding: JSON from outside into a record, or a BadRecord that names the field."""

# ruff: noqa: EM101 - the first word of a BadRecord is the field, not a message

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from app.errors import BadRecord
from app.masking import shown
from app.misfits import misfit

T = TypeVar("T")

LARGEST_RECORD = 64 * 1024

_fields = msgspec.json.Decoder(dict[str, object]).decode
_encode = msgspec.json.Encoder().encode
_HIDDEN = {"card_number", "ip", "message"}
"""Fields of which an error repeats nothing; a message that is no JSON says anything."""


def decoded(value: bytes, decode: Callable[[bytes], T]) -> T:
    """Decode a record of at most 64 KiB, every key of which is stated once at most.

    `decode` is a msgspec decoder's.

    Raises:
        BadRecord: it does not fit; the message repeats no card number.
    """
    record = decoded_once(value, decode)
    refuse_repeats(value)
    return record


def decoded_sparse(value: bytes, decode: Callable[[bytes], T]) -> T:
    """Decode as `decoded` does, a third of the time of it where no default is stated.

    Of structs without a tag that omit defaults and refuse unknown fields: encoded
    again, one has as few quotation marks as it can have, two a key and two a text.
    JSON that has more states a key twice, or a default.

    Raises:
        BadRecord: it does not fit; the message repeats no card number.
    """
    record = decoded_once(value, decode)
    if b"\\" in value or value.count(b'"') != _encode(record).count(b'"'):
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
        kind = getattr(getattr(decode, "__self__", None), "type", None)
        raise _explained(error, kind, value) from error
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


def _explained(error: msgspec.ValidationError, kind: Any, value: bytes) -> BadRecord:
    """Say which field does not fit, what was got and what is expected."""
    field, got, expected = misfit(error, kind)
    if field not in _HIDDEN:
        # Where it is wrong in more than one way, the first fault is told.
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            got = misfit(error, kind, _fields(value)).got
    return BadRecord(field, got, expected)

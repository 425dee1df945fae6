"""Reading: the records of a batch, each decoded once."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from app.engine.batches import Record
from app.engine.engine import Outbox
from app.errors import UNREADABLE, BadRecord
from app.masking import shown

T = TypeVar("T")
Decode = Callable[[bytes], T]


def decode_all(records: Sequence[Record], decode: Decode[T]) -> list[T | Exception]:
    """Decode records; in the place of one that cannot be read is the error."""
    found: list[T | Exception] = []
    for record in records:
        try:
            found.append(decode(record.value or b""))
        except UNREADABLE as error:
            got, expected = shown(str(error)), "a record of this topic"
            found.append(BadRecord("$", got, expected))
    return found


def readable(
    records: Sequence[Record], out: Outbox, decode: Decode[T]
) -> list[tuple[Record, T]]:
    """Decode records; one that cannot be read is a dead letter."""
    found = []
    for record, event in zip(records, decode_all(records, decode), strict=True):
        if isinstance(event, Exception):
            out.reject(record, event)
        else:
            found.append((record, event))
    return found

"""Sections: what only some rows have, behind what all have."""

from collections.abc import Sequence
from struct import Struct

LENGTH = Struct("<I")


def sections(*parts: bytes) -> bytes:
    """Put parts behind each other, each with its length; nothing for what is empty.

    >>> sections(b"", b"")
    b''
    >>> sectioned(sections(b"", b"ab", b""), 3)
    [b'', b'ab', b'']
    """
    while parts and not parts[-1]:
        parts = parts[:-1]
    return b"".join(LENGTH.pack(len(part)) + part for part in parts)


def sectioned(data: bytes, count: int) -> Sequence[bytes]:
    """Return the parts that `sections` was given; those that it left out are empty."""
    found, at = [], 0
    while at < len(data):
        end = at + LENGTH.size + LENGTH.unpack_from(data, at)[0]
        found.append(data[at + LENGTH.size : end])
        at = end
    return found + [b""] * (count - len(found))

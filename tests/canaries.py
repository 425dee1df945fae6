"""Canaries: texts that nobody else writes, known again in whatever spelling."""

import base64
import gzip
import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from html import escape
from itertools import chain
from pathlib import Path
from random import Random
from urllib.parse import quote

import h3

from app.privacy.tokens import passes_luhn

DOCS = Path(__file__).parent.parent / "docs" / "privacy.md"
TABLE = "## What is where"
PARTINGS = (*" -./_\t\n\u00a0\u2013", "  ")
"""What people put between the digits of a number."""
DECIMALS = 5
"""Of a position: about a metre. What is coarser is not found."""
FINE = range(10, 16)
"""Resolutions of H3 cells that are a position: 75 metres and less across."""
PACKED = {b"\x1f\x8b": lambda data: zlib.decompressobj(31).decompress(data)}
PACKED |= dict.fromkeys((b"\x78\x01", b"\x78\x9c", b"\x78\xda"), zlib.decompress)

Places = dict[str, set[str]]
"""What was found, by what it is: the places."""


def allowed() -> Places:
    """Read what may be where from the table of docs/privacy.md."""
    _, _, after = DOCS.read_text(encoding="utf-8").partition(TABLE)
    table = after.partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)
    found = {what: set(re.findall(r"`([^`]+)`", where)) for what, where in rows}
    return {what: places for what, places in found.items() if what != "what"}


def card(number: int) -> str:
    """Return a card number that passes its check; another for each number."""
    whole = f"40000{Random(number).randrange(10**10):010}"  # noqa: S311 - no secret
    return next(whole + str(d) for d in range(10) if passes_luhn(whole + str(d)))


class Canaries:
    """What is looked for: texts and positions, each of a kind that the table names."""

    def __init__(self) -> None:
        self._forms: dict[bytes, str] = {}
        self._exact: dict[bytes, str] = {}
        self.kinds: set[str] = set()

    def text(self, what: str, text: str) -> str:
        """Look for a text from now on; return it."""
        self.kinds.add(what)
        for form in chain(*map(_spelled, (text, text.lower(), text.upper()))):
            self._forms[form.lower()] = what
        for form in _encoded(text.encode()):
            self._exact[form] = what
        return text

    def position(self, what: str, latitude: float, longitude: float) -> None:
        """Look for a position from now on."""
        self.kinds.add(what)
        for degrees in (latitude, longitude):
            whole, _, rest = repr(degrees).partition(".")
            self._forms[f"{whole}.{rest[:DECIMALS]}".encode()] = what
            for order in "<>":
                self._exact[struct.pack(f"{order}d", degrees)] = what
        for resolution in FINE:
            cell = h3.latlng_to_cell(latitude, longitude, resolution)
            self._forms[cell.encode()] = what
            self._forms[str(int(cell, 16)).encode()] = what

    def found(self, *parts: bytes | str | None) -> set[str]:
        """Return which kinds are in some data."""
        seen: set[str] = set()
        for part in parts:
            data = part.encode() if isinstance(part, str) else part or b""
            for layer in _layers(data):
                low = layer.lower()
                seen.update(w for form, w in self._forms.items() if form in low)
                seen.update(w for form, w in self._exact.items() if form in layer)
        return seen


def _spelled(text: str) -> Iterator[bytes]:
    yield text.encode()
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(json.dumps(text)[1:-1])[1:-1].encode()
    yield escape(text).encode()
    yield quote(text, safe="").encode()
    yield text.encode().hex().encode()
    yield text.encode("utf-16-le")
    if text.isascii() and text.isdecimal():
        for space in PARTINGS:
            parted = space.join(fours(text))
            yield parted.encode()
            yield json.dumps(parted)[1:-1].encode()


def fours(number: str) -> list[str]:
    """Return a number four digits at a time."""
    return [number[start : start + 4] for start in range(0, len(number), 4)]


def _encoded(data: bytes) -> Iterator[bytes]:
    """Yield base64, wherever in what is encoded the data begins."""
    for before in range(3):
        for code in (base64.b64encode, base64.urlsafe_b64encode):
            text = code(bytes(before) + data).rstrip(b"=")
            yield text[(0, 2, 3)[before] : -1]


def _layers(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield data, and what is packed in it."""
    yield data
    if depth > 1:
        return
    for start in re.finditer(b"\x1f\x8b\x08|\x78[\x01\x9c\xda]", data):
        packed = data[start.start() :]
        try:
            yield from _layers(PACKED[packed[:2]](packed), depth + 1)
        except zlib.error:
            continue


def unlike(found: Places, may: Places) -> list[str]:
    """Say what is where it may not be, and what is not where it is said to be."""
    told = []
    for what in sorted(found | may):
        here, there = found.get(what, set()), may.get(what, set())
        told += [f"{what}: leaked into {one}" for one in sorted(here - there)]
        told += [f"{what}: not in {one} any more" for one in sorted(there - here)]
    return told


def packed(parts: Iterable[str]) -> bytes:
    """Pack texts as some program would."""
    return gzip.compress("\n".join(parts).encode(), mtime=0)  # the same each time

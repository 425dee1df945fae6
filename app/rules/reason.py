"""Reasons: whole phrases filled in with the numbers that made a rule fire."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from app.rules.errors import BadTemplate, expected
from app.rules.translate import Kind

MISSING = "unknown"
_SPECS: Mapping[Kind, str] = {"number": r",?(\.[0-6])?[f%]", "text": ""}
_FITS: Mapping[Kind, str] = {
    "number": "{{{0}:.1f}}, {{{0}:,.2f}} or {{{0}:.0%}}",
    "text": "{{{0}}}",
}


@dataclass(frozen=True)
class Reason:
    """A checked template: literal text before each word, the words, their formats."""

    pieces: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    tail: str

    def fill(self, values: Sequence[float | str | None]) -> str:
        """Fill the words, in their order; what is null reads "unknown"."""
        filled = (
            before + (MISSING if value is None else format(value, spec))
            for (before, spec), value in zip(self.pieces, values, strict=True)
        )
        return "".join(filled) + self.tail


def compile_reason(template: str, words: Mapping[str, Kind]) -> Reason:
    """Check a template such as `{amount:.2f}, usual is {usual:.2f}` against its words.

    Raises:
        BadTemplate: its braces do not close, a word is unknown (the nearest is named),
            or a format is not one for that kind: `.1f`, `,.2f`, `.0%` for a number.

    >>> usual = compile_reason("{n:.0f} payments, usual is {m:.1f}", {"n": "number", "m": "number"})
    >>> usual.fill([5.0, 1.25])
    '5 payments, usual is 1.2'
    """  # noqa: E501
    pieces, names, tail = [], [], ""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        got = f"a template whose braces do not close: {template!r}"
        remedy = "expected {word:.1f}, and {{ for a brace"
        raise BadTemplate(got, remedy) from error
    for before, word, spec, conversion in parsed:
        if word is None:
            tail += before
            continue
        _check(word, spec or "", conversion, words)
        pieces.append((tail + before, spec or ""))
        names.append(word)
        tail = ""
    return Reason(tuple(pieces), tuple(names), tail)


def _check(
    word: str, spec: str, conversion: str | None, words: Mapping[str, Kind]
) -> None:
    if word not in words:
        raise BadTemplate(got=f"word {{{word}}}", expected=expected(word, words))
    if conversion or not re.fullmatch(_SPECS[words[word]], spec):
        raise BadTemplate(
            got=f"format {f'!{conversion}' if conversion else spec!r} of {{{word}}}",
            expected=f"expected {_FITS[words[word]].format(word)}",
        )

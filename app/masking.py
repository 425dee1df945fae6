"""Masking: card numbers, internet addresses and e-mail addresses taken out of a text.

What people and programs write in the wrong place must not travel on from there: this
is for errors, and for texts that people write. Names it cannot know.
"""

import re
from ipaddress import ip_address

GONE = "…"
_SHOWN = 80  # characters of a wrong value that an error repeats

PARTING = r"[\s._/\\\u00ad\u200b\u2010-\u2015\u2212-]"
"""What people put between the digits of a number; in a pattern."""

_DIGITS = re.compile(rf"\d(?:{PARTING}{{0,3}}\d){{11,}}")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([./-])[01]\d\1[0-3]\d(?!\d)")
_PART = r"[^\s@'\"<>(),;:]"
_EMAIL = re.compile(rf"{_PART}{{1,64}}(?:@{_PART}{{1,255}})+")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_CUT = re.compile(rf"(?:[\w@:]|{PARTING}){{0,64}}$")
_COLONS = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{0,40}:[0-9A-Fa-f:.]{1,45}")


def masked(text: str) -> str:
    """Hide what could be a card number (all but four digits) or an address.

    >>> masked("card 4539 5787 6362 1486 of erika@example.com")
    'card …1486 of …'
    >>> masked("from 203.0.113.77, or 2001:db8::17, at 12:00:00")
    'from …, or …, at 12:00:00'
    """
    if "@" in text:
        text = _EMAIL.sub(GONE, text)
    text = _COLONS.sub(_address, text)
    return unnumbered(_IPV4.sub(GONE, text))


def unnumbered(text: str) -> str:
    """Hide what could be a card number alone: a user's name may be an address."""
    return _DIGITS.sub(_number, text)


def shown(text: str) -> str:
    """Shorten a text for an error, and hide card numbers and addresses in it."""
    if len(text) > 8 * _SHOWN:  # what is cut through cannot be known again
        text = _CUT.sub("…", text[: 8 * _SHOWN])
    text = masked(text)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _number(found: re.Match[str]) -> str:
    """Hide all but four digits; dates side by side are no number."""
    digits = re.sub(PARTING, "", _DATE.sub("", found[0]))
    if not digits:
        return found[0]
    return GONE + re.sub(PARTING, "", found[0])[-4:]


def _address(found: re.Match[str]) -> str:
    """Hide an address of version 6; a time of day is none."""
    try:
        ip_address(found[0].rstrip(".:") if found[0][-2:] != "::" else found[0])
    except ValueError:
        return found[0]
    return GONE

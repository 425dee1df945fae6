"""Wording: numbers, money and names as people read them."""

from typing import Any

import msgspec

from app.events import categories, currencies

MISSING = "—"
"""Where there is no number."""

money = currencies.money
category = categories.category

CHANNELS = {
    "pos": "In a shop",
    "online": "Online",
    "atm": "Cash machine",
    "transfer": "Transfer",
}
"""How a payment was made."""


def channel(name: str) -> str:
    """Write how a payment was made.

    >>> channel("pos"), channel("pigeon")
    ('In a shop', 'Pigeon')
    """
    return CHANNELS.get(name, name.capitalize())


_DECIMAL_BELOW = 10
_SECONDS_FROM = 2_000
_PLAIN_FROM = 100
_LEAST_PERCENT = 0.05  # of which one decimal tells something
_MINUTE = 60


def count(number: int) -> str:
    """Write a count.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def many(number: int, noun: str) -> str:
    """Write a count of things.

    >>> many(1, "payment"), many(0, "payment"), many(1234, "log-in")
    ('1 payment', '0 payments', '1,234 log-ins')
    """
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def span(seconds: float) -> str:
    """Write how long something took.

    >>> span(15.0), span(89.0), span(5_400.0)
    ('15 s', '1 min', '90 min')
    """
    return f"{seconds:.0f} s" if seconds < _MINUTE else f"{seconds // _MINUTE:.0f} min"


def rate(per_second: float) -> str:
    """Write a rate; one decimal where the number is small.

    >>> rate(0.4), rate(9.96), rate(203.2)
    ('0.4', '10', '203')
    """
    return (
        f"{per_second:.1f}"
        if round(per_second, 1) < _DECIMAL_BELOW
        else f"{per_second:,.0f}"
    )


def milliseconds(time_ms: float | None) -> str:
    """Write a time, in milliseconds or, from two seconds on, in seconds.

    >>> milliseconds(7.4), milliseconds(2340.0), milliseconds(None)
    ('7 ms', '2.3 s', '—')
    """
    if time_ms is None:
        return MISSING
    return (
        f"{time_ms:,.0f} ms" if time_ms < _SECONDS_FROM else f"{time_ms / 1000:,.1f} s"
    )


def share(part: float | None) -> str:
    """Write a share of one.

    >>> share(0.0312), share(0.5), share(0.0), share(0.0002), share(None)
    ('3.1 %', '50 %', '0 %', '< 0.1 %', '—')
    """
    if part is None:
        return MISSING
    percent = 100 * part
    if 0 < percent < _LEAST_PERCENT:
        return "< 0.1 %"
    whole = percent == 0 or percent >= _DECIMAL_BELOW
    return f"{percent:.{0 if whole else 1}f} %"


def number(value: float | None) -> str:
    """Write a number with as many places as its size deserves.

    >>> number(3.0), number(0.06789), number(1234.5), number(None)
    ('3', '0.0679', '1,234.5', '—')
    """
    if value is None:
        return MISSING
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= _PLAIN_FROM else f"{value:,.3g}"


def degrees(latitude: float, longitude: float) -> str:
    """Write a place in degrees.

    >>> degrees(51.5074, -0.1278)
    '51.507° N, 0.128° W'
    """
    north = "N" if latitude >= 0 else "S"
    east = "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.3f}° {north}, {abs(longitude):.3f}° {east}"


def plain(text: str) -> str:
    """Leave out the marks of code, which documents have.

    >>> plain("those of them (`card_frauds_30d`)")
    'those of them (card_frauds_30d)'
    """
    return text.replace("`", "")


def wire(data: Any) -> str:
    """Write data for the browser's script.

    >>> wire([{"id": "T1"}])
    '[{"id":"T1"}]'
    """
    return msgspec.json.encode(data).decode()


def short(identity: str, *, most: int = 16) -> str:
    """Shorten an id in its middle.

    >>> short("T1"), short("0123456789abcdef0123")
    ('T1', '0123456…def0123')
    """
    if len(identity) <= most:
        return identity
    half = (most - 1) // 2
    return f"{identity[:half]}…{identity[-half:]}"

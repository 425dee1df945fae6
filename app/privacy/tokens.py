"""Tokens: keyed, stable stand-ins for card numbers."""

import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache

from app.events.payments import Card

_TOKEN_BYTES = 18  # 144 bits of the HMAC, 24 characters


class Tokens:
    """Makes tokens of card numbers with one key.

    The same card gets the same token for as long as the key is in use, so joins
    work; without the key a token cannot be traced back by trying all numbers. The
    key's id leads the token, so that tokens of an older key can be told apart.
    """

    def __init__(self, key: bytes, *, key_id: str) -> None:
        def card(number: str) -> Card:
            digest = hmac.digest(key, number.encode(), "sha256")[:_TOKEN_BYTES]
            return Card(f"{key_id}_{urlsafe_b64encode(digest).decode()}", number[-4:])

        self.card = lru_cache(maxsize=100_000)(card)


@lru_cache(maxsize=100_000)
def passes_luhn(number: str) -> bool:
    """Whether the last digit of a card number checks the others (ISO/IEC 7812-1).

    >>> passes_luhn("4539578763621486"), passes_luhn("4539578763621487")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2  # noqa: PLR2004
        total += value
    return total % 10 == 0

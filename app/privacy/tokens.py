"""Tokens: keyed, stable stand-ins for card numbers and internet addresses."""

import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from ipaddress import ip_address, ip_network

from app.events.app_events import Address
from app.events.payments import Card

_TOKEN_BYTES = 18  # 144 bits of the HMAC, 24 characters
_NETWORK_BITS = {4: 24, 6: 48}  # what a provider gives to one place


class Tokens:
    """Makes tokens of card numbers and internet addresses with one key.

    The same card gets the same token for as long as the key is in use, so joins
    work; without the key a token cannot be traced back by trying all numbers. The
    key's id leads the token, so that tokens of an older key can be told apart. With
    the tokens of the key `before`, a card says which one it had by that.
    """

    def __init__(
        self, key: bytes, *, key_id: str, before: "Tokens | None" = None
    ) -> None:
        def token(text: str) -> str:
            digest = hmac.digest(key, text.encode(), "sha256")[:_TOKEN_BYTES]
            return f"{key_id}_{urlsafe_b64encode(digest).decode()}"

        def card(number: str) -> Card:
            was = before.card(number).token if before else None
            return Card(token(number), number[-4:], was)

        def address(stated: str) -> Address:
            """Raise ValueError of what is no address."""
            ip = ip_address(stated)
            ip = getattr(ip, "ipv4_mapped", None) or ip  # one address, two spellings
            network = ip_network((ip, _NETWORK_BITS[ip.version]), strict=False)
            return Address(token(f"ip {ip}"), token(f"network {network}"))

        self.card = lru_cache(maxsize=100_000)(card)
        self.address = lru_cache(maxsize=100_000)(address)


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

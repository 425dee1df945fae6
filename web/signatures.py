"""Signatures: log-ins, tokens and hops between workers, signed with HMAC-SHA256.

Each kind is signed with a key of its own, derived from the session key: a token is
no cookie, and neither is a hop.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Literal

import msgspec
from msgspec import Struct

from web.users import Role, User

Kind = Literal["session", "token"]
HOP_SECONDS = 30
"""How far apart the clocks of two workers may be."""


class Claim(Struct, frozen=True):
    """What is signed: who, as what at most, until when (epoch seconds)."""

    name: str
    role: Role
    until: int


class Hop(Struct, frozen=True):
    """A request that one worker passes on to another, for whom and when."""

    name: str
    role: Role
    at: int
    body: str
    """The body's SHA-256, hexadecimal."""


class Signatures:
    """Signs and checks."""

    def __init__(self, key: bytes) -> None:
        self._keys = {
            name: hmac.digest(key, f"smartbank {name}".encode(), "sha256")
            for name in ("session", "token", "hop")
        }

    def claim(self, kind: Kind, claim: Claim, user: User) -> str:
        """Sign a claim; it holds until it ends, or the user's password changes."""
        body = msgspec.json.encode(claim)
        return f"{_text(body)}.{_text(self._tag(kind, body, user.password.encode()))}"

    def read(self, text: str) -> tuple[Claim, bytes, bytes] | None:
        """Take a claim apart, unchecked: the claim, what was signed, its signature."""
        body, _, tag = text.partition(".")
        try:
            signed, signature = _bytes(body), _bytes(tag)
            return msgspec.json.decode(signed, type=Claim), signed, signature
        except (ValueError, msgspec.MsgspecError, binascii.Error):
            return None

    def holds(
        self, kind: Kind, read: tuple[Claim, bytes, bytes], *, user: User, now: float
    ) -> bool:
        """Whether a claim that was read is this user's, and has not ended."""
        claim, signed, signature = read
        expected = self._tag(kind, signed, user.password.encode())
        return hmac.compare_digest(signature, expected) and now < claim.until

    def hop(self, hop: Hop, *, method: str, target: str) -> str:
        """Sign a request to another worker; `target` is the path with its query."""
        body = msgspec.json.encode(hop)
        tag = self._tag("hop", body, f"{method} {target}".encode())
        return f"{_text(body)}.{_text(tag)}"

    def read_hop(
        self, text: str, *, method: str, target: str, now: float
    ) -> Hop | None:
        """Return a hop if a worker signed it for this request, just now."""
        body, _, tag = text.partition(".")
        try:
            signed, signature = _bytes(body), _bytes(tag)
            hop = msgspec.json.decode(signed, type=Hop)
        except (ValueError, msgspec.MsgspecError, binascii.Error):
            return None
        expected = self._tag("hop", signed, f"{method} {target}".encode())
        genuine = hmac.compare_digest(signature, expected)
        return hop if genuine and abs(now - hop.at) <= HOP_SECONDS else None

    def seal(self, data: bytes) -> bytes:
        """Return a keyed digest by which a secret is remembered but not kept."""
        return hmac.digest(self._keys["session"], b"seal" + data, "sha256")

    def _tag(self, kind: str, body: bytes, bound: bytes) -> bytes:
        whole = len(body).to_bytes(4, "big") + body + bound
        return hmac.digest(self._keys[kind], whole, "sha256")


def digest(body: bytes) -> str:
    """Return a body's SHA-256, hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""Envelopes: readings that only the bank can open, each under a key of its own.

A device makes a fresh data key a message, encrypts the message with it (AES-256-GCM)
and the data key with the bank's key, whose id is in the header. The device's id is
bound to both: an envelope of one device cannot be passed off as another's.
"""

# ruff: noqa: EM101 - the first word of a BadRecord is the field, not a message

from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from app.errors import BadRecord, SettingError

KEY_BYTES, NONCE_BYTES = 32, 12
MARK = b'{"alg":"A256GCM"'
"""How an envelope begins, and no message of an app does."""

Entropy = Callable[[int], bytes]
"""Gives so many bytes that nobody can guess."""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """A message under lock: `kid` names the bank's key; bytes are in base64."""

    alg: str
    kid: str
    key: bytes
    key_iv: bytes
    iv: bytes
    data: bytes


class Keys:
    """The bank's keys by id; the last one is the one to encrypt with.

    Rotation adds a key at the end; the earlier ones open what is still under way.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """Read `k1:<64 hexadecimal digits>,k2:...`; empty is no key.

        Raises:
            SettingError: it does not fit; the message repeats no key.
        """
        keys = {}
        for number, part in enumerate(text.split(",") if text else (), 1):
            kid, _, digits = part.strip().partition(":")
            try:
                key = bytes.fromhex(digits)
            except ValueError:
                key = b""
            if not kid or len(key) != KEY_BYTES:
                message = (
                    f"SMARTBANK_READINGS_KEYS: key {number}: expected an id, a colon "
                    "and 64 hexadecimal digits; make them with: openssl rand -hex 32"
                )
                raise SettingError(message)
            keys[kid] = key
        return cls(keys)

    def seal(self, message: bytes, *, device: str, entropy: Entropy) -> bytes:
        """Return a message under lock.

        Raises:
            SettingError: there is no key.
        """
        if not self._keys:
            message_ = "SMARTBANK_READINGS_KEYS: expected a key to encrypt with"
            raise SettingError(message_)
        kid, own = list(self._keys.items())[-1]
        once = entropy(KEY_BYTES)
        key_iv, iv = entropy(NONCE_BYTES), entropy(NONCE_BYTES)
        bound = f"{kid}/{device}".encode()
        return msgspec.json.encode(
            Envelope(
                "A256GCM",
                kid,
                AESGCM(own).encrypt(key_iv, once, bound),
                key_iv,
                iv,
                AESGCM(once).encrypt(iv, message, bound),
            )
        )

    def open(self, text: bytes, *, device: str) -> bytes:
        """Return what is in an envelope; what is none as it is.

        Raises:
            BadRecord: no key here opens it, or it was changed, or is another's.
        """
        if not text.startswith(MARK):
            return text
        try:
            envelope = msgspec.json.decode(text, type=Envelope)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord("envelope", str(error)[:80], "an envelope") from error
        own = self._keys.get(envelope.kid)
        if own is None:
            expected = f"one of {', '.join(self._keys) or 'no key'}"
            raise BadRecord("envelope.kid", repr(envelope.kid)[:40], expected)
        bound = f"{envelope.kid}/{device}".encode()
        try:
            once = AESGCM(own).decrypt(envelope.key_iv, envelope.key, bound)
            return AESGCM(once).decrypt(envelope.iv, envelope.data, bound)
        except (InvalidTag, ValueError) as error:
            got, expected = "one that was changed, or is another's", "its own envelope"
            raise BadRecord("envelope", got, expected) from error

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

from app.errors import UNREADABLE, BadRecord, SettingError
from app.masking import shown

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

    def __init__(
        self, keys: Mapping[str, bytes], *, setting: str = "readings_keys"
    ) -> None:
        self._keys = dict(keys)
        self._setting = setting

    @classmethod
    def parse(cls, text: str, *, setting: str = "readings_keys") -> "Keys":
        """Read `k1:<64 hexadecimal digits>,k2:...`; empty is no key.

        A lone key may come without an id; then it is `k1`. `setting` is what messages
        call it.

        Raises:
            SettingError: it does not fit; the message repeats no key.
        """
        keys = {}
        for number, part in enumerate(text.split(",") if text else (), 1):
            stated = part.strip() if ":" in text or number > 1 else f"k1:{text.strip()}"
            kid, _, digits = stated.partition(":")
            try:
                key = bytes.fromhex(digits)
            except ValueError:
                key = b""
            if not kid or len(key) != KEY_BYTES:
                message = (
                    f"SMARTBANK_{setting.upper()}: key {number}: expected an id, a "
                    "colon and 64 hexadecimal digits; make them with: openssl rand "
                    "-hex 32"
                )
                raise SettingError(message)
            keys[kid] = key
        return cls(keys, setting=setting)

    def __bool__(self) -> bool:
        """Whether there is a key."""
        return bool(self._keys)

    def named(self) -> dict[str, bytes]:
        """Return the keys by their ids, the newest last."""
        return dict(self._keys)

    @property
    def newest(self) -> str:
        """The id of the key to encrypt with; empty where there is none."""
        return list(self._keys)[-1] if self._keys else ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the newest last."""
        return tuple(self._keys)

    def seal(
        self, message: bytes, *, device: str, entropy: Entropy, kid: str | None = None
    ) -> bytes:
        """Return a message under lock: of the key `kid`, or of the newest one.

        Raises:
            SettingError: there is no such key.
        """
        kid = kid or self.newest
        own = self._keys.get(kid)
        if own is None:
            name = f"SMARTBANK_{self._setting.upper()}"
            words = f"{name}: expected a key to encrypt with"
            raise SettingError(words)
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
        except UNREADABLE as error:
            raise BadRecord("envelope", shown(str(error)), "an envelope") from error
        own = self._keys.get(envelope.kid)
        if own is None:
            expected = f"one of {', '.join(self._keys) or 'no key'}"
            raise BadRecord("envelope.kid", shown(repr(envelope.kid)), expected)
        bound = f"{envelope.kid}/{device}".encode()
        try:
            once = AESGCM(own).decrypt(envelope.key_iv, envelope.key, bound)
            return AESGCM(once).decrypt(envelope.iv, envelope.data, bound)
        except (InvalidTag, ValueError) as error:
            got, expected = "one that was changed, or is another's", "its own envelope"
            raise BadRecord("envelope", got, expected) from error

"""Locks: what made-up devices send, sealed, with a new key of the bank on the way."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from app.privacy.envelopes import Entropy, Keys

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Lock:
    """A device that seals its messages, and learns the bank's next key now and then.

    It begins with the first of the bank's keys, and takes the next one after so many
    messages, to the last. Without keys it seals nothing.
    """

    keys: Keys
    device: str
    rotated_after: int
    entropy: Entropy = os.urandom

    def sealed(self, number: int, message: Mapping[str, Any]) -> bytes:
        """Return the message `number` as it goes over the wire."""
        text = _encode(message)
        kids = self.keys.ids
        if not kids:
            return text
        kid = kids[min(number // self.rotated_after, len(kids) - 1)]
        return self.keys.seal(text, device=self.device, entropy=self.entropy, kid=kid)

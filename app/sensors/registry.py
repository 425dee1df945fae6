"""Registry: which devices may send, whose they are, and how a secret is checked."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from app.errors import UNREADABLE, BadRecord
from app.events.devices import Device
from app.masking import shown

SECRET_BYTES = 24


def hashed(secret: str) -> str:
    """Return what is kept of a secret. It is random and long: a plain hash will do."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token(device_id: str, secret: str) -> str:
    """Return what a device is told: it is shown once, and kept nowhere."""
    return f"{device_id}.{secret}"


class Devices:
    """The newest entry of each device."""

    def __init__(self) -> None:
        self.entries: dict[str, Device] = {}

    def apply(self, value: bytes, *, at: datetime) -> None:
        """Take one record of the log.

        Raises:
            BadRecord: it cannot be read.
        """
        try:
            device = msgspec.json.decode(value, type=Device)
        except UNREADABLE as error:
            field, got, expected = "devices", shown(str(error)), "a registered device"
            raise BadRecord(field, got, expected) from error
        self.entries[device.id] = replace(device, at=at)

    def known(self, stated: str) -> Device | None:
        """Return the device whose token it is, unless that was revoked."""
        identity, _, secret = stated.partition(".")
        device = self.entries.get(identity)
        kept = device.secret_hash if device else ""
        same = hmac.compare_digest(kept, hashed(secret))
        return device if same else None

    def of_customer(self, customer_id: str) -> Iterable[Device]:
        """Return a customer's devices."""
        return (one for one in self.entries.values() if one.customer_id == customer_id)

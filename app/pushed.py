"""Pushed: the raw record of what a device sent, by whatever way."""

import msgspec
from msgspec import Raw

from app.errors import UNREADABLE
from app.events.devices import Device

_any = msgspec.json.Decoder().decode


def pushed(device: Device, text: bytes, *, is_json: bool = False) -> bytes:
    """Return the raw record of a message that a device sent.

    Unless the caller knows that it `is_json`, it is looked at whether it is: nobody
    must be able to close the field that it stands in and state another's device. What
    is none goes on as text; the record then does not fit, and becomes a dead letter.
    """
    message: Raw | str = Raw(text)
    if not is_json:
        try:
            _any(text)
        except UNREADABLE:
            message = text.decode(errors="replace")
    return msgspec.json.encode(
        {
            "device_id": device.id,
            "message": message,
            "customer_id": device.customer_id,
            "kind": device.kind,
            "keep_raw": device.keep_raw,
            "synthetic": device.synthetic,
            "terminal_id": device.terminal_id,
        }
    )

"""Pushed: the raw record of what a device sent, by whatever way."""

import msgspec
from msgspec import Raw

from app.events.devices import Device

_any = msgspec.json.Decoder().decode


def pushed(device: Device, text: bytes) -> bytes:
    """Return the raw record of a message that a device sent; what is no JSON as text.

    The record then does not fit, and becomes a dead letter that says so.
    """
    try:
        _any(text)
        message: Raw | str = Raw(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        message = text.decode(errors="replace")
    return msgspec.json.encode(
        {
            "device_id": device.id,
            "message": message,
            "customer_id": device.customer_id,
            "kind": device.kind,
            "keep_raw": device.keep_raw,
            "synthetic": device.synthetic,
        }
    )

"""Devices: the phones and cash machines that may send readings."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.events.payments import Id, matching

DeviceId = Annotated[str, matching("[A-Za-z0-9_-]{1,64}")]
Kind = Literal["phone", "atm"]


class Registration(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A device to be registered: a phone to a customer, a cash machine to a terminal.

    Without an `id` it gets one. What a cash machine without a terminal says is stored,
    and says nothing of payments. `keep_raw` stores every reading of fast sensors.
    """

    id: DeviceId | None = None
    kind: Kind = "phone"
    customer_id: Id | None = None
    terminal_id: Id | None = None
    name: Annotated[str, Meta(max_length=64)] = ""
    keep_raw: bool = False
    synthetic: bool = False


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A registered device, on the topic `devices` (key: its id).

    `secret_hash` is the SHA-256 of its secret, in hexadecimal digits; empty when the
    secret was revoked: then nothing that it sends is taken. `at` is when Kafka took
    the entry, and is not on the wire.
    """

    id: str
    kind: Kind
    customer_id: str | None = None
    terminal_id: str | None = None
    name: str = ""
    keep_raw: bool = False
    synthetic: bool = False
    secret_hash: str = ""
    author: str
    reason: str = ""
    at: datetime | None = None

"""App events: what customers do in app and browser, as stated and as captured."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.events.payments import (
    Country,
    DeviceType,
    Id,
    Instant,
    Text,
    matching,
    type_tag,
)

Kind = Literal[
    "log-in",
    "log-out",
    "action",
    "beneficiary-added",
    "limit-changed",
    "password-reset",
    "card-viewed",
]
Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]
Asn = Annotated[int, Meta(ge=0, le=4_294_967_295)]


class StatedAppEvent(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """An event as the bank's app or site states it, on the raw topic `app-events`.

    A log-in has the fields of the public data set of risk-based authentication
    (Wiefling et al., 2022): outcome, address, network, country, user agent, device
    and round-trip time. `action` is the call that was made, as the bank's servers
    name it: `/ACCOUNTS/STATEMENTS`. `ip` never leaves capture.
    """

    id: Id
    occurred_at: Instant
    customer_id: Id
    kind: Kind = "action"
    action: Annotated[str, matching(r"/[A-Za-z0-9{}._/-]{1,127}")] | None = None
    outcome: Literal["success", "failure"] = "success"
    ip: Annotated[str, Meta(min_length=2, max_length=45)] | None = None
    asn: Asn | None = None
    country: Country | None = None
    user_agent: Annotated[str, Meta(max_length=512)] | None = None
    device_id: Id | None = None
    device_type: DeviceType = "unknown"
    round_trip_ms: Milliseconds | None = None
    beneficiary_id: Id | None = None
    synthetic: bool = False


class Address(Struct, frozen=True, gc=False):
    """An internet address after capture: keyed tokens of it and of its network.

    The network is the /24 of a version 4 address, the /48 of a version 6 one.
    """

    token: Text
    network: Text


class AppEvent(
    Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    tag="app-event",
    tag_field=type_tag,
):
    """An event as capture passes it on, on `customer-activity` (key: customer).

    `browser` is what the user agent comes down to, such as `Chrome on Android`:
    the whole text would tell one person from another.
    """

    id: Id
    occurred_at: Instant
    customer_id: Id
    received_at: Instant
    captured_at: Instant
    kind: Text = "action"
    action: Annotated[str, Meta(max_length=128)] | None = None
    outcome: Text = "success"
    address: Address | None = None
    asn: int | None = None
    country: Text | None = None
    browser: Text | None = None
    device_id: Id | None = None
    device_type: Text = "unknown"
    round_trip_ms: int | None = None
    beneficiary_id: Id | None = None
    synthetic: bool = False

"""App events: a raw record becomes one on the road, or says what is wrong with it."""

# ruff: noqa: EM101 - the first word of a BadRecord is the field, not a message

from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

import msgspec

from app.capture import check_id, check_times
from app.decoding import decoded_sparse
from app.errors import BadRecord
from app.events.app_events import AppEvent, StatedAppEvent
from app.masking import unnumbered
from app.privacy.browsers import browser
from app.privacy.tokens import Tokens

_decode = msgspec.json.Decoder(StatedAppEvent).decode


def captured_app_event(
    value: bytes, *, received_at: datetime, captured_at: datetime, tokens: Tokens
) -> AppEvent:
    """Validate a raw app event; put tokens for its address, mask its action.

    Raises:
        BadRecord: it does not fit; the message repeats no address.
    """
    stated = app_event(value, received_at=received_at)
    return AppEvent(
        stated.id,
        stated.occurred_at,
        stated.customer_id,
        received_at,
        captured_at,
        stated.kind,
        unnumbered(stated.action) if stated.action else None,
        stated.outcome,
        tokens.address(stated.ip) if stated.ip else None,
        stated.asn,
        stated.country,
        browser(stated.user_agent) if stated.user_agent else None,
        stated.device_id,
        stated.device_type,
        stated.round_trip_ms,
        stated.beneficiary_id,
        stated.synthetic,
    )


def app_event(value: bytes, *, received_at: datetime) -> StatedAppEvent:
    """Validate a raw app event against its schema and against sense.

    Raises:
        BadRecord: it does not fit.
    """
    stated: StatedAppEvent = decoded_sparse(value, _decode)
    check_times(stated.occurred_at, received_at)
    for name in ("id", "customer_id", "device_id", "beneficiary_id"):
        if found := getattr(stated, name):
            check_id(name, found)
    if stated.kind == "beneficiary-added" and not stated.beneficiary_id:
        raise BadRecord("beneficiary_id", "nothing", f"a value with {stated.kind}")
    if stated.ip and not _is_address(stated.ip):
        got = f"{len(stated.ip)} characters"  # what was meant may be in them
        raise BadRecord("ip", got, "an address of version 4 or 6")
    return stated


@lru_cache(maxsize=100_000)
def _is_address(text: str) -> bool:
    """Whether a text is an internet address, and names no zone of a machine."""
    try:
        ip_address(text.replace("%", " "))
    except ValueError:
        return False
    return True

"""Messages, readings and fixes with valid defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.events.readings import Fix, Fixes, PushedMessage, PushedReading

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOON_NS = 1_777_896_000 * 10**9
VIENNA = (48.2082, 16.3738)


def a_location(seconds: float = 0.0, **values: Any) -> PushedReading:
    """Build a location so many seconds after noon, in Vienna but for what is named."""
    place = {"latitude": VIENNA[0], "longitude": VIENNA[1], "horizontalAccuracy": 5.0}
    return PushedReading("location", NOON_NS + round(seconds * 1e9), place | values)


def a_message(*payload: PushedReading, number: int = 1, session: str = "s") -> Any:
    return PushedMessage(number, session, "d", list(payload or [a_location()]))


def a_fix(seconds: float = 0.0, **fields: Any) -> Fix:
    """Build a fix so many seconds after noon, in Vienna but for what is named."""
    valid: dict[str, Any] = {
        "latitude": VIENNA[0],
        "longitude": VIENNA[1],
        "accuracy_m": 8.0,
    }
    return Fix(NOON + timedelta(seconds=seconds), **(valid | fields))


def told(*fixes: Fix, device: str = "p-1", **fields: Any) -> Fixes:
    """Build what a customer's log is told of a phone."""
    return Fixes("c-1", device, NOON, list(fixes), **fields)

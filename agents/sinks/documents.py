"""Documents: what Elasticsearch holds of decisions, app events and readings."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from agents.sinks import mappings
from app.archive import Decided
from app.events.app_events import AppEvent
from app.events.payments import Place
from app.events.readings import Reading, Readings
from app.features.clock import moment
from app.privacy.personal import region
from app.sensors.messages import LOCATION

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class Document(NamedTuple):
    """One document: its id, when what it tells happened, and its JSON.

    What is written again has the same id, and the same index, that of `at`.
    """

    id: str
    at: datetime
    body: bytes


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of documents: the name in its indices' names, its fields, the maker."""

    name: str
    mappings: Mapping[str, Any]
    document: Callable[[T], Document]


def decision_document(one: Decided) -> Document:
    """Tell a decision: all of it, with `decided_at`, `declined` and `location`.

    `declined` is 1 or 0, so that its average is the decline rate; `location` is the
    payment's place, where it has one. What is personal is sealed, in `personal`.
    """
    decision, payment = one.decision, one.decision.payment
    told = asdict(decision) | {
        "payment": _stated(payment),
        "decided_at": one.decided_at,
        "declined": int(decision.outcome == "decline"),
    }
    if one.personal:
        told["personal"] = one.personal
    if place := payment.place:
        told["location"] = {"lat": place.latitude, "lon": place.longitude}
    return Document(decision.id, payment.occurred_at, _encode(told))


def app_event_document(event: AppEvent) -> Document:
    """Tell an app event, but for the device and the beneficiary, which name somebody.

    An event's id is its sender's, and known by customer, as the customer's row does.
    """
    identity = _digest(f"{event.customer_id}\n{event.id}".encode())
    told = _stated(event, but=("device_id", "beneficiary_id"))
    return Document(identity, event.occurred_at, _encode(told))


def readings_document(message: Readings) -> Document:
    """Sum a message of readings up: which sensors, from when to when, about where.

    The place is the region of the last one: exact ones are in the time series. Whose a
    phone is stays out, so that an erased customer's is nobody's. What tells the same is
    the same document.
    """
    times = [one.time for one in message.readings]
    at = [moment(time // 1000) for time in (min(times), max(times))] if times else []
    started, ended = at or (message.received_at, message.received_at)
    fixes = [one for one in message.readings if one.sensor == LOCATION]
    told = _stated(message, but=("customer_id", "keep_raw", "erased_at")) | {
        "started_at": started,
        "ended_at": ended,
        "readings": len(times),
        "sensors": sorted({one.sensor for one in message.readings}),
        **(_whereabouts(fixes) if fixes else {}),
    }
    body = _encode(told)
    return Document(_digest(body), started, body)


def _stated(record: Struct, *, but: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields that are stated, defaults too, but for some."""
    return {
        name: value
        for name, value in asdict(record).items()
        if value is not None and name not in but
    }


def _digest(text: bytes) -> str:
    return blake2b(text, digest_size=16).hexdigest()


def _whereabouts(fixes: list[Reading]) -> dict[str, Any]:
    """Return the last place, coarsely, and the highest speed."""
    last = max(fixes, key=lambda fix: fix.time).values
    latitude, longitude = last.get("latitude"), last.get("longitude")
    speeds = [fix.values.get("speed") for fix in fixes]
    told: dict[str, Any] = {}
    if isinstance(latitude, float) and isinstance(longitude, float):
        where = region(Place(latitude, longitude))
        told["location"] = {"lat": where.latitude, "lon": where.longitude}
    if fast := [one for one in speeds if isinstance(one, float)]:
        told["speed_mps"] = max(fast)
    return told


DECISIONS = Kind("decisions", mappings.DECISIONS, decision_document)
APP_EVENTS = Kind("app-events", mappings.APP_EVENTS, app_event_document)
READINGS = Kind("readings", mappings.READINGS, readings_document)
KINDS: tuple[Kind[Any], ...] = (DECISIONS, APP_EVENTS, READINGS)

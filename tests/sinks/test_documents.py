"""Documents for search: every field is mapped, and nobody is found by them."""

from typing import Any

import msgspec
import pytest

from agents.sinks import documents
from agents.sinks.documents import Kind
from app.events.app_events import Address, AppEvent
from app.events.decisions import Contribution
from app.events.payments import Card, Place
from app.events.readings import Reading, Readings
from tests.sensors.builders import NOON, NOON_NS
from tests.sinks.decided import DECIDED_AT, a_decided

VIENNA: dict[str, float | str] = {"latitude": 48.20849, "longitude": 16.37208}


def an_app_event(identity: str = "E1", **stated: Any) -> AppEvent:
    """Build a log-in from a phone, but for what is named."""
    valid: dict[str, Any] = {
        "kind": "log-in",
        "action": "/AUTHENTICATION/LOGON",
        "address": Address("k1_token", "k1_network"),
        "asn": 64512,
        "country": "AT",
        "browser": "Chrome on Android",
        "device_id": "phone-1",
        "device_type": "mobile",
        "round_trip_ms": 41,
        "beneficiary_id": "A1",
    }
    return AppEvent(identity, NOON, "c-1", NOON, NOON, **(valid | stated))


def some_readings(*, more: tuple[Reading, ...] = (), **stated: Any) -> Readings:
    """Build two fixes and a shake of a phone, a second apart."""
    found = [
        Reading("location", NOON_NS + 10**9, VIENNA | {"speed": 12.0}),
        Reading("location", NOON_NS + 3 * 10**9, VIENNA | {"speed": 9.0}),
        Reading("accelerometer", NOON_NS + 2 * 10**9, {"z": 9.8}),
        *more,
    ]
    return Readings("ann-1", NOON, found, "c-1", terminal_id="t-1", **stated)


FULL: list[tuple[Kind[Any], Any]] = [
    (
        documents.DECISIONS,
        a_decided(
            "tx-1",
            card=Card("k1_token", "1234"),
            place=Place(48.2, 16.3),
            merchant_id="M1",
            merchant_category="5411",
            country="AT",
            device_id="D1",
            device_type="mobile",
            beneficiary_id="B1",
            contributions=[Contribution("amount", 1.0, 2.0, "raises the risk")],
        )._replace(personal=b"sealed"),
    ),
    (documents.APP_EVENTS, an_app_event()),
    (documents.READINGS, some_readings()),
]


def paths(told: Any, above: str = "") -> set[str]:
    """Name every field of a document by its path; features and points are one."""
    if isinstance(told, list):
        return {path for one in told for path in paths(one, above)}
    if not isinstance(told, dict) or above in {"features", "location"}:
        return {above}
    return {
        path
        for name, value in told.items()
        for path in paths(value, f"{above}.{name}" if above else name)
    }


def mapped(mapping: Any, above: str = "") -> set[str]:
    """Name every field of a mapping by its path."""
    if "properties" not in mapping:
        return {above}
    return {
        path
        for name, one in mapping["properties"].items()
        for path in mapped(one, f"{above}.{name}" if above else name)
    }


@pytest.mark.parametrize(("kind", "record"), FULL, ids=[kind.name for kind, _ in FULL])
def test_every_field_of_a_document_is_mapped_and_the_other_way_round(
    kind: Kind[Any], record: Any
):
    told = msgspec.json.decode(kind.document(record).body)

    empty = {"shadows", "shadow_probability"} if "decided_at" in told else set()
    assert mapped(kind.mappings) - empty == paths(told) - empty


def test_every_kind_is_looked_at():
    assert tuple(kind for kind, _ in FULL) == documents.KINDS


def test_a_decision_says_what_its_sender_left_out_and_when_it_was_declined():
    one = a_decided("tx-1", outcome="decline")
    told = msgspec.json.decode(documents.decision_document(one).body)

    assert told["payment"]["channel"] == "pos"
    assert told["payment"]["synthetic"] is False
    assert told["declined"] == 1
    assert told["decided_at"] == DECIDED_AT.isoformat().replace("+00:00", "Z")
    assert "location" not in told


def test_an_app_event_is_known_by_customer_and_id():
    one = documents.app_event_document(an_app_event("E1"))
    again = documents.app_event_document(an_app_event("E1", country="DE"))
    another = documents.app_event_document(an_app_event("E2"))

    assert one.id == again.id != another.id
    assert len(one.id.encode()) < 512
    told = msgspec.json.decode(one.body)
    assert told["outcome"] == "success"
    assert not told.keys() & {"device_id", "beneficiary_id"}


def test_readings_tell_the_region_and_not_whose_phone_it_is():
    found = documents.readings_document(some_readings())
    told = msgspec.json.decode(found.body)

    assert told["location"] == {"lat": 48.2, "lon": 16.4}
    assert "customer_id" not in told
    assert told["speed_mps"] == 12.0
    assert (told["readings"], told["sensors"]) == (3, ["accelerometer", "location"])
    assert told["started_at"] == "2026-05-04T12:00:01Z"
    assert told["ended_at"] == "2026-05-04T12:00:03Z"
    assert b"48.20" not in found.body


def test_the_same_message_is_the_same_document_and_another_is_another():
    more = (Reading("barometer", NOON_NS, {"pressure": 990.0}),)

    one, again = (documents.readings_document(some_readings()) for _ in range(2))
    assert one == again
    assert documents.readings_document(some_readings(more=more)).id != one.id


def test_readings_without_a_place_or_a_reading_have_none():
    odd = Reading("location", NOON_NS, {"latitude": "north"})
    empty = documents.readings_document(Readings("ann-1", NOON, []))
    lost = documents.readings_document(Readings("ann-1", NOON, [odd]))

    assert empty.at == NOON
    assert "location" not in msgspec.json.decode(empty.body)
    assert "location" not in msgspec.json.decode(lost.body)
    assert "speed_mps" not in msgspec.json.decode(lost.body)

"""App events: what fits passes as tokens, what does not is told by its field."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import FieldInfo

from app.app_events import app_event, captured_app_event
from app.errors import BadRecord
from app.events.app_events import Address, AppEvent, StatedAppEvent
from app.events.payments import Place, Transaction
from app.privacy.tokens import Tokens

AT = datetime(2026, 3, 9, tzinfo=UTC)
TOKENS = Tokens(b"k" * 32, key_id="k1")
EVENT: dict[str, Any] = {
    "id": "E1",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "C1",
    "kind": "log-in",
    "action": "/AUTHENTICATION/LOGON",
    "outcome": "failure",
    "ip": "198.51.100.77",
    "asn": 64512,
    "country": "DE",
    "user_agent": "Mozilla/5.0 (Linux; Android 14) Chrome/126.0.6478.71 Mobile Safari",
    "device_id": "phone-1",
    "device_type": "mobile",
    "round_trip_ms": 41,
    "beneficiary_id": None,
    "synthetic": True,
}


def captured(**fields: Any) -> AppEvent:
    value = msgspec.json.encode(EVENT | fields)
    return captured_app_event(value, received_at=AT, captured_at=AT, tokens=TOKENS)


def address(ip: str) -> Address:
    found = captured(ip=ip).address
    assert found
    return found


def test_an_address_and_a_user_agent_become_what_tells_nobody():
    wire = msgspec.json.encode(captured())

    assert b"198.51" not in wire
    assert b"6478" not in wire
    assert b'"browser":"Chrome on Android"' in wire


def test_one_address_is_one_token_however_it_is_spelled():
    one, neighbour = address("198.51.100.77"), address("198.51.100.9")

    assert address("::ffff:198.51.100.77") == one
    assert address("2001:DB8:0:0::1") == address("2001:db8::1")
    assert neighbour.token != one.token
    assert neighbour.network == one.network != address("198.51.101.9").network


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"ip": "198.51.100"}, "ip"),
        ({"ip": "fe80::1%eth0"}, "ip"),
        ({"ip": 7}, "ip"),
        ({"kind": "dance"}, "kind"),
        ({"kind": "beneficiary-added"}, "beneficiary_id"),
        ({"action": "ACCOUNTS"}, "action"),
        ({"action": "/A B"}, "action"),
        ({"action": "/" + "A" * 128}, "action"),
        ({"asn": -1}, "asn"),
        ({"asn": 1 << 32}, "asn"),
        ({"country": "Germany"}, "country"),
        ({"round_trip_ms": -1}, "round_trip_ms"),
        ({"device_id": "a b"}, "device_id"),
        ({"customer_id": ""}, "customer_id"),
        ({"id": "a\u202eb"}, "id"),
        ({"occurred_at": "2026-03-01T12:00:00"}, "occurred_at"),
        ({"occurred_at": "2026-03-11T12:00:00Z"}, "occurred_at"),
        ({"occurred_at": "1999-12-31T12:00:00Z"}, "occurred_at"),
        ({"password": "x"}, "password"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(fields: dict[str, Any], wrong: str):
    with pytest.raises(BadRecord) as told:
        captured(**fields)

    assert told.value.field == wrong
    assert told.value.got
    assert told.value.expected


@pytest.mark.parametrize("ip", ["198.51.100.777", "a.card.4539578763621486", 7])
def test_no_error_repeats_an_address(ip: object):
    with pytest.raises(BadRecord) as told:
        captured(ip=ip)

    assert str(ip) not in str(told.value)


@pytest.mark.parametrize(
    "field", msgspec.structs.fields(StatedAppEvent), ids=lambda field: field.name
)
def test_a_key_stated_twice_is_refused(field: FieldInfo):
    stated = (
        [EVENT[field.name]] if field.required else [EVENT[field.name], field.default]
    )

    for last in stated:
        value = msgspec.json.encode(EVENT | {field.name: last})
        twice = msgspec.json.encode({field.name: EVENT[field.name]})[:-1]
        with pytest.raises(BadRecord) as told:
            app_event(twice + b"," + value[1:], received_at=AT)
        assert told.value.field == field.name
        assert app_event(value, received_at=AT)


def test_a_number_in_an_action_is_masked():
    found = captured(action="/CARDS/4539578763621486/VIEW")

    assert found.action == "/CARDS/…1486/VIEW"


@pytest.mark.parametrize("record", [Transaction, StatedAppEvent, Place])
def test_what_is_decoded_sparsely_says_nothing_that_need_not_be_said(
    record: type[msgspec.Struct],
):
    config = record.__struct_config__

    assert config.forbid_unknown_fields
    assert config.tag is None
    assert config.omit_defaults or all(
        field.required for field in msgspec.structs.fields(record)
    )

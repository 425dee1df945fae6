"""A raw record says whose it is, whatever the device wrote."""

import msgspec
import pytest

from app.errors import BadRecord
from app.events.devices import Device
from app.pushed import pushed
from app.readings import checked
from tests.sensors.builders import NOON

PHONE = Device(id="mine", kind="phone", customer_id="c-1", author="mia")


@pytest.mark.parametrize(
    "text",
    [
        b'[], "device_id": "yours"',
        b'[]}, {"device_id": "yours", "message": []',
        b"{",
        b"",
        b"\xff\xfe",
    ],
)
def test_a_message_cannot_state_another_device(text: bytes):
    record = pushed(PHONE, text)

    assert msgspec.json.decode(record)["device_id"] == "mine"
    with pytest.raises(BadRecord, match="message"):
        checked(record, received_at=NOON)

"""The bridge: what it takes of devices, and what it never sends on."""

from collections.abc import Iterator

import msgspec
import pytest

from agents.bridge import taken
from app.errors import BadRecord
from app.events.devices import Device
from app.main import devices
from app.readings import MOST_BYTES

HASH = "0" * 64
ANN = Device(id="ann-1", kind="phone", customer_id="C1", secret_hash=HASH, author="mia")


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    devices.present.entries[ANN.id] = ANN
    yield
    del devices.present.entries[ANN.id]


def test_a_message_goes_on_with_whose_it_is():
    found = msgspec.json.decode(taken("ann-1", b'{"messageId":1}'))

    assert found["message"] == {"messageId": 1}
    assert (found["device_id"], found["customer_id"]) == ("ann-1", "C1")


@pytest.mark.parametrize(
    ("payload", "got"),
    [
        (b'"' + b"x" * MOST_BYTES + b'"', "8388610 bytes, expected at most 8388608"),
        (b"\0" * (2 << 20), "12583034 bytes, expected at most 8392704"),
    ],
    ids=["long", "long once escaped"],
)
def test_what_is_too_long_or_would_be_as_a_record_is_refused(payload: bytes, got: str):
    with pytest.raises(BadRecord) as refused:
        taken("ann-1", payload)

    assert str(refused.value).startswith("message: got ")
    assert str(refused.value).endswith(got)


def test_a_stranger_is_refused():
    with pytest.raises(BadRecord, match="not registered"):
        taken("stranger", b"{}")

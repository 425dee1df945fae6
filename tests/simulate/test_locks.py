"""What made-up devices send: under lock, and the key changed on the way."""

import msgspec
import pytest

from app.errors import SettingError
from app.privacy.envelopes import Keys
from app.simulate.locks import Lock

KEYS = Keys.parse(f"k1:{'ab' * 32},k2:{'cd' * 32},k3:{'ef' * 32}")


def test_a_device_takes_the_next_key_after_so_many_messages_and_keeps_the_last():
    lock = Lock(KEYS, "p-1", rotated_after=2)

    sealed = [lock.sealed(number, {"messageId": number}) for number in range(8)]

    kids = [msgspec.json.decode(one)["kid"] for one in sealed]
    assert kids == ["k1", "k1", "k2", "k2", "k3", "k3", "k3", "k3"]
    assert [KEYS.open(one, device="p-1") for one in sealed] == [
        msgspec.json.encode({"messageId": number}) for number in range(8)
    ]


def test_without_a_key_a_message_goes_as_it_is():
    assert Lock(Keys({}), "p-1", 1).sealed(0, {"messageId": 0}) == b'{"messageId":0}'


def test_a_key_that_is_not_there_seals_nothing():
    with pytest.raises(SettingError, match="expected a key"):
        KEYS.seal(b"", device="p-1", entropy=bytes, kid="k4")

"""Envelopes: only the bank opens them, each is its device's own, keys rotate."""

import itertools
import os

import msgspec
import pytest

from app.errors import BadRecord, SettingError
from app.privacy.envelopes import MARK, Keys

OLD, NEW = "k1:" + "ab" * 32, "k2:" + "cd" * 32
MESSAGE = b'{"messageId": 1}'


def sealed(keys: str = OLD, device: str = "p-1") -> bytes:
    return Keys.parse(keys).seal(MESSAGE, device=device, entropy=os.urandom)


def test_what_a_device_seals_the_bank_opens_and_nobody_else_reads():
    envelope = sealed()

    assert envelope.startswith(MARK)
    assert b"messageId" not in envelope
    assert Keys.parse(OLD).open(envelope, device="p-1") == MESSAGE


def test_two_envelopes_of_the_same_message_have_nothing_in_common():
    one, other = (msgspec.json.decode(sealed()) for _ in range(2))

    assert {name for name in one if one[name] == other[name]} == {"alg", "kid"}


def test_after_a_rotation_new_messages_take_the_new_key_and_old_ones_still_open():
    both = Keys.parse(f"{OLD},{NEW}")
    new = both.seal(MESSAGE, device="p-1", entropy=os.urandom)

    assert msgspec.json.decode(new)["kid"] == "k2"
    assert both.open(sealed(OLD), device="p-1") == MESSAGE
    with pytest.raises(BadRecord, match=r"envelope\.kid: got 'k1', expected one of k2"):
        Keys.parse(NEW).open(sealed(OLD), device="p-1")


def test_an_envelope_of_another_device_is_refused():
    with pytest.raises(BadRecord, match="another's"):
        Keys.parse(OLD).open(sealed(device="p-2"), device="p-1")


@pytest.mark.parametrize("field", ["key", "key_iv", "iv", "data"])
def test_one_changed_bit_is_noticed(field: str):
    envelope = msgspec.json.decode(sealed())
    letters = envelope[field]
    changed = ("B" if letters[0] != "B" else "C") + letters[1:]

    text = msgspec.json.encode(envelope | {field: changed})
    with pytest.raises(BadRecord, match="changed"):
        Keys.parse(OLD).open(text, device="p-1")


def test_what_is_no_envelope_passes_as_it_is():
    assert Keys.parse("").open(MESSAGE, device="p-1") == MESSAGE


@pytest.mark.parametrize("text", ["k1", "k1:xyz", "k1:" + "ab" * 16, ":" + "ab" * 32])
def test_a_key_that_is_none_is_refused_and_not_repeated(text: str):
    with pytest.raises(SettingError, match="key 1: expected an id") as refused:
        Keys.parse(text)

    assert "ab" * 16 not in str(refused.value)


def test_entropy_is_asked_for_each_part_anew():
    numbers = itertools.count()
    asked: list[int] = []

    def entropy(count: int) -> bytes:
        asked.append(count)
        return next(numbers).to_bytes(count)

    Keys.parse(OLD).seal(MESSAGE, device="p-1", entropy=entropy)

    assert asked == [32, 12, 12]

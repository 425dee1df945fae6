"""Models as they travel, and who has which role."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from app.errors import ModelError
from app.scoring.registry import Appointment, Registry, Upload, pack, unpack
from tests.scoring.builders import NOON, a_model, a_vector


def an_upload(**fields: Any) -> Upload:
    return replace(pack(a_model(), author="mia", comment="as a test"), **fields)


def an_appointment(**fields: Any) -> Appointment:
    valid: dict[str, Any] = {
        "number": 1,
        "id": "a",
        "author": "mia",
        "comment": "as a test",
    }
    return Appointment(**(valid | fields))


def told(registry: Registry, *records: Upload | Appointment) -> Registry:
    for one in records:
        registry.apply(one.key, msgspec.json.encode(one), at=NOON)
    return registry


def test_a_model_that_travelled_is_the_same_to_the_last_bit():
    wire = msgspec.json.encode(an_upload())
    arrived = unpack(msgspec.json.decode(wire, type=Upload))
    vectors = [a_vector(amount=float(amount)) for amount in range(0, 400, 3)]

    assert arrived.version == a_model().version
    assert arrived.score(vectors).tolist() == a_model().score(vectors).tolist()
    assert len(wire) < len(a_model().trees)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": "0" * 12}, "expected 000000000000: it was changed"),
        ({"trees": b"no deflate"}, "cannot be inflated"),
        ({"trees": an_upload().trees[:-20]}, "cut, or too large"),
    ],
)
def test_a_model_that_is_not_what_it_says_is_refused(
    fields: dict[str, Any], message: str
):
    with pytest.raises(ModelError, match=message):
        unpack(an_upload(**fields))


def test_of_two_appointments_made_at_once_the_first_in_the_log_stands():
    first = an_appointment(id="a", live="one")
    second = an_appointment(id="b", live="two")
    third = an_appointment(number=2, id="c", live="two", shadow="one")

    registry = told(Registry(), first, second, third)

    assert [one.id for one in registry.appointments] == ["", "a", "c"]
    assert (registry.head.live, registry.head.shadow) == ("two", "one")
    assert registry.head.at == NOON
    assert first.key != second.key  # so compaction keeps both, and the order decides


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"mood", b"{}"),
        (b"model:1", b"{}"),
        (b"appointment:1:a", b"no JSON"),
        (b"appointment:1:a", b'{"number":1,"id":"\xff"}'),
        (b"appointment:1:a", b'{"no":' + b"[" * 5_000),
    ],
)
def test_a_record_that_cannot_be_read_changes_nothing(key: bytes, value: bytes):
    registry = told(Registry(), an_upload(), an_appointment(live="one"))

    with pytest.raises(ModelError):
        registry.apply(key, value, at=NOON)

    assert registry.head.live == "one"
    assert list(registry.uploads) == [a_model().version]

"""What is personal of a decision: parted from it, sealed, opened and put back."""

import os
from typing import Any

import msgspec
import pytest

from app.errors import SealError
from app.events.decisions import Decision, Hit
from app.events.payments import Card, Place
from app.privacy.personal import SEALED, DataKey, Personal, parted, put_back
from tests.sinks.decided import a_decided

KEY = DataKey(bytes(range(32)))
HOME = Place(52.52437, 13.41053)
BLOCKED = Hit("block-list", None, None, "card ending 1234: lost by Ann", 0.0, "decline")


def a_decision(**payment: Any) -> Decision:
    return a_decided("tx-1", **payment).decision


def a_personal_one() -> Decision:
    decision = a_decision(
        card=Card("k1_token", "1234"),
        place=HOME,
        device_id="anns-phone",
        beneficiary_id="DE-ann-42",
    )
    return msgspec.structs.replace(decision, hits=[BLOCKED, *decision.hits])


def test_what_is_left_names_nobody_and_says_the_rest() -> None:
    whole = a_personal_one()

    left, personal = parted(whole)
    text = msgspec.json.encode(left).decode()

    for telling in ("1234", "52.52437", "anns-phone", "DE-ann-42", "Ann"):
        assert telling not in text
    assert personal is not None
    assert left.payment.place == Place(52.5, 13.4)
    assert left.payment.card == Card("k1_token", "")
    assert [hit.reason for hit in left.hits] == [SEALED, whole.hits[1].reason]
    assert left.features == whole.features


def test_a_decision_without_anything_personal_stays_as_it_is() -> None:
    plain = a_decision(card=None)

    assert parted(plain) == (plain, None)


def test_what_was_sealed_comes_back_into_its_place() -> None:
    whole = a_personal_one()
    left, personal = parted(whole)
    assert personal is not None

    sealed = KEY.seal(personal, decision="tx-1", entropy=os.urandom)
    document = msgspec.to_builtins(left)
    put_back(document, KEY.open(sealed, decision="tx-1"))

    assert document == msgspec.to_builtins(whole)


@pytest.mark.parametrize(
    ("key", "decision", "flip"),
    [
        (DataKey(bytes(32)), "tx-1", 0),
        (KEY, "tx-2", 0),
        (KEY, "tx-1", 1),
    ],
    ids=["another customer's key", "another decision", "changed"],
)
def test_what_is_not_its_own_or_was_changed_does_not_open(
    key: DataKey, decision: str, flip: int
) -> None:
    sealed = KEY.seal(Personal("1234"), decision="tx-1", entropy=os.urandom)
    sealed = sealed[:-1] + bytes([sealed[-1] ^ flip])

    with pytest.raises(SealError, match="does not open it"):
        key.open(sealed, decision=decision)


def test_too_little_is_no_seal() -> None:
    with pytest.raises(SealError):
        KEY.open(b"short", decision="tx-1")

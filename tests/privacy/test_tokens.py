"""Tokens while the bank changes their key: both are made, and what joins holds."""

import msgspec
import pytest

from app.errors import SettingError
from app.events.aggregates import Aggregate
from app.events.payments import Card
from app.features.aggregates import Memory, decode_memory, encode_memory, profile
from app.rules.aggregates import make_ready
from app.settings import Settings
from app.token_keys import tokens_of
from tests.corpus import NUMBER
from tests.scoring.builders import a_payment

ONE, TWO, THREE = "11" * 32, "22" * 32, "33" * 32
OLD = tokens_of(Settings(token_key=ONE))
BOTH = tokens_of(Settings(token_keys=f"k1:{ONE},k2:{TWO}"))
NEW = tokens_of(Settings(token_keys=f"k2:{TWO}"))


def test_a_card_has_its_new_token_and_says_its_old_one() -> None:
    old, both, new = (tokens.card(NUMBER) for tokens in (OLD, BOTH, NEW))

    assert both == Card(new.token, NUMBER[-4:], old.token)
    assert (old.token[:3], new.token[:3], new.was) == ("k1_", "k2_", None)
    assert b"was" not in msgspec.json.encode(new)
    assert BOTH.address("198.51.100.7") == NEW.address("198.51.100.7")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), "SMARTBANK_TOKEN_KEY: expected at least 64"),
        (
            Settings(token_keys=f"k1:{ONE[:9]}"),
            "SMARTBANK_TOKEN_KEYS: key 1: expected an id",
        ),
        (
            Settings(token_keys=f"k1:{ONE},k2:{TWO},k3:{THREE}"),
            "SMARTBANK_TOKEN_KEYS: got 3 keys, expected the old and the new one",
        ),
    ],
)
def test_keys_that_do_not_fit_are_refused(settings: Settings, words: str) -> None:
    with pytest.raises(SettingError) as refused:
        tokens_of(settings)

    assert str(refused.value).startswith(words)
    assert ONE not in str(refused.value)


AGGREGATES = (
    Aggregate(name="of-card", entity="card", aggregate="count", window="30d"),
    Aggregate(
        name="cards",
        entity="customer",
        aggregate="distinct",
        window="30d",
        field="card",
    ),
)


def told(memory: Memory, number: int, card: Card) -> dict[str, float | None]:
    """Return what a row's memory says of a card's payment, and learn it."""
    slots = make_ready(AGGREGATES).customer
    payment = a_payment(id=f"tx-{number}", card=card)
    return profile(memory, payment, slots, [one.slot for one in slots])


def test_windows_count_a_card_on_over_a_change_of_the_key() -> None:
    memory: Memory = {}
    other = "5555555555554444"
    used = [(OLD, NUMBER), (OLD, NUMBER), (OLD, other)]
    used += [(BOTH, NUMBER), (BOTH, other), (NEW, NUMBER), (NEW, other)]

    found = [
        told(memory, number, tokens.card(card))
        for number, (tokens, card) in enumerate(used)
    ]

    assert [one["of-card"] for one in found] == [1, 2, 1, 3, 2, 4, 3]
    assert [one["cards"] for one in found] == [1, 1, 2, 2, 2, 2, 2]
    assert encode_memory(decode_memory(encode_memory(memory))) == encode_memory(memory)

"""Merchant categories in words: those the made-up bank uses, and any other code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.categories import CODES, category
from app.simulate.merchants import CATEGORIES


def test_every_category_of_the_made_up_bank_has_words():
    assert {one.code for one in CATEGORIES} <= CODES.keys()


def test_words_are_told_of_codes_alone():
    assert all(len(code) == 4 and code.isdecimal() for code in CODES)
    assert all(words == words.strip() != "" for words in CODES.values())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("5411", "5411 groceries"),
        ("4999", "4999 electricity, gas, water"),
        ("9999", "9999 public services"),
        ("54xx", "54xx food"),
        ("0042", "0042"),
        ("00xx", "00xx"),
        ("", ""),
        ("five", "five"),
        ("54110", "54110"),
        ("٥٤١١", "٥٤١١"),
    ],
)
def test_a_code_nobody_knows_stays_as_it_is(code: str, told: str):
    assert category(code) == told


@given(st.text(max_size=6))
def test_the_code_itself_is_always_told(code: str):
    assert category(code).startswith(code)

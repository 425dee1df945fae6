"""Canaries are known again, however they are spelled."""

import base64
import json
import struct

import pytest

from tests.canaries import Canaries, allowed, card, packed, unlike

NAME = "Žofia Kanárek"


@pytest.fixture
def canaries() -> Canaries:
    found = Canaries()
    found.text("name", NAME)
    found.text("card", "4000012345678906")
    found.position("home", 47.8372194, -14.2519083)
    return found


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (NAME, "name"),
        (json.dumps({"n": f"x {NAME}"}), "name"),
        (json.dumps(json.dumps({"n": NAME})), "name"),
        (NAME.upper(), "name"),
        (NAME.encode().hex(), "name"),
        ("/ui/%C5%BDofia%20Kan%C3%A1rek", "name"),
        (packed(["a", NAME]), "name"),
        (b"junk" + packed([NAME]) + b"junk", "name"),
        (base64.b64encode(b"a" + NAME.encode() + b"b"), "name"),
        (base64.urlsafe_b64encode(b"ab" + NAME.encode()), "name"),
        ("4000-0123-4567-8906", "card"),
        ('"4000 0123 4567 8906"', "card"),
        ("4000\u00a00123\u00a04567\u00a08906", "card"),
        (json.dumps("4000\u20130123\u20134567\u20138906"), "card"),
        ("lat=47.83721", "home"),
        (b"..." + struct.pack(">d", -14.2519083), "home"),
        (b"..." + struct.pack("<d", 47.8372194), "home"),
    ],
)
def test_a_canary_is_known_again(canaries: Canaries, data: bytes | str, kind: str):
    assert canaries.found(data) == {kind}


@pytest.mark.parametrize("start", range(3))
def test_base64_may_begin_anywhere(canaries: Canaries, start: int):
    data = base64.b64encode(b"x" * start + NAME.encode() + b"yyy")

    assert canaries.found(data) == {"name"}


def test_what_is_coarser_or_shortened_is_no_canary(canaries: Canaries):
    data = ["47.84", "…8906", "Žofia", "47.837", b"\x1f\x8b\x08 no gzip", None]

    assert canaries.found(*data) == set()


def test_every_way_has_a_card_of_its_own():
    assert len({card(number) for number in range(50)}) == 50


def test_what_is_wrong_is_said_from_both_sides():
    told = unlike({"a": {"log"}, "b": set()}, {"a": set(), "b": {"mongo"}})

    assert told == ["a: leaked into log", "b: not in mongo any more"]


def test_the_table_has_rows_and_some_may_be_nowhere():
    table = allowed()

    assert len(table) > 10
    assert set() in table.values()
    assert {"viewer", "analyst", "mongo"} <= set().union(*table.values())

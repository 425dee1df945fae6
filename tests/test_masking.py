"""Masking: what must not travel on is gone, and what is no secret stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRecord
from app.masking import masked, shown

FOURS = "4539", "5787", "6362", "1486"
ODD = "\u00a0", "  ", "\t", "\n", "/", "_", "\u2013", "\u2011", " - ", "\u202f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4539578763621486", "…1486"),
        ("card 4539-5787-6362-1486, stolen", "card …1486, stolen"),
        ("4539.5787.6362.1486", "…1486"),
        *((one.join(FOURS), "…1486") for one in ODD),
        ("card 4539 / 5787 / 6362 / 1486 was used", "card …1486 was used"),
        ("/CARDS/4539578763621486/VIEW", "/CARDS/…1486/VIEW"),
        ("2026-03-01 4539578763621486", "…1486"),
        ("erika@example.com", "…"),
        ("a@b@c", "…"),
        ("'erika.m+bank@example.com' wrote", "'…' wrote"),
        ("at 203.0.113.77.", "at …."),
        ("203.0.113.77:443", "…:443"),
        ("[2001:db8::17]:443", "[…]:443"),
        ("2001:0db8:0000:0000:0000:0000:0000:0017", "…"),
        ("::ffff:203.0.113.77", "…"),
        ("fe80::1%eth0", "…%eth0"),
    ],
)
def test_numbers_and_addresses_are_gone(text: str, expected: str):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01T12:00:00Z",
        "2026-03-01/2026-03-08",
        "2026-03-01 \u2013 2026-03-08",
        "12:00:00",
        "at 12:00",
        "C000123",
        "12345678",
        "1250 EUR",
        "4.2 of 5",
        "version 1.2.3",
        "many: got 3, expected 4",
        "std::vector",
        "@home",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert masked(text) == text


@given(st.text(), st.ip_addresses(), st.text())
def test_an_address_stands_nowhere_in_a_text(before: str, address, after: str):
    assert f" {address} " not in masked(f"{before} {address} {after}")


def test_an_error_repeats_none_of_them_wherever_they_were_written():
    error = BadRecord("e@x.example", "4539578763621486 from 203.0.113.77", "a name")

    assert str(error) == "…: got …1486 from …, expected a name"


@pytest.mark.parametrize("before", range(0, 40, 3))
def test_a_number_that_is_cut_through_is_gone_as_well(before: int):
    for number in ("4539578763621486", *(one.join(FOURS) for one in ODD)):
        told = shown("," * before + f"erika@example.com,{number}," * 50)

        assert "4539" not in told
        assert "erika" not in told

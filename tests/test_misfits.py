"""Misfits: field, got and expected out of msgspec's sentence."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from app.misfits import Misfit, misfit

Colour = Literal["blue", "green"]


class Thing(Struct, forbid_unknown_fields=True):
    """What is read."""

    colour: Colour | None = None
    many: list[Colour] = []
    named: dict[Annotated[str, Meta(pattern="^[a-z]+$")], int] = {}
    inner: "Thing | None" = None
    share: Annotated[float, Meta(ge=0)] = 0.0


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"colour": "red"}, ("colour", "'red'", "one of blue, green")),
        ({"many": ["red"]}, ("many[0]", "'red'", "one of blue, green")),
        (
            {"inner": {"colour": "red"}},
            ("inner.colour", "'red'", "one of blue, green"),
        ),
        ({"share": -1}, ("share", "-1", "float >= 0.0")),
        ({"share": "1"}, ("share", "'1'", "float")),
        (
            {"named": {"A": 1}},
            ("named", "{'A': 1}", "str matching regex '^[a-z]+$'"),
        ),
        ({"size": 1}, ("size", "a value", "no such field")),
        ({"colour": "x" * 200}, ("colour", f"'{'x' * 78}…", "one of blue, green")),
        (
            {"colour": "4539578763621486"},
            ("colour", "'…1486'", "one of blue, green"),
        ),
        ([], ("$", "array", "object")),
    ],
)
def test_a_misfit_names_field_got_and_expected(raw: Any, told: tuple[str, str, str]):
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(raw, Thing)

    assert misfit(refusal.value, Thing, raw) == Misfit(*told)


def test_without_the_type_no_choices_are_told():
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert("red", Colour)

    assert str(misfit(refusal.value)) == "got 'red', expected another"
    assert misfit(refusal.value, Colour).why == "got 'red', expected one of blue, green"

"""Misfits: what msgspec says of a value that does not fit, in plain words."""

import re
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from app.masking import shown

_WHERE = re.compile(
    r"^(?P<what>.*?)(?: - at (?:`key` in )?`(?P<path>\$[^`]*)`)?$", re.DOTALL
)
_NAMED = re.compile(r"field `(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[")
_NO_LAST_NEWLINE = r"(?!\\n)"  # in a pattern, for Python alone
UNKNOWN = "a value that is not"
_NO_CHOICE = re.compile(r"Invalid (?:enum )?value (.*)", re.DOTALL)
_PLAINLY = {
    "Number out of range": "a number in range",
    "Integer value out of range": "an integer in range",
    "Invalid RFC3339 encoded datetime": "a time like 2026-03-01T12:00:00Z",
}


class Misfit(NamedTuple):
    """Which field does not fit (`$`: the whole), what was got, and what is expected.

    Said of the whole, it reads `got …, expected …` alone.
    """

    field: str
    got: str
    expected: str

    @property
    def why(self) -> str:
        """What was got and what is expected."""
        return f"got {self.got}, expected {self.expected}"

    def __str__(self) -> str:
        return self.why if self.field == "$" else f"{self.field}: {self.why}"


def misfit(error: msgspec.ValidationError, kind: Any = None, raw: Any = None) -> Misfit:
    """Take msgspec's sentence apart; what was got is shortened, and masked.

    `kind` is the type that was to be read, for what a field may be; `raw` is what was
    read from, for what it was.

    >>> from typing import Literal
    >>> try:
    ...     msgspec.convert({"n": "red"}, dict[str, Literal["blue", "green"]])
    ... except msgspec.ValidationError as error:
    ...     print(misfit(error, dict[str, Literal["blue", "green"]]))
    $[...]: got 'red', expected one of blue, green
    """
    found = _WHERE.match(str(error))
    what, path = (found["what"], found["path"] or "$") if found else (str(error), "$")
    field, stated = path.removeprefix("$."), _stated(path, raw)
    if named := _NAMED.search(what):  # a missing or an unknown field
        name = shown(named[1]) or "''"
        field = name if field == "$" else f"{field}.{name}"
        if "missing" in what:
            return Misfit(field, "nothing", "a value: it is required")
        return Misfit(field, "a value", "no such field")
    if wrong := _NO_CHOICE.fullmatch(what):
        choices = ", ".join(_choices(kind, path))
        expected = f"one of {choices}" if choices else "another"
        return Misfit(field, stated or shown(wrong[1]), expected)
    if not what.startswith("Expected "):
        return Misfit(field, stated or UNKNOWN, _PLAINLY.get(what, what))
    expected, _, got = what.removeprefix("Expected ").partition(", got ")
    plain = expected.replace("`", "").replace(_NO_LAST_NEWLINE, "")
    return Misfit(field, stated or got.replace("`", "") or UNKNOWN, plain)


def _stated(path: str, raw: Any) -> str:
    """Return what a field was stated as; empty where that cannot be told."""
    here = raw
    for name in path.split(".")[1:]:
        if not isinstance(here, dict) or name not in here:
            return ""
        here = here[name]
    return "" if here is raw else shown(repr(here))


def _choices(kind: Any, path: str) -> list[str]:
    """Return the values that a type allows at a path, where it names them."""
    infos = _flat(_info(kind))
    for name in _STEP.findall(path):
        infos = [one for info in infos for one in _below(info, name)]
    choices: list[str] = []
    for info in infos:
        if isinstance(info, inspect.LiteralType):
            choices += map(str, info.values)
    return choices


@cache
def _info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _flat(info: inspect.Type) -> list[inspect.Type]:
    if isinstance(info, inspect.Metadata):
        return _flat(info.type)
    if isinstance(info, inspect.UnionType):
        return [one for part in info.types for one in _flat(part)]
    return [info]


def _below(info: inspect.Type, name: str) -> list[inspect.Type]:
    """Return the types of a field of a name, or of the items where it is empty."""
    if isinstance(info, inspect.StructType):
        found = [one.type for one in info.fields if one.encode_name == name]
    elif isinstance(info, inspect.ListType):
        found = [info.item_type]
    elif isinstance(info, inspect.DictType):
        found = [info.value_type]
    else:
        found = []
    return [one for part in found for one in _flat(part)]

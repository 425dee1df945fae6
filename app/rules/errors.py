"""What can be wrong with a rule, each with the place, what was got and a remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from app.errors import RuleError


class Spot(NamedTuple):
    """A place in an expression, counted from 1."""

    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


START = Spot()


@dataclass
class UnknownField(RuleError):  # noqa: N818 - the field's term, not "...Error"
    """The expression reads a field that no feature provides."""

    name: str
    spot: Spot
    known: Iterable[str]

    def __str__(self) -> str:
        return (
            f"{self.spot}: got field {self.name!r}, {expected(self.name, self.known)}"
        )


@dataclass
class NotAllowed(RuleError):  # noqa: N818 - as above
    """The expression is SQL, but says what a rule may not say."""

    got: str
    expected: str
    spot: Spot = START

    def __str__(self) -> str:
        return f"{self.spot}: got {self.got}, expected {self.expected}"


@dataclass
class NotSql(RuleError):  # noqa: N818 - as above
    """The expression is no SQL expression at all."""

    got: str
    spot: Spot = START

    def __str__(self) -> str:
        return (
            f"{self.spot}: got {self.got}, expected one SQL condition such as "
            "amount > 100 AND is_night = 1"
        )


@dataclass
class BadTemplate(RuleError):  # noqa: N818 - as above
    """A reason's template cannot be filled in."""

    got: str
    expected: str

    def __str__(self) -> str:
        return f"got {self.got}, {self.expected}"


@dataclass
class BadRule(RuleError):  # noqa: N818 - as above
    """A rule of a ruleset cannot be used: which rule, which of its fields, why."""

    rule: str
    field: str
    why: str

    def __str__(self) -> str:
        return f"rule {self.rule}, {self.field}: {self.why}"


def expected(name: str, known: Iterable[str]) -> str:
    """Say what was expected instead of a name: the nearest one, or all of them.

    >>> expected("amuont", ["amount", "channel"])
    "expected 'amount' or another name of the catalogue"
    >>> expected("x", ["amount", "channel"])
    'expected one of amount, channel'
    """
    names = sorted(known)
    if nearest := get_close_matches(name.lower(), names, n=1):
        return f"expected {nearest[0]!r} or another name of the catalogue"
    return f"expected one of {', '.join(names)}"

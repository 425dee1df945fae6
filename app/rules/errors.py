"""What can be wrong with a rule, each with the place, what was got and a remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from msgspec import Struct

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
class UnknownRule(RuleError):  # noqa: N818 - as above
    """The ruleset has no rule of that name."""

    name: str
    known: Iterable[str]

    def __str__(self) -> str:
        return (
            f"got rule {self.name!r}, {expected(self.name, self.known, of='ruleset')}"
        )


@dataclass
class UnknownAggregate(RuleError):  # noqa: N818 - as above
    """The ruleset has no aggregate of that name."""

    name: str
    known: list[str]

    def __str__(self) -> str:
        wanted = "expected one that is declared: there is none"
        if self.known:
            wanted = expected(self.name, self.known, of="ruleset")
        return f"got aggregate {self.name!r}, {wanted}"


@dataclass
class AggregateInUse(RuleError):  # noqa: N818 - as above
    """An aggregate cannot go while rules, or the live model, read it."""

    name: str
    readers: list[str]

    def __str__(self) -> str:
        return (
            f"aggregate {self.name} is read by {', '.join(self.readers)}; end that "
            "first, or declare another under a new name"
        )


@dataclass
class BadRule(RuleError):  # noqa: N818 - as above
    """A rule of a ruleset cannot be used: which rule, which of its fields, why."""

    rule: str
    field: str
    why: str

    def __str__(self) -> str:
        return f"rule {self.rule}, {self.field}: {self.why}"


class Fault(Struct, frozen=True):
    """What is wrong with a rule, in parts; `line` and `column` count from 1.

    `nearest` is the name that was probably meant.
    """

    rule: str
    field: str
    message: str
    line: int | None = None
    column: int | None = None
    nearest: str | None = None


def fault(error: BadRule) -> Fault:
    """Take a refusal of a rule apart: with a place and a nearest name."""
    cause = error.__cause__
    spot = getattr(cause, "spot", None)
    nearest = (
        nearest_name(cause.name, cause.known)
        if isinstance(cause, UnknownField)
        else None
    )
    line, column = spot or (None, None)
    return Fault(error.rule, error.field, error.why, line, column, nearest)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the name that is most like another, if one is.

    >>> nearest_name("Amuont", ["amount", "channel"])
    'amount'
    """
    return next(iter(get_close_matches(name.lower(), sorted(known), n=1)), None)


def expected(name: str, known: Iterable[str], *, of: str = "catalogue") -> str:
    """Say what was expected instead of a name: the nearest one, or all of them.

    >>> expected("amuont", ["amount", "channel"])
    "expected 'amount' or another name of the catalogue"
    >>> expected("x", ["amount", "channel"])
    'expected one of amount, channel'
    """
    if nearest := nearest_name(name, known):
        return f"expected {nearest!r} or another name of the {of}"
    return f"expected one of {', '.join(sorted(known))}"

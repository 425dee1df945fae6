"""A rule's expression: SQL text checked against the language and made evaluable."""

from dataclasses import dataclass

import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from app.rules.errors import NotAllowed, NotSql, Spot
from app.rules.translate import MAX_DEPTH, Fields, Kind, Translator

MAX_LENGTH = 2000
MAX_LEVELS = 2 * MAX_DEPTH + 4
"""Of the parsed tree, where CASE has two levels for one of the language."""
_NULL_IF_ANY_IS = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Not, exp.In, exp.Between),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    *(exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Abs, exp.Round),
)
"""What is null where a part of it is."""


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, its Polars form, the fields that it reads.

    Where one of those `required` is null, a condition is no hit, whatever the others.
    """

    text: str
    polars: pl.Expr
    kind: Kind
    fields: frozenset[str]
    required: frozenset[str]


def compile_expression(text: str, fields: Fields, *, kind: Kind) -> Expression:
    """Check an expression of one kind and compile it for Polars.

    Three-valued as in SQL: a comparison with null is null, and null is no hit. The
    compiled form never raises on data whose columns are of the kinds of `fields`.

    Raises:
        UnknownField: it reads what is not in `fields`.
        NotAllowed: it is outside the language, too long, too deep or of another kind.
        NotSql: it cannot be parsed.

    >>> frame = pl.DataFrame({"amount": [50.0, 250.0, None]})
    >>> hit = compile_expression("amount > 220", {"amount": "number"}, kind="boolean")
    >>> frame.select(hit.polars)["amount"].to_list()
    [False, True, None]
    """
    node = parse(text)
    translator = Translator(text, fields)
    term = translator.term(node)
    if term.kind != kind:
        raise NotAllowed(got=f"a {term.kind}", expected=f"a {kind} as the whole")
    if kind == "boolean" and not translator.read:
        raise NotAllowed(got="a constant", expected="at least one field")
    read = frozenset(translator.read)
    return Expression(text, term.expr, term.kind, read, required(node))


def required(node: exp.Expression) -> frozenset[str]:
    """Name fields each of which, where it is null, keeps a condition from being true.

    >>> sorted(required(parse("amount > 9 AND (is_night = 1 OR phone_km IS NULL)")))
    ['amount']
    """
    if isinstance(node, exp.Paren):
        return required(node.this)
    if isinstance(node, exp.And):
        return required(node.this) | required(node.expression)
    if isinstance(node, exp.Or):
        return required(node.this) & required(node.expression)
    if all(isinstance(part, _NULL_IF_ANY_IS) for part in node.walk()):
        return frozenset(column.name for column in node.find_all(exp.Column))
    return frozenset()


def parse(text: str) -> exp.Expression:
    """Parse one SQL expression, within the limits of length and nesting.

    Raises:
        NotSql: it is empty, broken or more than one statement.
        NotAllowed: it is too long or nested too deep.
    """
    too_deep = NotAllowed(got="too deep a nesting", expected="fewer brackets")
    if len(text) > MAX_LENGTH:
        raise NotAllowed(
            got=f"{len(text)} characters", expected=f"at most {MAX_LENGTH}"
        )
    try:
        statements = sqlglot.parse(text)
    except ParseError as error:
        first = error.errors[0]
        highlight = first["highlight"] or ""
        column = max((first["col"] or 1) - max(len(highlight) - 1, 0), 1)
        raise NotSql(
            got=f"what does not parse at {highlight!r}",
            spot=Spot(first["line"] or 1, column),
        ) from error
    except SqlglotError as error:
        raise NotSql(got="a quote or comment that is not closed") from error
    except RecursionError as error:
        raise too_deep from error
    match statements:
        case [exp.Expression() as expression]:
            if _is_deep(expression):
                raise too_deep
            return expression
    raise NotSql(got=f"{sum(map(bool, statements))} statements")


def _is_deep(node: exp.Expression) -> bool:
    """Say whether a tree is deeper than what walks it can stand."""
    level = [node]
    for _ in range(MAX_LEVELS):
        level = [child for one in level for child in one.iter_expressions()]
        if not level:
            return False
    return True


def first_comparison(text: str, fields: Fields) -> tuple[str, str] | None:
    """Give the two sides of the first comparison of numbers that reads a field.

    The side with the field comes first: the value, then the threshold.

    >>> names = {"amount": "number", "is_night": "number"}
    >>> first_comparison("100 < amount AND is_night = 1", names)
    ('amount', '100')
    """
    for node in parse(text).dfs():
        if isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE | exp.EQ):
            reading, other = node.this, node.expression
            if not any(reading.find_all(exp.Column)):
                reading, other = other, reading
            translator = Translator(text, fields)
            if translator.term(reading).kind == "number" and translator.read:
                return reading.sql(), other.sql()
    return None

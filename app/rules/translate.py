"""From a parsed SQL expression to a Polars expression: the white list of the language.

What has no line in `_ALLOWED` is refused, and so is an argument that its line does
not name; nothing is passed through. Numbers are doubles. A calculation whose result is
no finite number (a division by zero, an overflow) is null, and null is no hit.
"""

import math
from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub
from typing import Any, Literal, NamedTuple

import polars as pl
from sqlglot import exp

from app.rules.errors import NotAllowed, Spot, UnknownField

Kind = Literal["number", "text", "boolean"]
Fields = Mapping[str, Kind]

MAX_DEPTH = 64
MAX_DECIMALS = 9
FEW = 8  # choices of an IN up to which comparing with each costs less than a set
LANGUAGE = (
    "fields, numbers, 'text', comparisons, + - * /, AND, OR, NOT, IN (literals), "
    "BETWEEN, IS NULL, CASE WHEN, COALESCE, ABS, ROUND, LEAST, GREATEST"
)


class Term(NamedTuple):
    """A translated part of an expression."""

    expr: pl.Expr
    kind: Kind


class Translator:
    """Translates one expression and notes the fields that it reads."""

    def __init__(self, text: str, fields: Fields) -> None:
        self.text = text
        self.fields = fields
        self.read: set[str] = set()

    def term(self, node: exp.Expression, depth: int = 0) -> Term:
        """Translate one node and what is below it.

        Raises:
            NotAllowed: the node is not in the language, or its kinds do not fit.
            UnknownField: it reads a field that is not there.
        """
        translate, arguments = _ALLOWED.get(type(node), (None, frozenset()))
        said = {name for name, value in node.args.items() if value}
        if translate is None or not said <= arguments:
            raise self.refusal(node, self.quoted(node), LANGUAGE)
        if depth > MAX_DEPTH:
            raise self.refusal(node, "a deeper nesting", f"at most {MAX_DEPTH} levels")
        return translate(self, node, depth + 1)

    def of_kind(self, node: exp.Expression, kind: Kind, depth: int) -> pl.Expr:
        """Translate a node that must be of one kind."""
        term = self.term(node, depth)
        if term.kind != kind:
            remedy = f"; write {node.sql()} = 1" if kind == "boolean" else ""
            got = f"{self.quoted(node)}, which is {term.kind}"
            raise self.refusal(node, got, f"a {kind}{remedy}")
        return term.expr

    def alike(
        self, nodes: list[exp.Expression], depth: int
    ) -> tuple[list[pl.Expr], Kind]:
        """Translate nodes that must all be of the first one's kind."""
        first, kind = self.term(nodes[0], depth)
        return [first, *(self.of_kind(n, kind, depth) for n in nodes[1:])], kind

    def refusal(self, node: exp.Expression, got: str, expected: str) -> NotAllowed:
        """Make the error that says where and what."""
        return NotAllowed(got, expected, self.spot(node))

    def quoted(self, node: exp.Expression) -> str:
        """Give a node's SQL, shortened, for a message."""
        sql = node.sql()
        return f"`{sql if len(sql) <= 60 else sql[:57] + '...'}`"  # noqa: PLR2004

    def spot(self, node: exp.Expression) -> Spot:
        """Find where a node is: the parser notes it for names only."""
        starts = (name.meta.get("start") for name in node.find_all(exp.Identifier))
        start = min((s for s in starts if s is not None), default=None)
        if start is None:
            start = max(self.text.find(node.sql()), 0)
        line = self.text.count("\n", 0, start) + 1
        return Spot(line, start - self.text.rfind("\n", 0, start))


def _field(self: Translator, node: exp.Expression, _: int) -> Term:
    name = node.name
    if name not in self.fields:
        raise UnknownField(name, self.spot(node), tuple(self.fields))
    self.read.add(name)
    return Term(pl.col(name), self.fields[name])


def _literal(self: Translator, node: exp.Expression, _: int) -> Term:
    value = _value(self, node)
    return Term(pl.lit(value), "text" if isinstance(value, str) else "number")


def _boolean(_: Translator, node: exp.Expression, __: int) -> Term:
    return Term(pl.lit(bool(node.this)), "boolean")


def _value(self: Translator, node: exp.Expression) -> str | float:
    sign = 1.0
    while isinstance(node, exp.Neg):
        sign, node = -sign, node.this
    if not isinstance(node, exp.Literal):
        raise self.refusal(node, self.quoted(node), "a number or a 'text' in the list")
    if node.is_string:
        return str(node.this)
    try:
        number = sign * float(node.this)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise self.refusal(node, f"`{node.this}`", "a number of at most 1.7e308")
    return number


def _comparison(operator: Callable[[Any, Any], Any]) -> "Translate":
    def translate(self: Translator, node: exp.Expression, depth: int) -> Term:
        (left, right), _ = self.alike([node.this, node.expression], depth)
        return Term(operator(left, right), "boolean")

    return translate


def _operation(operator: Callable[[Any, Any], Any], kind: Kind) -> "Translate":
    def translate(self: Translator, node: exp.Expression, depth: int) -> Term:
        left = self.of_kind(node.this, kind, depth)
        right = self.of_kind(node.expression, kind, depth)
        return Term(operator(left, right), kind)

    return translate


def _quotient(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    # Polars divides by a scalar through its reciprocal, one rounding more, and what
    # is a scalar depends on the batch. A column of zeros makes every divisor a column.
    return left / (right + pl.int_range(pl.len()) * 0.0)


def _finite(operator: Callable[[Any, Any], Any]) -> Callable[[Any, Any], pl.Expr]:
    def finite(left: Any, right: Any) -> pl.Expr:
        result = operator(left, right)
        return pl.when(result.is_finite()).then(result)

    return finite


def _not(self: Translator, node: exp.Expression, depth: int) -> Term:
    return Term(~self.of_kind(node.this, "boolean", depth), "boolean")


def _negative(self: Translator, node: exp.Expression, depth: int) -> Term:
    return Term(-self.of_kind(node.this, "number", depth), "number")


def _paren(self: Translator, node: exp.Expression, depth: int) -> Term:
    return self.term(node.this, depth)


def _between(self: Translator, node: exp.Expression, depth: int) -> Term:
    nodes = [node.this, node.args["low"], node.args["high"]]
    (value, low, high), _ = self.alike(nodes, depth)
    return Term(value.is_between(low, high), "boolean")


def _in(self: Translator, node: exp.Expression, depth: int) -> Term:
    if not node.expressions:
        raise self.refusal(node, self.quoted(node), "IN with a list of literals")
    (value, *_), _ = self.alike([node.this, *node.expressions], depth)
    choices = [_value(self, choice) for choice in node.expressions]
    if len(choices) > FEW:
        return Term(value.is_in(choices), "boolean")
    return Term(reduce(or_, (value == choice for choice in choices)), "boolean")


def _is_null(self: Translator, node: exp.Expression, depth: int) -> Term:
    if not isinstance(node.expression, exp.Null):
        raise self.refusal(node, self.quoted(node), "IS NULL or IS NOT NULL")
    return Term(self.term(node.this, depth).expr.is_null(), "boolean")


def _case(self: Translator, node: exp.Expression, depth: int) -> Term:
    branches = node.args["ifs"]
    values = [branch.args["true"] for branch in branches]
    if default := node.args.get("default"):
        values.append(default)
    results, kind = self.alike(values, depth)
    chain: Any = pl
    for branch, result in zip(branches, results, strict=False):
        condition = self.of_kind(branch.this, "boolean", depth)
        chain = chain.when(condition).then(result)
    return Term(chain.otherwise(results[-1] if default else None), kind)


def _coalesce(self: Translator, node: exp.Expression, depth: int) -> Term:
    results, kind = self.alike([node.this, *node.expressions], depth)
    return Term(pl.coalesce(results), kind)


def _extreme(of: Callable[..., pl.Expr]) -> "Translate":
    def translate(self: Translator, node: exp.Expression, depth: int) -> Term:
        nodes = [node.this, *node.expressions]
        return Term(of(*(self.of_kind(n, "number", depth) for n in nodes)), "number")

    return translate


def _abs(self: Translator, node: exp.Expression, depth: int) -> Term:
    return Term(self.of_kind(node.this, "number", depth).abs(), "number")


def _round(self: Translator, node: exp.Expression, depth: int) -> Term:
    decimals = node.args.get("decimals") or exp.Literal.number(0)
    if decimals.sql() not in map(str, range(MAX_DECIMALS + 1)):
        raise self.refusal(node, self.quoted(node), f"0 to {MAX_DECIMALS} decimals")
    number = self.of_kind(node.this, "number", depth)
    return Term(number.round(int(decimals.name), "half_away_from_zero"), "number")


Translate = Callable[[Translator, exp.Expression, int], Term]
_ONE = frozenset({"this"})
_TWO = _ONE | {"expression"}
_MANY = _ONE | {"expressions"}
_ALLOWED: dict[type[exp.Expression], tuple[Translate, frozenset[str]]] = {
    exp.Column: (_field, _ONE),
    exp.Literal: (_literal, _ONE | {"is_string"}),
    exp.Boolean: (_boolean, _ONE),
    exp.Paren: (_paren, _ONE),
    exp.GT: (_comparison(gt), _TWO),
    exp.GTE: (_comparison(ge), _TWO),
    exp.LT: (_comparison(lt), _TWO),
    exp.LTE: (_comparison(le), _TWO),
    exp.EQ: (_comparison(eq), _TWO),
    exp.NEQ: (_comparison(ne), _TWO),
    exp.And: (_operation(and_, "boolean"), _TWO),
    exp.Or: (_operation(or_, "boolean"), _TWO),
    exp.Not: (_not, _ONE),
    exp.Add: (_operation(_finite(add), "number"), _TWO),
    exp.Sub: (_operation(_finite(sub), "number"), _TWO),
    exp.Mul: (_operation(_finite(mul), "number"), _TWO),
    exp.Div: (_operation(_finite(_quotient), "number"), _TWO),
    exp.Neg: (_negative, _ONE),
    exp.Between: (_between, _ONE | {"low", "high"}),
    exp.In: (_in, _MANY),
    exp.Is: (_is_null, _TWO),
    exp.Case: (_case, frozenset({"ifs", "default"})),
    exp.Coalesce: (_coalesce, _MANY),
    exp.Greatest: (_extreme(pl.max_horizontal), _MANY | {"ignore_nulls"}),
    exp.Least: (_extreme(pl.min_horizontal), _MANY | {"ignore_nulls"}),
    exp.Abs: (_abs, _ONE),
    exp.Round: (_round, _ONE | {"decimals"}),
}

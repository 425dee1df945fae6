"""From a parsed SQL expression to a Polars expression: the white list of the language.

What has no line in `_ALLOWED` is refused, and so is an argument that its line does
not name; nothing is passed through. Numbers are doubles. A calculation whose result is
no finite number (a division by zero, an overflow) is null, and null is no hit. Polars
expressions are trees: what is used twice is there twice, so that their size is bounded.
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
MAX_SIZE = 4000
"""Parts that an expression may have for Polars; each takes it some microseconds."""
MAX_DECIMALS = 9
FEW = 8  # choices of an IN up to which comparing with each costs less than a set
LANGUAGE = (
    "fields, numbers, 'text', comparisons, + - * /, AND, OR, NOT, IN (literals), "
    "BETWEEN, IS NULL, CASE WHEN, COALESCE, ABS, ROUND, LEAST, GREATEST"
)


class Term(NamedTuple):
    """A translated part of an expression.

    `size` counts the parts that Polars will see. Where `finite` is false, a result may
    be no finite number: that must become null before anything but + - * sees it.
    """

    expr: pl.Expr
    kind: Kind
    size: int = 1
    finite: bool = True


class Translator:
    """Translates one expression and notes the fields that it reads."""

    def __init__(self, text: str, fields: Fields) -> None:
        self.text = text
        self.fields = fields
        self.read: set[str] = set()

    def term(self, node: exp.Expression, depth: int = 0) -> Term:
        """Translate one node and what is below it; what is not finite is null.

        Raises:
            NotAllowed: the node is not in the language, or its kinds do not fit.
            UnknownField: it reads a field that is not there.
        """
        term = self.calculated(node, depth)
        if term.finite:
            return term
        # Polars sees what is tested twice: this doubles, and doubled again inside
        # each other it would grow without bounds.
        expr = pl.when(term.expr.is_finite()).then(term.expr)
        return self.small(node, Term(expr, term.kind, 2 * term.size + 2))

    def calculated(self, node: exp.Expression, depth: int) -> Term:
        """Translate one node; the result may be not finite yet.

        Sums, differences and products of what is not finite are not finite either, so
        that one test after all of them is enough.
        """
        translate, arguments = _ALLOWED.get(type(node), (None, frozenset()))
        said = {name for name, value in node.args.items() if value}
        if translate is None or not said <= arguments:
            raise self.refusal(node, self.quoted(node), LANGUAGE)
        if depth > MAX_DEPTH:
            raise self.refusal(node, "a deeper nesting", f"at most {MAX_DEPTH} levels")
        return self.small(node, translate(self, node, depth + 1))

    def small(self, node: exp.Expression, term: Term) -> Term:
        """Return a term that Polars can handle in milliseconds."""
        if term.size > MAX_SIZE:
            got = f"{self.quoted(node)}, calculations inside each other"
            raise self.refusal(
                node, got, "fewer quotients, LEAST or CASE inside others"
            )
        return term

    def of_kind(self, node: exp.Expression, kind: Kind, depth: int) -> Term:
        """Translate a node that must be of one kind."""
        return self._checked(node, self.term(node, depth), kind)

    def number(self, node: exp.Expression, depth: int) -> Term:
        """Translate a number that is calculated with, and may be not finite yet."""
        return self._checked(node, self.calculated(node, depth), "number")

    def _checked(self, node: exp.Expression, term: Term, kind: Kind) -> Term:
        if term.kind != kind:
            remedy = f"; write {node.sql()} = 1" if kind == "boolean" else ""
            got = f"{self.quoted(node)}, which is {term.kind}"
            raise self.refusal(node, got, f"a {kind}{remedy}")
        return term

    def alike(self, nodes: list[exp.Expression], depth: int) -> list[Term]:
        """Translate nodes that must all be of the first one's kind."""
        first = self.term(nodes[0], depth)
        return [first, *(self.of_kind(n, first.kind, depth) for n in nodes[1:])]

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


def _made(expr: pl.Expr, kind: Kind, *parts: Term, finite: bool = True) -> Term:
    return Term(expr, kind, 1 + sum(part.size for part in parts), finite)


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
        left, right = self.alike([node.this, node.expression], depth)
        return _made(operator(left.expr, right.expr), "boolean", left, right)

    return translate


def _both(operator: Callable[[Any, Any], Any]) -> "Translate":
    def translate(self: Translator, node: exp.Expression, depth: int) -> Term:
        left = self.of_kind(node.this, "boolean", depth)
        right = self.of_kind(node.expression, "boolean", depth)
        return _made(operator(left.expr, right.expr), "boolean", left, right)

    return translate


def _calculation(operator: Callable[[Any, Any], Any]) -> "Translate":
    def translate(self: Translator, node: exp.Expression, depth: int) -> Term:
        left = self.number(node.this, depth)
        right = self.number(node.expression, depth)
        expr = operator(left.expr, right.expr)
        return _made(expr, "number", left, right, finite=False)

    return translate


def _quotient(self: Translator, node: exp.Expression, depth: int) -> Term:
    left = self.number(node.this, depth)
    right = self.of_kind(node.expression, "number", depth)  # 1 / infinity would be 0
    # Polars divides by a scalar through its reciprocal, one rounding more, and what
    # is a scalar depends on the batch. A column of zeros makes every divisor a column.
    expr = left.expr / (right.expr + pl.int_range(pl.len()) * 0.0)
    return _made(expr, "number", left, right, finite=False)


def _not(self: Translator, node: exp.Expression, depth: int) -> Term:
    inner = self.of_kind(node.this, "boolean", depth)
    return _made(~inner.expr, "boolean", inner)


def _negative(self: Translator, node: exp.Expression, depth: int) -> Term:
    number = self.number(node.this, depth)
    return _made(-number.expr, "number", number, finite=number.finite)


def _paren(self: Translator, node: exp.Expression, depth: int) -> Term:
    return self.calculated(node.this, depth)


def _between(self: Translator, node: exp.Expression, depth: int) -> Term:
    nodes = [node.this, node.args["low"], node.args["high"]]
    value, low, high = terms = self.alike(nodes, depth)
    return _made(value.expr.is_between(low.expr, high.expr), "boolean", *terms)


def _in(self: Translator, node: exp.Expression, depth: int) -> Term:
    if not node.expressions:
        raise self.refusal(node, self.quoted(node), "IN with a list of literals")
    value, *rest = self.alike([node.this, *node.expressions], depth)
    choices = [_value(self, choice) for choice in node.expressions]
    if len(choices) > FEW:
        return _made(value.expr.is_in(choices), "boolean", value)
    expr = reduce(or_, (value.expr == choice for choice in choices))
    return _made(expr, "boolean", *[value] * len(choices), *rest)


def _is_null(self: Translator, node: exp.Expression, depth: int) -> Term:
    if not isinstance(node.expression, exp.Null):
        raise self.refusal(node, self.quoted(node), "IS NULL or IS NOT NULL")
    inner = self.term(node.this, depth)
    return _made(inner.expr.is_null(), "boolean", inner)


def _case(self: Translator, node: exp.Expression, depth: int) -> Term:
    branches = node.args["ifs"]
    values = [branch.args["true"] for branch in branches]
    if default := node.args.get("default"):
        values.append(default)
    results = self.alike(values, depth)
    chain: Any = pl
    conditions = []
    for branch, result in zip(branches, results, strict=False):
        condition = self.of_kind(branch.this, "boolean", depth)
        conditions.append(condition)
        chain = chain.when(condition.expr).then(result.expr)
    expr = chain.otherwise(results[-1].expr if default else None)
    return _made(expr, results[0].kind, *conditions, *results)


def _coalesce(self: Translator, node: exp.Expression, depth: int) -> Term:
    results = self.alike([node.this, *node.expressions], depth)
    expr = pl.coalesce([result.expr for result in results])
    return _made(expr, results[0].kind, *results)


def _extreme(of: Callable[..., pl.Expr]) -> "Translate":
    def translate(self: Translator, node: exp.Expression, depth: int) -> Term:
        nodes = [node.this, *node.expressions]
        terms = [self.of_kind(one, "number", depth) for one in nodes]
        return _made(of(*(term.expr for term in terms)), "number", *terms)

    return translate


def _abs(self: Translator, node: exp.Expression, depth: int) -> Term:
    number = self.number(node.this, depth)
    return _made(number.expr.abs(), "number", number, finite=number.finite)


def _round(self: Translator, node: exp.Expression, depth: int) -> Term:
    decimals = node.args.get("decimals") or exp.Literal.number(0)
    if decimals.sql() not in map(str, range(MAX_DECIMALS + 1)):
        raise self.refusal(node, self.quoted(node), f"0 to {MAX_DECIMALS} decimals")
    number = self.number(node.this, depth)
    expr = number.expr.round(int(decimals.name), "half_away_from_zero")
    return _made(expr, "number", number, finite=number.finite)


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
    exp.And: (_both(and_), _TWO),
    exp.Or: (_both(or_), _TWO),
    exp.Not: (_not, _ONE),
    exp.Add: (_calculation(add), _TWO),
    exp.Sub: (_calculation(sub), _TWO),
    exp.Mul: (_calculation(mul), _TWO),
    exp.Div: (_quotient, _TWO),
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

"""A ruleset made ready: every rule checked, and all evaluated by one Polars select."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from app.errors import RuleError
from app.rules.aggregates import check
from app.rules.errors import BadRule
from app.rules.expression import Expression, compile_expression, first_comparison
from app.rules.reason import Reason, compile_reason
from app.rules.ruleset import Rule, Ruleset
from app.rules.translate import Fields, Kind

FACTS = ("channel", "country", "merchant_category", "currency")
SIDES = ("value", "threshold")


@dataclass(frozen=True)
class CompiledRule:
    """A rule, its condition, and what a hit of it tells.

    Where one of the `required` fields is null it is no hit.
    `figures` are computed for hits only; `told` names the columns, of the fields or
    of the figures, with the value, the threshold (null: the rule has none) and
    the words of the reason.
    """

    rule: Rule
    condition: pl.Expr
    required: frozenset[str]
    figures: tuple[pl.Expr, ...]
    told: tuple[str | None, ...]
    reason: Reason
    fields: frozenset[str]


@dataclass(frozen=True)
class CompiledRuleset:
    """A ruleset that fits the features named, in the order of their vector.

    `rules` holds the live ones and the shadow ones in the ruleset's order; `fields`
    the columns that they read. Its own aggregates are the last of the features.
    """

    ruleset: Ruleset
    features: tuple[str, ...]
    rules: tuple[CompiledRule, ...]
    fields: Fields

    @property
    def aggregates(self) -> tuple[str, ...]:
        """The names of its own aggregates."""
        return self.features[len(self.features) - len(self.ruleset.aggregates) :]

    def conditions(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Evaluate the rules on a frame with the columns of `fields`.

        One boolean column a rule, named after it; null is no hit. Rules without one
        have no hit: a field that they require is null in every row. Each expression
        costs some 20 us however few the rows, and of most payments no phone is known.
        """
        nulls = {one.name for one in frame if one.null_count() == frame.height}
        able = (rule for rule in self.rules if not rule.required & nulls)
        return frame.select([rule.condition for rule in able])


def compile_ruleset(ruleset: Ruleset, features: Iterable[str]) -> CompiledRuleset:
    """Check a ruleset's live and shadow rules against the features and compile them.

    Beside the features, in the order of their vector, rules may read the ruleset's
    aggregates and the payment's own `FACTS`.

    Raises:
        BadRule: an expression or a template cannot be used; it names rule and field.
        BadAggregate: an aggregate cannot be used.
    """
    features = tuple(features)
    check(ruleset.aggregates, features)
    features += tuple(one.name for one in ruleset.aggregates)
    fields: dict[str, Kind] = dict.fromkeys(features, "number")
    fields |= dict.fromkeys(FACTS, "text")
    rules = tuple(_compile(r, fields) for r in ruleset.rules if r.state != "off")
    read = frozenset[str]().union(*(rule.fields for rule in rules))
    return CompiledRuleset(
        ruleset, features, rules, {n: k for n, k in fields.items() if n in read}
    )


def _compile(rule: Rule, fields: Fields) -> CompiledRule:
    part = "expression"
    figures: dict[str, Expression] = {}
    try:
        condition = compile_expression(rule.expression, fields, kind="boolean")
        for part, sql in _figures(rule, fields).items():
            figures[part] = compile_expression(sql, fields, kind="number")
        part = "reason"
        words: dict[str, Kind] = {**fields, **dict.fromkeys(figures, "number")}
        reason = compile_reason(rule.reason, words)
    except RuleError as error:
        raise BadRule(rule.name, part, str(error)) from error
    columns = {name: f"{rule.name} {name}" for name in figures}
    read = (condition, *figures.values())
    return CompiledRule(
        rule,
        condition.polars.alias(rule.name),
        condition.required,
        tuple(f.polars.alias(columns[name]) for name, f in figures.items()),
        (*map(columns.get, SIDES), *(columns.get(word, word) for word in reason.words)),
        reason,
        frozenset(reason.words).intersection(fields).union(*(e.fields for e in read)),
    )


def _figures(rule: Rule, fields: Fields) -> dict[str, str]:
    sides = first_comparison(rule.expression, fields) or (None, None)
    given = dict(zip(SIDES, (rule.value, rule.threshold), strict=True))
    if taken := sorted(rule.figures.keys() & {*fields, *SIDES}):
        got = f"got a figure with a name that is taken: {taken[0]}"
        raise BadRule(rule.name, "figures", f"{got}, expected a new name")
    named = {n: given[n] or side for n, side in zip(SIDES, sides, strict=True)}
    return {n: sql for n, sql in named.items() if sql} | rule.figures

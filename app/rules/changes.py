"""Changes: from one ruleset to the next, and what differs between two."""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from app.events.aggregates import Aggregate
from app.features.declarations import definition
from app.rules.aggregates import check
from app.rules.compiled import compile_ruleset
from app.rules.errors import (
    AggregateInUse,
    BadRule,
    Fault,
    UnknownAggregate,
    UnknownRule,
    fault,
)
from app.rules.rulebook import BANDS, reads
from app.rules.ruleset import Rule, Ruleset, State, versioned

Part = TypeVar("Part", Rule, Aggregate)

MOST_RULES = 300
MOST_SQL = 100_000
"""Characters of all rules' SQL: checking them takes about a second."""


class Edit(Struct, frozen=True):
    """A field's value before and after a change."""

    before: Any
    after: Any


class Change(Struct, frozen=True):
    """What became of a rule, an aggregate or the bands; `fields` are what changed."""

    name: str
    kind: Literal["added", "removed", "changed"]
    fields: dict[str, Edit] = {}


def with_rule(before: Ruleset, rule: Rule, *, author: str) -> Ruleset:
    """Return a ruleset with a rule added at its end, or changed at its place."""
    names = [one.name for one in before.rules]
    if rule.name in names:
        rules = [rule if one.name == rule.name else one for one in before.rules]
    else:
        rules = [*before.rules, rule]
    return stamped(before, replace(before, rules=rules), author=author)


def with_state(before: Ruleset, name: str, *, state: State, author: str) -> Ruleset:
    """Return a ruleset with one rule made live, shadow or off.

    Raises:
        UnknownRule: there is none of that name.
    """
    return with_rule(before, replace(find(before, name), state=state), author=author)


def without(before: Ruleset, name: str, *, author: str) -> Ruleset:
    """Return a ruleset without one of its rules.

    Raises:
        UnknownRule: there is none of that name.
    """
    gone = find(before, name)
    rules = [rule for rule in before.rules if rule is not gone]
    return stamped(before, replace(before, rules=rules), author=author)


def with_aggregate(before: Ruleset, given: Aggregate, *, author: str) -> Ruleset:
    """Return a ruleset with an aggregate added at its end, or changed at its place.

    Raises:
        AggregateInUse: rules read it, and would mean something else all at once.
    """
    names = [one.name for one in before.aggregates]
    same = any(definition(one) == definition(given) for one in before.aggregates)
    if given.name in names and not same:
        _unused(before, given.name)
    if given.name in names:
        found = [given if one.name == given.name else one for one in before.aggregates]
    else:
        found = [*before.aggregates, given]
    return stamped(before, replace(before, aggregates=found), author=author)


def without_aggregate(before: Ruleset, name: str, *, author: str) -> Ruleset:
    """Return a ruleset without one of its aggregates.

    Raises:
        UnknownAggregate: there is none of that name.
        AggregateInUse: rules read it.
    """
    found = [one for one in before.aggregates if one.name != name]
    if len(found) == len(before.aggregates):
        raise UnknownAggregate(name, [one.name for one in found])
    _unused(before, name)
    return stamped(before, replace(before, aggregates=found), author=author)


def _unused(ruleset: Ruleset, name: str) -> None:
    if readers := [rule.name for rule in ruleset.rules if reads(rule, name)]:
        raise AggregateInUse(name, readers)


def stamped(before: Ruleset, after: Ruleset, *, author: str) -> Ruleset:
    """Give what differs from before its author and next version, and the whole both.

    What a change itself says of versions and authors is not believed. Without a
    difference the result is `before`.
    """
    old = {rule.name: rule for rule in before.rules}
    rules = [_stamped(old.get(rule.name), rule, author) for rule in after.rules]
    was = {one.name: one for one in before.aggregates}
    found = [_stamped(was.get(one.name), one, author) for one in after.aggregates]
    parts = Ruleset(bands=after.bands, rules=rules, aggregates=found, author=author)
    if replace(parts, version=before.version, author=before.author) == before:
        return before
    return versioned(parts)


def _stamped(old: Part | None, new: Part, author: str) -> Part:
    if old is None:
        return replace(new, version=1, author=author)
    if replace(new, version=old.version, author=old.author) == old:
        return old
    return replace(new, version=old.version + 1, author=author)


def find(ruleset: Ruleset, name: str) -> Rule:
    """Return a rule by its name.

    Raises:
        UnknownRule: there is none of that name; the nearest is named.
    """
    for rule in ruleset.rules:
        if rule.name == name:
            return rule
    raise UnknownRule(name, [rule.name for rule in ruleset.rules])


def diff(before: Ruleset, after: Ruleset) -> list[Change]:
    """Tell two rulesets apart: bands first, the rest in the order of their names."""
    changes = []
    if fields := _differences(before.bands, after.bands):
        changes.append(Change(BANDS, "changed", fields))
    old, new = _named(before), _named(after)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            changes.append(Change(name, "removed"))
        elif name not in old:
            changes.append(Change(name, "added"))
        elif fields := _differences(old[name], new[name]):
            changes.append(Change(name, "changed", fields))
    return changes


def _named(ruleset: Ruleset) -> dict[str, Rule | Aggregate]:
    """Return the parts of a ruleset by name; rules' names have no blank."""
    aggregates = {f"aggregate {one.name}": one for one in ruleset.aggregates}
    return {**{rule.name: rule for rule in ruleset.rules}, **aggregates}


def _differences(before: Struct, after: Struct) -> dict[str, Edit]:
    old, new = asdict(before), asdict(after)
    return {name: Edit(old[name], new[name]) for name in old if old[name] != new[name]}


def faults(ruleset: Ruleset, features: Sequence[str]) -> list[Fault]:
    """Return all that keeps the rules of a ruleset from being evaluated.

    Rules that are off are looked at too: what is written down can be tried.
    """
    found = []
    try:
        _check_size(ruleset.rules)
        check(ruleset.aggregates, features)
    except BadRule as error:
        return [fault(error)]
    names = [*features, *(one.name for one in ruleset.aggregates)]
    for rule in ruleset.rules:
        tried = replace(rule, state="shadow")
        try:
            compile_ruleset(replace(ruleset, rules=[tried], aggregates=[]), names)
        except BadRule as error:
            found.append(fault(error))
    return found


def _check_size(rules: Sequence[Rule]) -> None:
    """Refuse more rules than can be checked while payments are decided.

    Raises:
        BadRule: they are too many, or too long.
    """
    if len(rules) > MOST_RULES:
        got = f"got {len(rules)} rules, expected {MOST_RULES} at most"
        raise BadRule(rules[MOST_RULES].name, "name", got)
    size = 0
    for rule in rules:
        texts = rule.expression, rule.value, rule.threshold, *rule.figures.values()
        size += sum(len(text) for text in texts if text)
        if size > MOST_SQL:
            got = f"got more than {MOST_SQL} characters of SQL in all rules"
            raise BadRule(rule.name, "expression", f"{got}, expected that at most")

"""Changes: from one ruleset to the next, and what differs between two."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.rules.compiled import compile_ruleset
from app.rules.errors import BadRule, Fault, UnknownRule, fault
from app.rules.rulebook import BANDS
from app.rules.ruleset import Bands, Rule, Ruleset, State, versioned


class Edit(Struct, frozen=True):
    """A field's value before and after a change."""

    before: Any
    after: Any


class Change(Struct, frozen=True):
    """What became of one rule, or of the bands; `fields` are those that changed."""

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


def stamped(before: Ruleset, after: Ruleset, *, author: str) -> Ruleset:
    """Give what differs from before its author and next version, and the whole both.

    What a change itself says of versions and authors is not believed. Without a
    difference the result is `before`.
    """
    old = {rule.name: rule for rule in before.rules}
    rules = [_stamped(old.get(rule.name), rule, author) for rule in after.rules]
    if rules == before.rules and after.bands == before.bands:
        return before
    return versioned(Ruleset(bands=after.bands, rules=rules, author=author))


def _stamped(old: Rule | None, rule: Rule, author: str) -> Rule:
    if old is None:
        return replace(rule, version=1, author=author)
    if replace(rule, version=old.version, author=old.author) == old:
        return old
    return replace(rule, version=old.version + 1, author=author)


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
    """Tell two rulesets apart: bands first, then rules in the order of their names."""
    changes = []
    if fields := _differences(before.bands, after.bands):
        changes.append(Change(BANDS, "changed", fields))
    old = {rule.name: rule for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            changes.append(Change(name, "removed"))
        elif name not in old:
            changes.append(Change(name, "added"))
        elif fields := _differences(old[name], new[name]):
            changes.append(Change(name, "changed", fields))
    return changes


def _differences(before: Rule | Bands, after: Rule | Bands) -> dict[str, Edit]:
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return {name: Edit(old[name], new[name]) for name in old if old[name] != new[name]}


def faults(ruleset: Ruleset, features: Sequence[str]) -> list[Fault]:
    """Return all that keeps the rules of a ruleset from being evaluated.

    Rules that are off are looked at too: what is written down can be tried.
    """
    found = []
    for rule in ruleset.rules:
        alone = replace(ruleset, rules=[replace(rule, state="shadow")])
        try:
            compile_ruleset(alone, features)
        except BadRule as error:
            found.append(fault(error))
    return found

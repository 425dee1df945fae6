"""Rulesets: the rules as people write, version and publish them."""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from app.errors import RuleError
from app.events.aggregates import Aggregate
from app.misfits import misfit
from app.rules.errors import BadRule

LISTS = ("block-list", "allow-list", "watch-list")
"""What a hit of a list is called in a decision: no rule may be."""

NAME = "^[a-z0-9]+(-[a-z0-9]+)*$"

Action = Literal["score", "review", "decline"]
State = Literal["shadow", "live", "off"]
Score = Annotated[float, Meta(ge=0, le=100)]
Sql = Annotated[str, Meta(min_length=1, max_length=2000)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A suspicion, named in kebab-case, and what is done where it is right.

    `expression` is a SQL condition over the features. `value` and `threshold` are SQL
    numbers, by default the two sides of its first comparison. `figures` are further
    SQL numbers that the template `reason` may name beside the fields, `value` and
    `threshold`. A hit adds `score`; `action` is the least that then happens. A
    `shadow` rule is evaluated and counts for nothing.
    """

    name: Annotated[str, Meta(pattern=NAME, max_length=64)]
    expression: Sql
    score: Score
    reason: Annotated[str, Meta(min_length=1, max_length=300)]
    action: Action = "score"
    state: State = "live"
    value: Sql | None = None
    threshold: Sql | None = None
    figures: dict[Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")], Sql] = {}
    version: Annotated[int, Meta(ge=1)] = 1
    author: str = "smartbank"


class Bands(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which score a payment is reviewed, and from which it is declined."""

    review_from: Score
    decline_from: Score


class Ruleset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules that hold together, under one version.

    `aggregates` are features of its own that rules may read. An empty `version` is
    filled in on reading with a digest of rules, bands and aggregates.
    """

    bands: Bands
    rules: list[Rule]
    version: str = ""
    author: str = "smartbank"
    aggregates: list[Aggregate] = []


def read_ruleset(data: bytes, *, form: Literal["json", "toml"] = "json") -> Ruleset:
    """Read a ruleset; whether its expressions fit is for `compile_ruleset` to say.

    Raises:
        BadRule: a rule has a missing, unknown or ill-typed field, or its name twice.
        RuleError: the text is no JSON or TOML, or the frame around the rules is wrong.
    """
    try:
        raw = msgspec.json.decode(data) if form == "json" else _toml(data)
        listed = msgspec.convert(raw, _Listed).rules
        ruleset = msgspec.convert(raw | {"rules": []}, Ruleset)
    except _BROKEN as error:
        message = f"ruleset: {error}; expected {form.upper()} with bands and rules"
        raise RuleError(message) from error
    rules = [read_rule(rule, number) for number, rule in enumerate(listed, 1)]
    _check(rules, ruleset.bands)
    whole = msgspec.structs.replace(ruleset, rules=rules)
    return whole if ruleset.version else versioned(whole)


def versioned(ruleset: Ruleset) -> Ruleset:
    """Give a ruleset the version that its parts have: their digest."""
    parts: list[Any] = [ruleset.bands, ruleset.rules]
    if ruleset.aggregates:
        parts.append(ruleset.aggregates)
    version = hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]
    return msgspec.structs.replace(ruleset, version=version)


def load_ruleset(path: Path) -> Ruleset:
    """Read a ruleset from a `.json` or `.toml` file.

    Raises:
        RuleError: as `read_ruleset`, or the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"ruleset: cannot read {path}: {error.strerror}"
        raise RuleError(message) from error
    return read_ruleset(data, form="toml" if path.suffix == ".toml" else "json")


@cache
def default_ruleset() -> Ruleset:
    """Give the ruleset that ships with the product (docs/rules.md tells its story)."""
    return read_ruleset(
        files("app.rules").joinpath("default.toml").read_bytes(), form="toml"
    )


_BROKEN = (msgspec.DecodeError, ValueError, RecursionError)  # TOML's is a ValueError


class _Listed(Struct):
    rules: list[dict[str, Any]]


def _toml(data: bytes) -> Any:
    return tomllib.loads(data.decode())


def read_rule(raw: dict[str, Any], number: int = 1) -> Rule:
    """Read one rule; one without a name is called by its number in an error.

    Raises:
        BadRule: a field is missing, unknown or ill-typed, or the name is a list's.
    """
    try:
        rule = msgspec.convert(raw, Rule)
    except msgspec.ValidationError as error:
        wrong = misfit(error, Rule, raw)
        name = str(raw.get("name", f"number {number}"))
        raise BadRule(name, wrong.field, wrong.why) from error
    if rule.name in LISTS:
        raise BadRule(rule.name, "name", "got the name of a list, expected another")
    return rule


def _check(rules: list[Rule], bands: Bands) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise BadRule(rule.name, "name", "got it twice, expected one rule a name")
        seen.add(rule.name)
    if bands.review_from > bands.decline_from:
        message = (
            f"ruleset: got review_from {bands.review_from} above decline_from "
            f"{bands.decline_from}, expected it below or equal"
        )
        raise RuleError(message)

"""Compatibility: whether what was valid under one JSON Schema is so under another.

Knows the part of JSON Schema that msgspec writes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_LOWER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_HIGHER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_SAME = ("pattern", "format", "multipleOf", "prefixItems")
_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return why records of an old schema, or their readers, do not fit a new one.

    A field that is gone, one that is required now, a value that may be no longer:
    each breaks. A new field that may be left out, and more values, do not.
    """
    return list(_compared(old, new, "$", (old.get("$defs", {}), new.get("$defs", {}))))


def _compared(
    old: Schema, new: Schema, where: str, defs: tuple[Schema, Schema]
) -> Iterator[str]:
    """Give what breaks at one place; `defs` are the old definitions and the new."""
    olds, news = _alternatives(old, defs[0]), _alternatives(new, defs[1])
    if len(olds) == len(news) == 1:
        yield from _narrowed(olds[0], news[0], where, defs)
        return
    for one in olds:
        found = [list(_narrowed(one, other, where, defs)) for other in news]
        yield from min(found, key=len)


def _alternatives(node: Schema, defs: Schema) -> list[Schema]:
    """Return what a value may be, with references resolved."""
    if reference := node.get("$ref"):
        return _alternatives(defs[reference.rpartition("/")[2]], defs)
    if choices := node.get("anyOf"):
        return [one for choice in choices for one in _alternatives(choice, defs)]
    return [node]


def _narrowed(
    old: Schema, new: Schema, where: str, defs: tuple[Schema, Schema]
) -> Iterator[str]:
    before, now = _kinds(old), _kinds(new)
    if now and not (before and before <= now):
        yield f"{where}: was {_named(before)}, is {_named(now)}"
        return
    if "enum" in new and not ("enum" in old and set(old["enum"]) <= set(new["enum"])):
        yield f"{where}: values are gone"
    for name in (*_LOWER, *_HIGHER):
        if name in new and (name not in old or _tighter(name, old[name], new[name])):
            yield f"{where}: {name} is {new[name]}, was {old.get(name, 'free')}"
    for name in _SAME:
        if name in new and new[name] != old.get(name):
            yield f"{where}: another {name}"
    yield from _fields(old, new, where, defs)
    for name in ("items", "additionalProperties"):
        if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
            yield from _compared(old[name], new[name], f"{where}[]", defs)


def _fields(
    old: Schema, new: Schema, where: str, defs: tuple[Schema, Schema]
) -> Iterator[str]:
    before, now = old.get("properties", {}), new.get("properties", {})
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{where}.{name}: is required now"
    for name, field in before.items():
        if name in now:
            yield from _compared(field, now[name], f"{where}.{name}", defs)
        else:
            yield f"{where}.{name}: is gone"
    strict = [node.get("additionalProperties") is False for node in (old, new)]
    if strict == [False, True]:
        yield f"{where}: unknown fields are refused now"


def _kinds(node: Schema) -> set[str]:
    """Return the types that a value may have; empty for any."""
    if "type" in node:
        kinds = {node["type"]} if isinstance(node["type"], str) else set(node["type"])
        return kinds | {"integer"} if "number" in kinds else kinds
    if "enum" in node:
        return {_TYPES[type(one)] for one in node["enum"]}
    return set()


def _named(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds)) or "anything"


def _tighter(name: str, old: float, new: float) -> bool:
    return new < old if name in _LOWER else new > old

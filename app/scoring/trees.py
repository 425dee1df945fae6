"""Trees: LightGBM's text of a model, checked before LightGBM reads it.

Its reader is C++ that trusts the text: one that was cut or made up ends the process,
and with it a worker. So every line that it reads is looked at first: names, numbers,
lengths, and that each tree's nodes are a tree; what it does not need, it does not get.
The format is LightGBM's `version=v4` (src/boosting/gbdt_model_text.cpp and
src/io/tree.cpp of release 4.6).
"""

import re
from collections.abc import Mapping
from itertools import accumulate
from re import Pattern

from app.errors import ModelError

MOST_BYTES = 64 * 1024 * 1024
_HEAD_END, _TREES_END = "\n\n", "end of trees\n"
_TAIL = f"{_TREES_END}\nparameters:\nend of parameters\n"
_NODES = (
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
)
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_SINGLE = ("num_leaves", "num_cat", "is_linear", "shrinkage")
_OF_A_TREE = {"Tree", *_SINGLE, *_NODES, *_LEAVES}
_OF_THE_HEAD = {
    "tree",
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "monotone_constraints",
    "feature_infos",
    "tree_sizes",
}
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_REAL = re.compile(r"-?(inf|[0-9]{1,20}(\.[0-9]{1,40})?(e[+-]?[0-9]{1,3})?)")
_FINITE = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?(e[+-]?[0-9]{1,2})?")
_KINDS = {
    "leaf_value": _FINITE,  # what scores are made of
    "threshold": _REAL,  # inf: above it is only what is unknown
    "split_gain": _REAL,
    "internal_value": _REAL,
    "internal_weight": _REAL,
    "leaf_weight": _REAL,
    "shrinkage": _REAL,
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_INFO = re.compile(r"none|\[[-+.:e0-9]+\]")
_CATEGORICAL = 1  # the bit of a decision type that says so

Fields = Mapping[str, str]


def safe_trees(text: str, *, features: int) -> str:
    """Return the part of a model's text that scores, which LightGBM can read.

    Raises:
        ModelError: it is no model of so many features, or none that it could read
            safely; what was got and expected.
    """
    if not text.isascii() or len(text) > MOST_BYTES:
        raise _wrong(what="text", got="no ASCII, or too much", expected="a model")
    head, _, rest = text.partition(_HEAD_END)
    facts = _fields(head, _OF_THE_HEAD)
    _check_head(facts, features)
    sizes = [int(one) for one in _tokens(facts, "tree_sizes", _INTEGER)]
    ends = [*accumulate(sizes)]
    if min(sizes, default=0) < 1 or not rest[ends[-1] :].startswith(_TREES_END):
        got = f"{len(sizes)} sizes"
        raise _wrong(what="tree_sizes", got=got, expected="the length of each tree")
    for number, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        where, lines = f"tree {number}", rest[end - size : end]
        tree = _fields(lines.rstrip("\n"), _OF_A_TREE)
        if not lines.startswith(f"Tree={number}\n"):
            raise _wrong(what=where, got=repr(lines[:20]), expected=f"Tree={number}")
        _check_tree(tree, where, features)
    return f"{head}{_HEAD_END}{rest[: ends[-1]]}{_TAIL}"


def _check_head(facts: Fields, features: int) -> None:
    expected = {
        "version": "v4",
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "label_index": "0",
        "max_feature_idx": str(features - 1),
        "objective": "binary sigmoid:1",
    }
    for name, value in expected.items():
        if facts.get(name) != value:
            raise _wrong(what=name, got=repr(facts.get(name)), expected=value)
    counts = {"feature_names": _NAME, "feature_infos": _INFO}
    if "monotone_constraints" in facts:
        counts["monotone_constraints"] = _INTEGER
    for name, kind in counts.items():
        found = len(_tokens(facts, name, kind))
        if found != features:
            raise _wrong(what=name, got=str(found), expected=str(features))


def _check_tree(tree: Fields, where: str, features: int) -> None:
    singles = {name: _numbers(tree, name) for name in _SINGLE}
    if any(len(found) != 1 for found in singles.values()):
        raise _wrong(what=where, got="not one of each", expected=", ".join(_SINGLE))
    leaves = int(singles["num_leaves"][0])
    if singles["num_cat"] != [0] or singles["is_linear"] != [0] or leaves < 1:
        got = "categories, linear leaves or none"
        raise _wrong(what=where, got=got, expected="leaves that are numbers")
    if leaves == 1:
        counts = {"leaf_value": 1}
    else:
        counts = dict.fromkeys(_NODES, leaves - 1) | dict.fromkeys(_LEAVES, leaves)
    for name, count in counts.items():
        found = len(_numbers(tree, name))
        if found != count:
            raise _wrong(what=where, got=f"{found} of {name}", expected=str(count))
    if leaves > 1:
        _check_nodes(tree, where, leaves=leaves, features=features)


def _check_nodes(tree: Fields, where: str, *, leaves: int, features: int) -> None:
    if not all(0 <= one < features for one in _numbers(tree, "split_feature")):
        got = "a split_feature that is none"
        raise _wrong(what=where, got=got, expected=f"0 to {features - 1}")
    if any(int(one) & _CATEGORICAL for one in _numbers(tree, "decision_type")):
        got = "a decision on categories"
        raise _wrong(what=where, got=got, expected="numbers only")
    # Every node but the root and every leaf (-1 for the first) is one node's child,
    # and comes after its parent: so there is no circle, and no child outside.
    left, right = _numbers(tree, "left_child"), _numbers(tree, "right_child")
    for children in (left, right):
        for parent, child in enumerate(children):
            if 0 <= child <= parent:
                got = f"node {child:.0f} below node {parent}"
                raise _wrong(what=where, got=got, expected="a tree")
    if sorted(left + right) != [*range(-leaves, 0), *range(1, leaves - 1)]:
        got = "children that are no tree"
        raise _wrong(what=where, got=got, expected="each node and leaf once")


def _fields(lines: str, known: set[str]) -> dict[str, str]:
    """Read `name=value` lines; a name that is unknown or comes twice is refused."""
    found: dict[str, str] = {}
    for line in lines.split("\n"):
        name, equals, value = line.partition("=")
        if name not in known or name in found:
            raise _wrong(
                what=repr(line[:40]), got="it", expected="no such line, or one"
            )
        if name != "tree" and not equals:
            raise _wrong(what=name, got="no value", expected=f"{name}=")
        found[name] = value
    return found


def _numbers(fields: Fields, name: str) -> list[float]:
    kind = _KINDS.get(name, _INTEGER)
    return [float(one) for one in _tokens(fields, name, kind)]


def _tokens(fields: Fields, name: str, kind: Pattern[str]) -> list[str]:
    """Split at single spaces, as LightGBM does; each must be of a kind."""
    text = fields.get(name, "")
    found = text.split(" ") if text else []
    for one in found:
        if not kind.fullmatch(one):
            raise _wrong(what=name, got=repr(one[:40]), expected="numbers or names")
    return found


def _wrong(*, what: str, got: str, expected: str) -> ModelError:
    return ModelError(f"model's trees: {what}: got {got}, expected {expected}")

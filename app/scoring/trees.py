"""Trees: LightGBM's text of a model, checked before LightGBM reads it.

Its reader is C++ that trusts the text: one that was cut or made up ends the process,
and with it a worker. So what it relies on is looked at first: sizes, lengths, and
that each tree's nodes are a tree. The format is LightGBM's `version=v4` (src/io/
gbdt_model_text.cpp and tree.cpp, release 4.6).
"""

from collections.abc import Mapping
from itertools import accumulate

from app.errors import ModelError

MOST_BYTES = 64 * 1024 * 1024
MOST_FEATURES = 4096
_HEAD_END, _TREES_END = "\n\n", "end of trees"
_NODES = (
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
    "split_gain",
)
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_CATEGORICAL = 1  # the bit of a decision type that says so


def check_trees(text: str, *, features: int) -> None:
    """Refuse what LightGBM could not read safely, or would read as another model.

    Raises:
        ModelError: it is no model of so many features; what was got and expected.
    """
    if not text.isascii() or len(text) > MOST_BYTES:
        raise _wrong(what="text", got="no ASCII, or too much", expected="a model")
    head, _, rest = text.partition(_HEAD_END)
    facts = _fields(head)
    expected = {
        "version": "v4",
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "max_feature_idx": str(features - 1),
    }
    for name, value in expected.items():
        if facts.get(name) != value:
            raise _wrong(what=name, got=repr(facts.get(name)), expected=value)
    sizes = _integers(facts, "tree_sizes")
    ends = [*accumulate(sizes)]
    if min(sizes, default=0) < 1 or not rest[ends[-1] :].startswith(_TREES_END):
        got = f"{len(sizes)} sizes"
        raise _wrong(what="tree_sizes", got=got, expected="the length of each tree")
    for number, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        where, lines = f"tree {number}", rest[end - size : end]
        if not lines.startswith(f"Tree={number}\n") or "Tree=" in lines[1:]:
            raise _wrong(what=where, got=repr(lines[:20]), expected=f"Tree={number}")
        _check_tree(_fields(lines), where, features)


def _check_tree(tree: Mapping[str, str], where: str, features: int) -> None:
    leaves = _one(tree, "num_leaves")
    if _one(tree, "num_cat") or tree.get("is_linear") != "0" or leaves < 1:
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


def _check_nodes(
    tree: Mapping[str, str], where: str, *, leaves: int, features: int
) -> None:
    if not all(0 <= one < features for one in _integers(tree, "split_feature")):
        got = "a split_feature that is none"
        raise _wrong(what=where, got=got, expected=f"0 to {features - 1}")
    if any(one & _CATEGORICAL for one in _integers(tree, "decision_type")):
        got = "a decision on categories"
        raise _wrong(what=where, got=got, expected="numbers only")
    # Every node but the root and every leaf (-1 for the first) is one node's child,
    # and comes after its parent: so there is no circle, and no child outside.
    left, right = _integers(tree, "left_child"), _integers(tree, "right_child")
    for children in (left, right):
        for parent, child in enumerate(children):
            if 0 <= child <= parent:
                got = f"node {child} below node {parent}"
                raise _wrong(what=where, got=got, expected="a tree")
    if sorted(left + right) != [*range(-leaves, 0), *range(1, leaves - 1)]:
        got = "children that are no tree"
        raise _wrong(what=where, got=got, expected="each node and leaf once")


def _fields(lines: str) -> dict[str, str]:
    """Read `name=value` lines; a name that comes twice is refused."""
    found: dict[str, str] = {}
    for line in lines.splitlines():
        name, equals, value = line.partition("=")
        if equals and name in found:
            raise _wrong(what=name, got="it twice", expected="once")
        found[name] = value
    return found


def _integers(fields: Mapping[str, str], name: str) -> list[int]:
    try:
        return [int(one) for one in fields.get(name, "").split()]
    except ValueError as error:
        raise _wrong(what=name, got=str(error), expected="integers") from error


def _numbers(fields: Mapping[str, str], name: str) -> list[float]:
    try:
        return [float(one) for one in fields.get(name, "").split()]
    except ValueError as error:
        raise _wrong(what=name, got=str(error), expected="numbers") from error


def _one(fields: Mapping[str, str], name: str) -> int:
    found = _integers(fields, name)
    if len(found) != 1:
        raise _wrong(what=name, got=f"{len(found)} numbers", expected="one")
    return found[0]


def _wrong(*, what: str, got: str, expected: str) -> ModelError:
    return ModelError(f"model's trees: {what}: got {got}, expected {expected}")

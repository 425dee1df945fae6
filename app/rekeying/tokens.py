"""Rekeying: tokens of the bank's key before, rewritten to those of its new one.

No token can be made of another: while both keys are set, capture makes both of each
card that is used, and role deliver keeps which one became which. Each module knows one
kind of store: it counts tokens by their key, and renames those that are known.
"""

from collections.abc import Iterable, Mapping

Counts = dict[str, int]
"""How many tokens there are, by the id of their key."""


def key_of(token: str) -> str:
    """Return the id of the key that made a token.

    >>> key_of("k1_aGVsbG8_d29ybGQ")
    'k1'
    """
    return token.partition("_")[0]


def counted(tokens: Iterable[tuple[str, int]]) -> Counts:
    """Add up counts of tokens by their key.

    >>> counted([("k1_a", 2), ("k2_b", 1), ("k1_c", 3)])
    {'k1': 5, 'k2': 1}
    """
    counts: Counts = {}
    for token, count in tokens:
        counts[key_of(token)] = counts.get(key_of(token), 0) + count
    return counts


def renamed(token: str, names: Mapping[str, str]) -> str:
    """Return what a token is called now, through several changes of the key.

    >>> renamed("k1_a", {"k1_a": "k2_a", "k2_a": "k3_a"}), renamed("k3_b", {})
    ('k3_a', 'k3_b')
    """
    while token in names:
        token = names[token]
    return token

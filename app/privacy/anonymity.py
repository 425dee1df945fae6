"""Anonymity: how well a table hides the people in it, measured.

Rows with the same quasi-identifiers are one class. k is the size of the smallest
(Sweeney, 2002), l the fewest sensitive values in one (Machanavajjhala et al., 2007),
t the most that a class's sensitive values differ from the whole table's by the earth
mover's distance (Li et al., 2007).
"""

from collections.abc import Sequence

import polars as pl
from msgspec import Struct


class Anonymity(Struct, frozen=True):
    """How well a table hides its people.

    Attributes:
        k: rows of the smallest class: who is looked for is one of so many.
        l: fewest different sensitive values of a class, by sensitive column.
        t: farthest that a class is from the table, 0 to 1, by sensitive column.
        risk: mean chance of finding a row's person: classes by rows.
        at_risk: share of rows in classes smaller than 5.
    """

    rows: int
    classes: int
    k: int
    l: dict[str, int]  # noqa: E741 - as the literature has it
    t: dict[str, float]
    risk: float
    at_risk: float


FEW = 5
"""Rows that a class has at the least, by what statistics offices publish."""


def measure(
    table: pl.DataFrame, quasi: Sequence[str], *, sensitive: Sequence[str] = ()
) -> Anonymity:
    """Measure a table by its quasi-identifiers and its sensitive columns.

    Null is a value of its own.

    >>> table = pl.DataFrame({"zip": ["1*", "1*", "2*"], "ill": ["flu", "gout", "flu"]})
    >>> found = measure(table, ["zip"], sensitive=["ill"])
    >>> found.k, found.l["ill"], round(found.t["ill"], 2)
    (1, 1, 0.33)
    """
    if table.is_empty():
        return Anonymity(0, 0, 0, {}, {}, 0.0, 0.0)
    classes = table.group_by(quasi).agg(
        pl.len().alias("_size"),
        *(pl.col(name).n_unique().alias(f"_l {name}") for name in sensitive),
    )
    sizes = classes["_size"]
    return Anonymity(
        table.height,
        classes.height,
        int(sizes.min()),  # type: ignore[arg-type]
        {name: int(classes[f"_l {name}"].min()) for name in sensitive},  # type: ignore[arg-type]
        {name: closeness(table, quasi, sensitive=name) for name in sensitive},
        classes.height / table.height,
        int(sizes.filter(sizes < FEW).sum()) / table.height,
    )


def closeness(table: pl.DataFrame, quasi: Sequence[str], *, sensitive: str) -> float:
    """Return the farthest that a class's sensitive values are from the table's.

    Numbers are as far apart as their ranks, other values all the same.
    """
    values = table[sensitive].unique().sort().to_list()
    whole = _shares(table[sensitive], values)
    return max(
        distance(
            _shares(rows[sensitive], values), whole, ordered=ordered(table, sensitive)
        )
        for rows in table.partition_by(quasi)
    )


def ordered(table: pl.DataFrame, name: str) -> bool:
    """Say whether a column's values have distances: numbers and times have."""
    kind = table.schema[name]
    return kind.is_numeric() or kind.is_temporal()


def distance(part: Sequence[float], whole: Sequence[float], *, ordered: bool) -> float:
    """Return the earth mover's distance of two distributions over the same values.

    >>> distance([1, 0, 0], [0, 0, 1], ordered=True)
    1.0
    >>> distance([1, 0, 0], [0, 1, 0], ordered=True)
    0.5
    >>> distance([1, 0, 0], [0, 1, 0], ordered=False)
    1.0
    """
    differences = [a - b for a, b in zip(part, whole, strict=True)]
    if not ordered:
        return sum(abs(one) for one in differences) / 2
    carried = moved = 0.0
    for one in differences:
        carried += one
        moved += abs(carried)
    return moved / max(len(differences) - 1, 1)


def _shares(column: pl.Series, values: Sequence[object]) -> list[float]:
    counts = dict(column.value_counts().iter_rows())
    return [counts.get(value, 0) / column.len() for value in values]

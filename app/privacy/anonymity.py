"""Anonymity: how well a table hides the people in it, measured.

Rows with the same quasi-identifiers are one class. k is the size of the smallest
(Sweeney, 2002), l the fewest sensitive values in one (Machanavajjhala et al., 2007),
t the most that a class's sensitive values differ from the whole table's by the earth
mover's distance (Li et al., 2007).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from msgspec import Struct


class Anonymity(Struct, frozen=True):
    """How well a table hides its people.

    Attributes:
        k: people of the smallest class: who is looked for is one of so many.
        l: fewest different sensitive values of a class, by sensitive column.
        t: farthest that a class is from the table, 0 to 1, by sensitive column.
        risk: mean chance of finding a row's person: one of those in its class.
        at_risk: share of rows in classes of fewer than 5 people.
        sizes: how many classes have so many people, in the steps of `SIZES`.
    """

    rows: int
    classes: int
    k: int
    l: dict[str, int]  # noqa: E741 - as the literature has it
    t: dict[str, float]
    risk: float
    at_risk: float
    sizes: list[int] = []


SIZES = (1, 2, 3, 5, 10, 20, 50, 100)
"""Where steps of classes' sizes begin; the last has no end."""
CELLS = 1 << 21
"""Counts that are looked at together: classes by values."""
FEW = 5
"""People that a class has at the least, by what statistics offices publish."""


def measure(
    table: pl.DataFrame,
    quasi: Sequence[str],
    *,
    sensitive: Sequence[str] = (),
    person: str | None = None,
) -> Anonymity:
    """Measure a table by its quasi-identifiers and its sensitive columns.

    Null is a value of its own. Each row is a person of its own, unless a column says
    whose it is: five payments of one customer hide nobody.

    >>> table = pl.DataFrame({"zip": ["1*", "1*", "2*"], "ill": ["flu", "gout", "flu"]})
    >>> found = measure(table, ["zip"], sensitive=["ill"])
    >>> found.k, found.l["ill"], round(found.t["ill"], 2)
    (1, 1, 0.33)
    """
    if table.is_empty():
        return Anonymity(0, 0, 0, {}, {}, 0.0, 0.0)
    classes = table.group_by(quasi).agg(
        (pl.col(person).n_unique() if person else pl.len()).alias(" people"),
        pl.len().alias(" rows"),
        *(pl.col(name).n_unique().alias(f"_l {name}") for name in sensitive),
    )
    people, rows = classes[" people"], classes[" rows"]
    return Anonymity(
        table.height,
        classes.height,
        int(people.min()),  # type: ignore[arg-type]
        {name: int(classes[f"_l {name}"].min()) for name in sensitive},  # type: ignore[arg-type]
        {name: closeness(table, quasi, sensitive=name) for name in sensitive},
        float((rows / people).sum()) / table.height,
        int(rows.filter(people < FEW).sum()) / table.height,
        np.histogram(people, bins=(*SIZES, np.inf))[0].tolist(),
    )


def closeness(table: pl.DataFrame, quasi: Sequence[str], *, sensitive: str) -> float:
    """Return the farthest that a class's sensitive values are from the table's.

    Numbers are as far apart as their ranks, other values all the same.
    """
    codes = table[sensitive].rank("dense").fill_null(0).cast(pl.Int64)
    codes = codes - codes.min()
    several = int(codes.max()) + 1  # type: ignore[arg-type]
    whole = np.bincount(codes.to_numpy(), minlength=several) / table.height
    grouped = table.select(quasi).with_columns(codes.alias(" code")).group_by(quasi)
    classes = grouped.agg(" code", pl.len().alias(" rows"))
    ends = np.cumsum(classes[" rows"].cast(pl.Int64).to_numpy())
    exploded = classes[" code"].explode().to_numpy()
    step, farthest, before = max(1, CELLS // several), 0.0, 0
    for start in range(0, len(ends), step):
        last = ends[start : start + step]
        sizes = np.diff(last, prepend=before)
        at = np.repeat(np.arange(len(last)) * several, sizes)
        counts = np.bincount(
            at + exploded[before : last[-1]], minlength=len(last) * several
        )
        away = counts.reshape(-1, several) / sizes[:, None] - whole
        if ordered(table, sensitive):
            moved = np.abs(np.cumsum(away, axis=1)).sum(axis=1) / max(several - 1, 1)
        else:
            moved = np.abs(away).sum(axis=1) / 2
        farthest, before = max(farthest, float(moved.max())), int(last[-1])
    return farthest


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

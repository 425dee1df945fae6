"""Trade-off: what each k costs a table, and what is left of the risk."""

from collections.abc import Callable, Sequence

import polars as pl
from msgspec import Struct

from app.privacy.anonymity import Anonymity, measure
from app.privacy.mondrian import Aim, anonymise

KS = (2, 3, 5, 8, 12, 20, 30, 50)
"""For each of which a table is made anonymous."""


class Point(Struct, frozen=True):
    """A table made anonymous for one k; `k` 1 is the table as it is.

    `loss` is the mean share of a column's span that a value no longer tells.
    """

    k: int
    loss: float
    measured: Anonymity


class Tradeoff(Struct, frozen=True):
    """What each k costs.

    `refused` are those k for which there are too few people, `unfinished` those for
    which the time did not do.
    """

    rows: int
    people: int
    quasi: list[str]
    sensitive: str
    points: list[Point]
    refused: list[int]
    unfinished: list[int]


def tradeoff(
    table: pl.DataFrame,
    quasi: Sequence[str],
    *,
    sensitive: str,
    person: str,
    ks: Sequence[int] = KS,
    go_on: Callable[[], bool] = lambda: True,
) -> Tradeoff:
    """Make a table anonymous for every k, and measure each, as long as we may go on.

    Raises:
        AnonymityError: a column is named as both.
    """
    before = measure(table, quasi, sensitive=[sensitive], person=person)
    points, unfinished = [Point(1, 0.0, before)], []
    people = table[person].n_unique()
    for k in (k for k in ks if k <= people):
        if not go_on():
            unfinished.append(k)
            continue
        made = anonymise(
            table, quasi, sensitive=[sensitive], aim=Aim(k=k), person=person
        )
        points.append(Point(k, made.loss, made.after))
    return Tradeoff(
        table.height,
        people,
        list(quasi),
        sensitive,
        points,
        [k for k in ks if k > people],
        unfinished,
    )

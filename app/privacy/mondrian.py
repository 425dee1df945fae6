"""Mondrian: a table made k-anonymous by cutting its people into ever smaller classes.

Strict multidimensional partitioning (LeFevre, DeWitt, Ramakrishnan, 2006): cut where
the values of a class are spread widest, at the median, as long as both halves are
large and mixed enough; then tell of each class its range.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import polars as pl
from msgspec import Struct
from numpy.typing import NDArray

from app.errors import AnonymityError
from app.privacy.anonymity import Anonymity, distance, measure, ordered

Numbers = NDArray[np.int64]
Fits = Callable[[Numbers], bool]
"""Says whether rows may be a class."""


class Aim(Struct, frozen=True):
    """What a table is to fulfil: k, l and t, and the share that may be left out."""

    k: int = 5
    l: int = 1  # noqa: E741 - as the literature has it
    t: float = 1.0
    suppress: float = 0.0


class Anonymised(Struct, frozen=True):
    """A table that may be given away, and what it cost.

    `loss` is the mean share of a column's span that a value no longer tells (the
    normalised certainty penalty): 0 says everything, 1 nothing. `suppressed` are
    rows that were left out.
    """

    table: pl.DataFrame
    before: Anonymity
    after: Anonymity
    loss: float
    by_column: Mapping[str, float]
    suppressed: int


def anonymise(
    table: pl.DataFrame,
    quasi: Sequence[str],
    *,
    sensitive: Sequence[str],
    aim: Aim,
    person: str | None = None,
) -> Anonymised:
    """Return the quasi-identifiers generalised, with the sensitive columns.

    All other columns are left out, and rows come in another order. Where a column
    says whose row it is, a class has rows of `aim.k` people, however many rows each
    has. Rows whose text quasi-identifiers are rare may be suppressed, the rarest
    first, as far as `aim.suppress` goes. What is no finite number is unknown.

    Raises:
        AnonymityError: the table as a whole does not fulfil the aim, or a column is
            named as both.
    """
    if both := set(quasi) & {*sensitive, person}:
        message = f"got {', '.join(map(str, both))} as both, expected it in one list"
        raise AnonymityError(message)
    table = _finite(table)
    kept = _suppressed(table, quasi, aim=aim, person=person)
    columns = [Column(kept, name) for name in quasi]
    hidden = [Column(kept, name) for name in sensitive]
    whose = Column(kept, person).codes if person else np.arange(kept.height)
    fits = partial(_good, hidden=hidden, whose=whose, aim=aim)
    whole = np.arange(kept.height)
    if not fits(whole):
        message = (
            f"{kept.height} rows of {np.unique(whose).size} people do not fulfil "
            f"k={aim.k}, l={aim.l}, t={aim.t} even as one class; "
            "ask for less, or give more rows"
        )
        raise AnonymityError(message)
    classes = list(_cut(whole, columns, fits, most=2 * aim.k - 1))
    order = np.concatenate(classes)
    told = {
        column.name: [text for rows in classes for text in column.told(rows)]
        for column in columns
    }
    made = pl.DataFrame(told, schema=dict.fromkeys(quasi, pl.String)).hstack(
        kept[order].select(*sensitive, *([person] if person else ()))
    )
    by_column = {
        column.name: sum(len(rows) * column.loss(rows) for rows in classes)
        / made.height
        for column in columns
    }
    return Anonymised(
        made.select(*quasi, *sensitive),
        measure(table, quasi, sensitive=sensitive, person=person),
        measure(made, quasi, sensitive=sensitive, person=person),
        sum(by_column.values()) / len(by_column),
        by_column,
        table.height - kept.height,
    )


class Column:
    """A column as ranks, 0 for null, and what it says at each rank."""

    def __init__(self, table: pl.DataFrame, name: str) -> None:
        column = table[name]
        self.name = name
        self.ordered = ordered(table, name)
        self.codes: Numbers = (
            column.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
        )
        values = column.drop_nulls().unique().sort()
        self.texts = ["", *(str(one) for one in values)]
        at = (
            values.to_physical().cast(pl.Float64).to_list()
            if self.ordered
            else list(range(values.len()))
        )
        self._at: list[float] = [at[0], *at] if at else [0.0]
        self._span = self._at[-1] - self._at[0]
        counts = np.bincount(self.codes, minlength=len(self.texts))
        self.shares = counts / max(counts.sum(), 1)

    def spread(self, rows: Numbers) -> float:
        """Return over which share of the ranks rows go."""
        codes = self.codes[rows]
        return float(np.ptp(codes)) / max(len(self.texts) - 1, 1)

    def loss(self, rows: Numbers) -> float:
        """Return which share of the column's span a class no longer tells apart."""
        codes = np.unique(self.codes[rows])
        codes = codes[codes > 0]
        if not self._span or not codes.size:
            return 0.0
        if self.ordered:
            return float((self._at[codes[-1]] - self._at[codes[0]]) / self._span)
        return float((codes.size - 1) / self._span)

    def told(self, rows: Numbers) -> list[str | None]:
        """Return what a class says: a value, a range or a set, for each row."""
        codes = np.unique(self.codes[rows])
        unknown = " or unknown" if codes[0] == 0 else ""
        known = [self.texts[code] for code in codes if code]
        if not known:
            return [None] * len(rows)
        text = ", ".join(known)
        if self.ordered and len(known) > 1:
            text = f"{known[0]} to {known[-1]}"
        return [text + unknown] * len(rows)


def _cut(
    whole: Numbers, columns: Sequence[Column], fits: Fits, *, most: int
) -> Iterator[Numbers]:
    """Yield the classes that rows fall into; one of `most` rows cannot be cut."""
    waiting = [whole]
    while waiting:
        rows = waiting.pop()
        halves = _halves(rows, columns, fits) if len(rows) > most else None
        if halves is None:
            yield rows
        else:
            waiting += halves


def _halves(
    rows: Numbers, columns: Sequence[Column], fits: Fits
) -> list[Numbers] | None:
    """Return both sides of the best cut that is allowed, if one is."""
    widest = sorted((-one.spread(rows), n) for n, one in enumerate(columns))
    for spread, n in widest:
        if not spread:
            return None
        codes = columns[n].codes[rows]
        median = np.median(codes)
        for low in (codes <= median, codes < median):
            left, right = rows[low], rows[~low]
            if fits(left) and fits(right):
                return [left, right]
    return None


def _good(rows: Numbers, *, hidden: Sequence[Column], whose: Numbers, aim: Aim) -> bool:
    """Say whether rows may be a class."""
    if len(rows) < aim.k or np.unique(whose[rows]).size < aim.k:
        return False
    for column in hidden:
        counts = np.bincount(column.codes[rows], minlength=len(column.texts))
        if np.count_nonzero(counts) < aim.l:
            return False
        if aim.t < 1:
            here = column.shares > 0  # null is a value only where there is one
            part = (counts / len(rows))[here].tolist()
            away = distance(part, column.shares[here].tolist(), ordered=column.ordered)
            if away > aim.t:
                return False
    return True


def _finite(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table that has null for what is no finite number."""
    floats = (pl.col(name) for name, kind in table.schema.items() if kind.is_float())
    return table.with_columns(pl.when(one.is_finite()).then(one) for one in floats)


def _suppressed(
    table: pl.DataFrame, quasi: Sequence[str], *, aim: Aim, person: str | None
) -> pl.DataFrame:
    """Return a table without the rarest combinations of texts, as far as allowed."""
    texts = [name for name in quasi if not ordered(table, name)]
    budget = int(table.height * aim.suppress)
    if not (texts and budget):
        return table
    people = pl.col(person).n_unique() if person else pl.len()
    sizes = table.group_by(texts).agg(pl.len().alias(" rows"), people.alias(" people"))
    by_size = sizes.sort(" rows", *texts)
    rare = by_size.filter(
        (pl.col(" people") < aim.k) & (pl.col(" rows").cum_sum() <= budget)
    )
    return table.join(rare, on=texts, how="anti", nulls_equal=True)

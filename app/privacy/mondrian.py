"""Mondrian: a table made k-anonymous by cutting its people into ever smaller classes.

Strict multidimensional partitioning (LeFevre, DeWitt, Ramakrishnan, 2006): cut where
the values of a class are spread widest, at the median, as long as both halves are
large and mixed enough; then tell of each class its range.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from msgspec import Struct

from app.errors import AnonymityError
from app.privacy.anonymity import Anonymity, distance, measure, ordered


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
    table: pl.DataFrame, quasi: Sequence[str], *, sensitive: Sequence[str], aim: Aim
) -> Anonymised:
    """Return the quasi-identifiers generalised, with the sensitive columns.

    All other columns are left out. Rows whose text quasi-identifiers are rare may be
    suppressed, the rarest first, as far as `aim.suppress` goes.

    Raises:
        AnonymityError: the table as a whole does not fulfil the aim.
    """
    before = measure(table, quasi, sensitive=sensitive)
    kept = _suppressed(table, quasi, aim=aim)
    cutter = _Cutter(kept, quasi, sensitive=sensitive, aim=aim)
    codes = kept.select(
        *(pl.col(name).rank("dense").fill_null(0).cast(pl.Int64) for name in quasi),
        *(
            pl.col(name).rank("dense").fill_null(0).cast(pl.Int64).alias(f"s {name}")
            for name in sensitive
        ),
    ).with_row_index("_row")
    if not cutter.good(codes):
        message = (
            f"{kept.height} rows do not fulfil k={aim.k}, l={aim.l}, t={aim.t} even as "
            "one class; ask for less, or give more rows"
        )
        raise AnonymityError(message)
    parts = [kept[rows["_row"]] for rows in cutter.cut(codes)]
    spans = {name: _span(kept, name) for name in quasi}
    losses = dict.fromkeys(quasi, 0.0)
    told = []
    for part in parts:
        for name in quasi:
            losses[name] += part.height * _loss(part, name, spans[name])
        told.append(
            part.select(
                *(pl.lit(_told(part, name)).alias(name) for name in quasi), *sensitive
            )
        )
    made = pl.concat(told)
    by_column = {name: lost / made.height for name, lost in losses.items()}
    return Anonymised(
        made,
        before,
        measure(made, quasi, sensitive=sensitive),
        sum(by_column.values()) / len(by_column),
        by_column,
        table.height - kept.height,
    )


class _Cutter:
    """Cuts codes (the ranks of the values) into classes that fulfil an aim."""

    def __init__(
        self,
        table: pl.DataFrame,
        quasi: Sequence[str],
        *,
        sensitive: Sequence[str],
        aim: Aim,
    ) -> None:
        self._quasi = quasi
        self._aim = aim
        self._spans = {name: max(table[name].n_unique() - 1, 1) for name in quasi}
        self._whole = {
            f"s {name}": (_counts(table[name]), ordered(table, name))
            for name in sensitive
        }

    def cut(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Yield the classes that rows fall into."""
        waiting = [rows]
        while waiting:
            rows = waiting.pop()
            halves = self._halves(rows) if rows.height >= 2 * self._aim.k else None
            if halves is None:
                yield rows
            else:
                waiting += halves

    def good(self, rows: pl.DataFrame) -> bool:
        """Say whether rows may be a class."""
        aim = self._aim
        if rows.height < aim.k:
            return False
        for name, (whole, is_ordered) in self._whole.items():
            if aim.l > 1 and rows[name].n_unique() < aim.l:
                return False
            if aim.t < 1:
                counts = dict(rows[name].value_counts().iter_rows())
                part = [counts.get(code, 0) / rows.height for code in whole]
                if distance(part, list(whole.values()), ordered=is_ordered) > aim.t:
                    return False
        return True

    def _halves(self, rows: pl.DataFrame) -> list[pl.DataFrame] | None:
        """Return both sides of the best cut that is allowed, if one is."""
        low = rows.select(pl.col(self._quasi).min()).row(0)
        high = rows.select(pl.col(self._quasi).max()).row(0)
        spread = {
            name: (b - a) / self._spans[name]
            for name, a, b in zip(self._quasi, low, high, strict=True)
        }
        for name in sorted(spread, key=lambda one: -spread[one]):
            if not spread[name]:
                return None
            median = rows[name].median()
            for side in (pl.col(name) <= median, pl.col(name) < median):
                left, right = rows.filter(side), rows.filter(~side)
                if self.good(left) and self.good(right):
                    return [left, right]
        return None


def _counts(column: pl.Series) -> dict[int, float]:
    codes = column.rank("dense").fill_null(0).cast(pl.Int64)
    counts = codes.value_counts().sort(by=codes.name)
    return {code: count / column.len() for code, count in counts.iter_rows()}


def _suppressed(table: pl.DataFrame, quasi: Sequence[str], *, aim: Aim) -> pl.DataFrame:
    """Return a table without the rarest combinations of texts, as far as allowed."""
    texts = [name for name in quasi if not ordered(table, name)]
    budget = int(table.height * aim.suppress)
    if not (texts and budget):
        return table
    sizes = table.group_by(texts).len().sort("len", *texts)
    rare = sizes.filter((pl.col("len") < aim.k) & (pl.col("len").cum_sum() <= budget))
    return table.join(rare, on=texts, how="anti", nulls_equal=True)


def _span(table: pl.DataFrame, name: str) -> float:
    if ordered(table, name):
        return _width(table[name])
    return max(table[name].n_unique() - 1, 1)


def _width(column: pl.Series) -> float:
    numbers = column.to_physical().cast(pl.Float64).drop_nulls()
    return float(numbers.max() - numbers.min()) if numbers.len() else 0.0  # type: ignore[operator]


def _loss(part: pl.DataFrame, name: str, span: float) -> float:
    """Return which share of a column's span a class no longer tells apart."""
    if not span:
        return 0.0
    if ordered(part, name):
        return _width(part[name]) / span
    return (part[name].n_unique() - 1) / span


def _told(part: pl.DataFrame, name: str) -> str | None:
    """Return what a class says of a column: a value, a range or a set."""
    column = part[name]
    values = column.drop_nulls()
    if values.is_empty():
        return None
    unknown = " or unknown" if values.len() < column.len() else ""
    low, high = values.min(), values.max()
    if low == high:
        return f"{low}{unknown}"
    if ordered(part, name):
        return f"{low} to {high}{unknown}"
    return f"{', '.join(str(one) for one in values.unique().sort())}{unknown}"

"""The reference: what a model learnt from, as shares, to tell when life differs."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
WATCH, DRIFTED = 0.1, 0.25
"""From which index a shift is to be watched, and from which it is one; by custom."""
ENOUGH = 1_000
"""Values from which on an index says something: by chance alone it is then 0.01."""


class Histogram(Struct, frozen=True):
    """How values were spread: the share of each bin, and of what was unknown, last.

    A bin reaches from one edge until before the next; the first and last are open.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


def histogram(values: NDArray[np.float64]) -> Histogram:
    """Return how values are spread over bins that hold like shares; NaN is unknown.

    >>> histogram(np.array([0.0, 0.0, 1.0, np.nan]))
    Histogram(edges=(1.0,), shares=(0.5, 0.25, 0.25))
    """
    known = values[~np.isnan(values)]
    cuts = (
        np.unique(np.quantile(known, QUANTILES, method="higher"))
        if len(known)
        else known
    )
    edges = tuple(cut for cut in cuts.tolist() if cut > known.min())
    counts = count(edges, values)
    return Histogram(edges, tuple((counts / max(len(values), 1)).tolist()))


def count(edges: Sequence[float], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count values by bin, and the unknown ones last."""
    place = np.searchsorted(edges, values, side="right")  # NaN sorts last
    place[np.isnan(values)] = len(edges) + 1
    return np.bincount(place, minlength=len(edges) + 2)


def stability_index(shares: Sequence[float], counts: Sequence[int]) -> float:
    """Return the population stability index of counts against a reference's shares.

    The sum of (now - then) * ln(now / then) over bins: 0 when nothing has changed.
    Half a value is added to each bin, so that an empty one is no infinity.

    >>> round(stability_index([0.5, 0.5], [500, 500]), 3)
    0.0
    >>> round(stability_index([0.5, 0.5], [900, 100]), 2)
    0.88
    """
    total = sum(counts)
    then = (np.array(shares) * total + 0.5) / (total + 0.5 * len(shares))
    now = (np.array(counts) + 0.5) / (total + 0.5 * len(counts))
    return float(np.sum((now - then) * np.log(now / then)))


def references(
    names: Sequence[str],
    table: NDArray[np.float64],
    extra: Mapping[str, NDArray[np.float64]],
) -> dict[str, Histogram]:
    """Return the histogram of each column of a table, and of what else is named."""
    columns = {name: table[:, place] for place, name in enumerate(names)}
    return {name: histogram(values) for name, values in {**columns, **extra}.items()}

"""Tables: Parquet and CSV files, of which what cannot be read is told in a line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from app.errors import ColumnMapError


def scan(path: Path, **of_csv: Any) -> pl.LazyFrame:
    """Open a file, or a folder of Parquet files, without reading it yet.

    Polars takes `of_csv` where it is a CSV file. What is wrong with the file is told
    by whatever reads first: `reading` belongs around that, and around all else.
    """
    if path.suffix == ".csv":
        return pl.scan_csv(path, **of_csv)
    return pl.scan_parquet(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in a line what is wrong with a file that cannot be read.

    Raises:
        ColumnMapError: names the file, what it was read as, and Polars' reason.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        kind = "CSV" if path.suffix == ".csv" else "Parquet"
        why = str(error).partition("\n")[0]
        if path.is_dir() and not any(path.rglob("*.parquet")):
            why = "a folder without any Parquet file"
        message = f"{path}: cannot be read as {kind}: {why}"
        raise ColumnMapError(message) from error

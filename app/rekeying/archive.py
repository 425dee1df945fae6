"""Archive: the tokens in this machine's Parquet files."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import polars as pl

from app.rekeying.tokens import Counts, counted, renamed


def counts(root: Path) -> Counts:
    """Return how many archived decisions name cards, by the key of the token.

    Raises:
        OSError, PolarsError: a file cannot be read.
    """
    found: list[tuple[str, int]] = []
    for path in _files(root):
        with suppress(FileNotFoundError):  # put together with others meanwhile
            tokens = pl.read_parquet(path, columns=["card"])["card"].drop_nulls()
            found += tokens.value_counts().iter_rows()
    return counted(found)


def rename(root: Path, key_id: str, names: Mapping[str, str]) -> int:
    """Rename the cards of a key that are known; return in how many decisions.

    A file is replaced whole, and stays as old as it was. One that a worker puts
    together with others meanwhile keeps its tokens until the next time.

    Raises:
        OSError, PolarsError: a file cannot be read or written.
    """
    count = 0
    for path in _files(root):
        with suppress(FileNotFoundError):
            count += _rename(path, key_id, names)
    return count


def _rename(path: Path, key_id: str, names: Mapping[str, str]) -> int:
    tokens = pl.read_parquet(path, columns=["card"])["card"]
    mine = tokens.drop_nulls().unique().to_list()
    now = {
        token: renamed(token, names)
        for token in mine
        if token.startswith(f"{key_id}_") and token in names
    }
    if not now:
        return 0
    written = path.stat()
    whole = pl.read_parquet(path).with_columns(pl.col("card").replace(now))
    waiting = path.with_suffix(f".{os.getpid()}.tmp")
    with waiting.open("wb") as file:
        whole.write_parquet(file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    os.utime(waiting, ns=(written.st_atime_ns, written.st_mtime_ns))
    if path.exists():
        waiting.replace(path)
    else:
        waiting.unlink()
        return 0
    return int(tokens.is_in([*now]).sum())


def _files(root: Path) -> Iterator[Path]:
    yield from sorted((root / "decisions").glob("????-??-??/*.parquet"))

"""Learning: what `train` and `evaluate` have in common on the command line."""

import fnmatch
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from app.detection.archived import read_archive
from app.detection.log import Log, read_log
from app.detection.recipe import FEATURES
from app.errors import ColumnMapError
from app.features.catalogue import NAMES, READABLE
from app.parquet import files
from app.settings import load
from app.sources.column_map import load_map
from app.sources.files import read

ARGUMENT = click.argument("file", type=click.Path(exists=True, path_type=Path))
MAP = click.option(
    "--map",
    "map_name",
    help="A column map: handbook, simulated, or a TOML file. An archive has none.",
)
PATTERNS = click.option(
    "--features",
    "patterns",
    help="Learn from these only: names of the catalogue, or of aggregates that the "
    "archive has, with commas, * for any letters.  [default: the recipe's]",
)


def log_of(
    file: Path,
    map_name: str | None,
    *,
    names: tuple[str, ...],
    until: datetime | None = None,
) -> Log:
    """Read a file and compute features, or read an archive, which has them.

    Raises:
        UsageError: a file without a map, or an archive with one.
        ColumnMapError: the file cannot be read, holds no payment, or has no labels.
        SmartbankError: the same of an archive.
    """
    if file.is_dir():
        if map_name is not None:
            message = f"--map: got {map_name!r}, expected none: {file} is an archive"
            raise click.UsageError(message)
        return read_archive(file, names=names, until=until)
    if map_name is None:
        message = f"--map: got none, expected what the columns of {file.name} are"
        raise click.UsageError(message)
    return _computed(file, map_name, names=names, until=until)


def _computed(
    file: Path, map_name: str, *, names: tuple[str, ...], until: datetime | None
) -> Log:
    """Compute the features of a file's payments, with a progress bar on a terminal."""
    if lacking := [name for name in names if name not in NAMES]:
        message = (
            f"{file}: got no {', '.join(lacking)}: aggregates are in an archive of "
            "decisions, not in a file"
        )
        raise ColumnMapError(message)
    columns = load_map(map_name)
    if columns.labels is None:
        message = f"column map {map_name!r}: got no [labels], which tell what was fraud"
        raise ColumnMapError(message)
    total, chunks = read(file, columns=columns, until=until)
    with bar("payments", total) as step:
        log = read_log(chunks, currency=load().currency, names=names, progress=step)
    if not len(log.days):
        message = f"{file}: got no payment that capture would take"
        raise ColumnMapError(message)
    return log


def chosen(file: Path, patterns: str | None) -> tuple[str, ...]:
    """Return the features that patterns name: the catalogue's, then an archive's own.

    Without patterns those of the recipe.

    Raises:
        UsageError: a pattern names none.
        SmartbankError: the archive cannot be read.
    """
    if patterns is None:
        return FEATURES
    names = list(NAMES)
    if file.is_dir():
        names += sorted(files.features(file).difference(READABLE))
    told = [pattern.strip() for pattern in patterns.split(",")]
    for pattern in told:
        if not fnmatch.filter(names, pattern):
            message = (
                f"--features: got {pattern!r}, expected names of the catalogue or of "
                "an archive's aggregates"
            )
            raise click.UsageError(message)
    return tuple(
        name for name in names if any(fnmatch.fnmatch(name, one) for one in told)
    )


@contextmanager
def bar(of: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show progress; what is given is called with how many more are done."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task(of, total=total)
        yield lambda done: progress.advance(task, done)

"""Learning: what `train` and `evaluate` have in common on the command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from app.detection.log import Log, read_log
from app.errors import ColumnMapError
from app.settings import load
from app.sources.column_map import load_map
from app.sources.files import read


def log_of(
    file: Path, map_name: str, *, names: tuple[str, ...], until: datetime | None = None
) -> Log:
    """Read a file and compute features, with a progress bar on a terminal.

    Raises:
        ColumnMapError: the file cannot be read, holds no payment, or has no labels.
    """
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

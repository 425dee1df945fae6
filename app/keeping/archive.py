"""Archive: Parquet files that are dropped by age, and folders that are empty then."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

KINDS = ("decisions", "labels")


def oldest(root: Path) -> dict[str, datetime]:
    """Return when the oldest file of each kind was written, by `archive.KIND`."""
    found = {}
    for kind in KINDS:
        if written := [at for _, at in _files(root / kind)]:
            found[f"archive.{kind}"] = min(written)
    return found


def enforce(root: Path, days: Mapping[str, int], *, now: datetime) -> int:
    """Delete files to which nothing was written for so long; return how many.

    A file that is put together of others meanwhile is as old as its youngest.

    Raises:
        OSError: a file cannot be deleted.
    """
    count = 0
    for kind in KINDS:
        if not (kept := days.get(f"archive.{kind}")):
            continue
        before = now - timedelta(days=kept)
        for path, written in list(_files(root / kind)):
            if written < before:
                path.unlink(missing_ok=True)
                count += 1
                with suppress(OSError):  # others are in it
                    path.parent.rmdir()
    return count


def _files(folder: Path) -> Iterator[tuple[Path, datetime]]:
    for path in sorted(folder.glob("????-??-??/*.parquet")):
        with suppress(FileNotFoundError):  # put together with others meanwhile
            yield path, datetime.fromtimestamp(path.stat().st_mtime, UTC)

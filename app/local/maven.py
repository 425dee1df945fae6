"""Maven: real servers as jars, fetched once and kept in the user's cache."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from app.errors import ServiceError


def cache_folder() -> Path:
    """Where fetched servers stay: `smartbank` in `$XDG_CACHE_HOME` or `~/.cache`."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "smartbank"


def missing(*programs: str) -> str:
    """Name those of the programs that this machine does not have, as a phrase.

    >>> missing("python3", "no-such-a", "no-such-b")
    'no-such-a and no-such-b'
    """
    return " and ".join(name for name in programs if shutil.which(name) is None)


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return the cache's folder `name`; the first time, let `make` fill it.

    The folder appears whole or not at all, so a run that was cut short does no harm;
    of two runs at the same time one fills it and the other waits.
    """
    folder = cache_folder() / name
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
                made = Path(fresh, name)
                made.mkdir()
                make(made)
                made.rename(folder)
    return folder


def copy_jars(name: str, folder: Path) -> None:
    """Fetch what `app/local/<name>-pom.xml` names into a folder.

    Raises:
        ServiceError: Maven could not bring them.
    """
    with as_file(files("app.local") / f"{name}-pom.xml") as pom:
        run(
            *("mvn", "-B", "-q", "-f", str(pom)),
            *("dependency:copy-dependencies", f"-DoutputDirectory={folder}"),
        )


def run(*command: str) -> None:
    """Run a program to its end.

    Raises:
        ServiceError: it failed; the message carries the end of its output.
    """
    done = subprocess.run(  # noqa: S603 - fixed words, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        output = done.stdout[-2000:].decode("utf-8", "replace")
        message = f"{command[0]} failed with {done.returncode}:\n{output}"
        raise ServiceError(message)

"""The stand-in: noida-db serves Kafka and Elasticsearch where Java is missing."""

from importlib.util import find_spec
from pathlib import Path

_found = find_spec("noida_db")
# The program itself, not its package's wrapper: a signal to that would not reach it.
PROGRAM = (
    str(Path(_found.origin).with_name("noida-db"))
    if _found and _found.origin
    else "noida-db"
)


def command(service: str, folder: Path, *, port: int) -> list[str]:
    """Build the command that serves one service on `port`, its data in `folder`.

    Never for its Mongo: that loses data.
    """
    return [
        *(PROGRAM, "start", "--data-dir", str(folder)),
        *("--only", service, f"--{service}-port", str(port)),
    ]

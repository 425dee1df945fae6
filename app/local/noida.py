"""The stand-in: noida-db serves Kafka and Elasticsearch where Java is missing."""

import sysconfig
from pathlib import Path

PROGRAM = str(Path(sysconfig.get_path("scripts"), "noida-db"))


def command(service: str, folder: Path, *, port: int) -> list[str]:
    """Build the command that serves one service on `port`, its data in `folder`.

    Never for its Mongo: that loses data.
    """
    return [
        *(PROGRAM, "start", "--data-dir", str(folder)),
        *("--only", service, f"--{service}-port", str(port)),
    ]

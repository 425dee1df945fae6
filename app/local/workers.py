"""Workers as children of this process: started, waited for, stopped like servers."""

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import httpx

from app.local.ports import LOOPBACK, free_port
from app.local.server import Server

WORKER = ("-m", "faust", "-A", "app.main", "worker", "--without-web")


def worker_server(
    folder: Path,
    *,
    name: str,
    role: str,
    environment: Mapping[str, str],
    port: int = 0,
) -> Server:
    """Prepare a worker of one role; it answers once its state is restored."""
    port = free_port(port)
    address = f"http://{LOOPBACK}:{port}"
    return Server(
        name=name,
        address=address,
        folder=folder.absolute(),
        command=[sys.executable, *WORKER, "--loglevel", "info"],
        answers=partial(answers, address),
        environment={
            **environment,
            "SMARTBANK_ROLE": role,
            "SMARTBANK_WORKER": name,
            "SMARTBANK_WEB_PORT": str(port),
            "SMARTBANK_DATA_DIR": os.fspath(folder),
        },
    )


def answers(address: str) -> bool:
    """Whether a worker is ready."""
    try:
        return httpx.get(f"{address}/readyz", timeout=2.0).is_success
    except httpx.HTTPError:
        return False

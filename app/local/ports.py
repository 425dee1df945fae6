"""Ports: free TCP ports on the loopback interface."""

import os
import random
import socket
import tempfile
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
RANGE = range(10_000, 32_768)
"""Below those that systems give to outgoing connections: one of these could take a
port after it is given out here, and before a server listens at it."""
LENT = Path(tempfile.gettempdir(), f"smartbank-ports-{os.getuid()}")
"""A file for each port that was given out, written to when it was."""
LEASE = 300.0
"""Seconds in which a server must listen at a port, before another one is given it."""


def free_port(preferred: int = 0) -> int:
    """Return `preferred` when nothing holds it, else a port that is free now.

    Nobody else of this user gets the same within five minutes, in whatever process;
    one that is preferred is asked for by name, and given whatever was lent.
    """
    wanted = [preferred] if preferred else []
    for port in (*wanted, *random.SystemRandom().sample(RANGE, k=100)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        if not _lent(port) or port == preferred:
            return port
    message = "got no free TCP port on 127.0.0.1; close some connections"
    raise OSError(message)


def _lent(port: int) -> bool:
    """Say whether somebody was given a port of late; else it is lent from now on."""
    path = LENT / str(port)
    try:
        LENT.mkdir(exist_ok=True)
        path.touch(exist_ok=False)
    except FileExistsError:
        if time.time() - path.stat().st_mtime < LEASE:
            return True
        path.touch()
    except OSError:
        return False  # no file can be made here: chance must do
    return False

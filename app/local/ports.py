"""Ports: free TCP ports on the loopback interface."""

import random
import socket

LOOPBACK = "127.0.0.1"
RANGE = range(10_000, 32_768)
"""Below those that systems give to outgoing connections: one of these could take a
port after it is given out here, and before a server listens at it."""


def free_port(preferred: int = 0) -> int:
    """Return `preferred` when nothing holds it, else a port that is free now.

    Two processes that ask at the same time get different ones, but for chance.
    """
    wanted = [preferred] if preferred else []
    for port in (*wanted, *random.SystemRandom().sample(RANGE, k=100)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    message = "got no free TCP port on 127.0.0.1; close some connections"
    raise OSError(message)

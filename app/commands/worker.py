"""Run a worker: score payments, deliver decisions, or both."""

import os
import signal
import subprocess
import sys
from types import FrameType

import click

from app.local.workers import WORKER


@click.command()
@click.option(
    "--role",
    type=click.Choice(["score", "deliver", "all"]),
    default="all",
    show_default=True,
    help="all is one process for each of the two.",
)
@click.option("--name", default="worker-1", show_default=True, help="Its name.")
@click.option("--port", default=8080, show_default=True, help="Its web server's port.")
@click.option("--loglevel", default="info", show_default=True)
def worker(*, role: str, name: str, port: int, loglevel: str) -> None:
    """Run a worker until it is told to stop (Ctrl-C or SIGTERM)."""
    roles = ["score", "deliver"] if role == "all" else [role]
    commands = [
        (
            [sys.executable, *WORKER, "--loglevel", loglevel],
            {
                **os.environ,
                "SMARTBANK_ROLE": one,
                "SMARTBANK_WORKER": name,
                "SMARTBANK_WEB_PORT": str(port + number if port else 0),
            },
        )
        for number, one in enumerate(roles)
    ]
    if len(commands) == 1:
        command, environment = commands[0]
        os.execve(command[0], command, environment)  # noqa: S606 - becomes the worker
    sys.exit(_supervise(commands))


def _supervise(commands: list[tuple[list[str], dict[str, str]]]) -> int:
    """Run processes side by side; when one ends, end the others.

    Returns the exit status of the one that ended first.
    """
    processes = [
        subprocess.Popen(command, env=environment)  # noqa: S603 - our own commands
        for command, environment in commands
    ]

    def end(_: int, __: FrameType | None) -> None:
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while True:
        ended, status = os.wait()
        others = [process for process in processes if process.pid != ended]
        for process in others:
            process.terminate()
        for process in others:
            process.wait()
        return os.waitstatus_to_exitcode(status)

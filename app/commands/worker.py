"""Run a worker: score payments, deliver decisions, keep sketches, or all of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

import click

from app.engine.errors import REPLACED
from app.local.workers import WORKER
from app.settings import load, secret
from app.token_keys import tokens_of

ROLES = ("score", "deliver", "sketch")
LONGEST_PAUSE = 30.0  # seconds
LOOK = 0.1


@click.command()
@click.option(
    "--role",
    type=click.Choice([*ROLES, "all"]),
    default="all",
    show_default=True,
    help="all is one process for each of the three.",
)
@click.option("--name", default="worker-1", show_default=True, help="Its name.")
@click.option("--port", default=8080, show_default=True, help="Its web server's port.")
@click.option("--loglevel", default="info", show_default=True)
def worker(*, role: str, name: str, port: int, loglevel: str) -> None:
    """Run a worker until it is told to stop (Ctrl-C or SIGTERM).

    One that crashes is started again, after pauses that grow to half a minute, and
    goes on from its last checkpoint; not so one that a later worker of the same name
    has replaced.
    """
    settings = load()
    secret(settings.session_key, "session_key")
    roles = ROLES if role == "all" else (role,)
    if "score" in roles:
        tokens_of(settings)
    keepers = [
        Keeper(
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
    sys.exit(keep(keepers))


@dataclass
class Keeper:
    """Keeps one process running."""

    command: Sequence[str]
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    due: float = 0.0
    started: float = 0.0
    pause: float = 1.0

    def look(self, now: float) -> int | None:
        """Start the process where it is due; return its status if it is to stay down.

        `now` is in seconds, of a clock that never goes back.
        """
        if self.process is None:
            if now >= self.due:
                self.process = subprocess.Popen(  # noqa: S603 - our own command
                    _guarded(self.command), env=self.environment
                )
                self.started = now
            return None
        status = self.process.poll()
        if status is None:
            return None
        self.process = None
        if status in {0, REPLACED}:
            return status
        if now - self.started > LONGEST_PAUSE:
            self.pause = 1.0
        click.echo(f"worker ended ({status}); again in {self.pause:g} s", err=True)
        self.due = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return None

    def end(self) -> None:
        """Ask the process to stop."""
        if self.process is not None:
            self.process.terminate()

    def wait(self) -> None:
        """Wait until the process has stopped."""
        if self.process is not None:
            self.process.wait()


def keep(keepers: Sequence[Keeper]) -> int:
    """Keep processes running until told to stop, or until one is to stay down.

    Returns the status of that one; 0 when told to stop.
    """
    told: list[int] = []

    def tell(number: int, _: FrameType | None) -> None:
        told.append(number)

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    status: int | None = None
    while not told and status is None:
        for keeper in keepers:
            if (status := keeper.look(time.monotonic())) is not None:
                break
        else:
            time.sleep(LOOK)
    for keeper in keepers:
        keeper.end()
    for keeper in keepers:
        keeper.wait()
    return status or 0


def _guarded(command: Sequence[str]) -> list[str]:
    """Have the process end when this one is killed (Linux)."""
    guard = shutil.which("setpriv")
    return [guard, "--pdeathsig", "TERM", "--", *command] if guard else [*command]

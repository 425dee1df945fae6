"""The demo's house: servers, workers and one user, in a folder that is made anew."""

import asyncio
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.errors import ServiceError
from app.local.server import Server
from app.local.stack import Stack
from app.local.workers import worker_server
from app.privacy.envelopes import KEY_BYTES

USER = "demo"
LOOK = 0.5  # seconds between two looks whether the workers are alive


@dataclass(frozen=True)
class Demo:
    """A bank that is being watched, and who may look on.

    The workers that score come first; the first one's address is the console's.
    """

    stack: Stack
    workers: list[Server]
    environment: Mapping[str, str]
    password: str

    async def keep_alive(self) -> None:
        """Start again, under its own name, whatever worker has ended."""
        while True:
            await asyncio.sleep(LOOK)
            for worker in self.workers:
                worker.start()


@contextmanager
def housed(folder: Path, *, port: int, scorers: int) -> Iterator[Demo]:
    """Start servers and workers, and stop them at the end; nothing of it is kept.

    `port` is the first worker's, if it is free.

    Raises:
        ServiceError: something could not be started, or another demo runs here.
    """
    with _alone(folder):
        try:
            with Stack(folder / "servers") as stack:
                password = secrets.token_urlsafe(12)
                environment = {
                    **stack.environment(),
                    "SMARTBANK_USERS_FILE": str(users_file(folder, password)),
                    "SMARTBANK_READINGS_KEYS": _readings_keys(),
                }
                roles = ["score"] * scorers + ["deliver", "sketch"]
                workers = [
                    worker_server(
                        folder / "workers",
                        name=f"worker-{number}",
                        role=role,
                        environment=environment,
                        port=port if number == 1 else 0,
                    )
                    for number, role in enumerate(roles, 1)
                ]
                try:
                    for worker in workers:
                        worker.start()
                    for worker in workers:
                        worker.wait_until_ready()
                    yield Demo(stack, workers, environment, password)
                finally:
                    for worker in workers:
                        worker.ask_to_stop()
                    for worker in workers:
                        worker.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold an empty folder that no other demo holds.

    Raises:
        ServiceError: another one does.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = (
                f"another demo runs in {folder}; stop it, or set SMARTBANK_DATA_DIR"
            )
            raise ServiceError(message) from error
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield
    finally:
        os.close(number)


def _readings_keys() -> str:
    """Make two keys that devices seal with: the second one takes the first one's place.

    The workers open what either has sealed.
    """
    return ",".join(f"{kid}:{secrets.token_hex(KEY_BYTES)}" for kid in ("k1", "k2"))


def users_file(folder: Path, password: str) -> Path:
    """Write the users file with the one who looks on."""
    made = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "web.users", USER, "admin"],
        input=password.encode(),
        capture_output=True,
        check=True,
    )
    path = folder / "users.jsonl"
    path.touch(mode=0o600)
    path.write_bytes(made.stdout)
    return path

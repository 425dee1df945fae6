"""A server: one child process with a port and a data folder of its own."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from app.errors import ServiceError

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_LOG_END = 2000  # bytes of its log that a failure quotes
_POLL = 0.05  # seconds between two looks at a process that starts or ends


@dataclass(kw_only=True)
class Server:
    """A process that can be started, waited for, stopped, killed and restarted.

    It keeps its port and its data folder over a restart. With `outlives` it stays
    when the process that started it ends; else it dies with it, even by kill -9
    (Linux), provided that `start` is called on the main thread.

    Attributes:
        address: what its clients connect to.
        command: the program and its arguments; one names `folder`, by which a
            process started by an earlier command is known again.
        answers: whether it answers a real request of its protocol now.
        stand_in: says so when it is not the real thing; else empty.
        environment: added to that of this process.
        pid: the running process.
    """

    name: str
    address: str
    folder: Path
    command: list[str]
    answers: Callable[[], bool]
    stand_in: str = ""
    outlives: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    pid: int | None = None

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start the process; no effect when it runs."""
        if self.alive():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.command
        guard = shutil.which("setpriv")  # asks the kernel: when my parent dies, I do
        if guard and not self.outlives:
            command = [guard, "--pdeathsig", "KILL", "--", *command]
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            self.pid = os.posix_spawnp(
                command[0],
                command,
                {**os.environ, **self.environment},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, _STDIN, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, _STDOUT, str(self.log), append, 0o600),
                    (os.POSIX_SPAWN_DUP2, _STDOUT, _STDERR),
                ],
                setsid=True,  # a Ctrl-C at the terminal is the parent's to handle
                setsigdef=[signal.SIGPIPE],
            )
        except OSError as error:
            message = f"{self.name}: cannot run {command[0]}: {error.strerror}"
            raise ServiceError(message) from error

    def wait_until_ready(self, timeout: float = 180.0) -> None:
        """Return as soon as the server answers.

        Raises:
            ServiceError: it ended, or did not answer within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not self.answers():
            if not self.alive():
                self._fail("ended while starting")
            if time.monotonic() > deadline:
                self._fail(f"gave no answer within {timeout:g} s")
            time.sleep(_POLL)

    def ask_to_stop(self) -> bool:
        """Send SIGTERM, and wait for nothing; return whether there was a process."""
        return self._signal(signal.SIGTERM)

    def stop(self, grace: float = 20.0) -> None:
        """End the process with SIGTERM, after `grace` seconds with SIGKILL."""
        if self.ask_to_stop() and not self._ended_within(grace):
            self.kill()
        self.pid = None

    def kill(self) -> None:
        """End the process with SIGKILL: a crash, no time to tidy up."""
        if self._signal(signal.SIGKILL):
            self._ended_within(grace=10.0)
        self.pid = None

    def restart(self) -> None:
        """Start again on the same port and data, and wait until it answers."""
        self.stop()
        self.start()
        self.wait_until_ready()

    def alive(self) -> bool:
        """Whether the process runs (and is still this server's, not another's)."""
        if self.pid is None:
            return False
        try:
            ended, _ = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:  # started by an earlier command
            return self._is_ours(self.pid)
        return not ended

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return os.fsencode(self.folder) in words

    def _signal(self, number: signal.Signals) -> bool:
        if self.pid is None or not self.alive():
            return False
        os.kill(self.pid, number)
        return True

    def _ended_within(self, grace: float) -> bool:
        deadline = time.monotonic() + grace
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def _fail(self, what: str) -> NoReturn:
        said = self.log.read_bytes()[-_LOG_END:].decode("utf-8", "replace")
        message = f"{self.name} ({self.address}) {what}; {self.log}:\n{said}"
        raise ServiceError(message)

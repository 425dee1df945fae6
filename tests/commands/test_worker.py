"""The worker command keeps its processes running, and knows when not to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.commands.worker import Keeper
from app.engine.errors import REPLACED

ENDLESS = ["sh", "-c", 'trap "exit 3" USR1; touch "$SET"; while :; do sleep 0.02; done']


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Give the file that a process makes once its trap is set."""
    return tmp_path / "set"


@pytest.fixture
def keeper(trap: Path) -> Iterator[Keeper]:
    keeper = Keeper(ENDLESS, os.environ | {"SET": str(trap)})
    yield keeper
    keeper.end()
    keeper.wait()


def ended(keeper: Keeper, number: signal.Signals = signal.SIGKILL) -> None:
    """End the process, and return when it has."""
    process = keeper.process
    assert process is not None
    process.send_signal(number)
    process.wait()


def test_a_process_that_crashes_is_started_again_after_pauses_that_grow(keeper: Keeper):
    keeper.look(0.0)
    ended(keeper)

    assert keeper.look(12.0) is None
    keeper.look(12.9)
    assert keeper.process is None
    keeper.look(13.0)
    ended(keeper)
    keeper.look(14.0)
    keeper.look(15.9)
    assert keeper.process is None
    keeper.look(16.0)
    assert keeper.process is not None


def test_after_half_a_minute_of_work_the_pause_is_short_again(keeper: Keeper):
    keeper.pause = 16.0
    keeper.look(0.0)
    ended(keeper)
    keeper.look(60.0)

    assert keeper.due == 61.0


def test_a_process_that_was_replaced_stays_down(keeper: Keeper, trap: Path):
    keeper.look(0.0)
    until(trap.exists)
    ended(keeper, signal.SIGUSR1)

    assert keeper.look(50.0) == REPLACED


def test_a_wrong_setting_is_told_in_a_line_and_nothing_is_started(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SMARTBANK_SESSION_KEY", "cd" * 32)
    monkeypatch.setenv("SMARTBANK_TOKEN_KEY", "too short")

    done = CliRunner().invoke(main, ["worker", "--role", "score"])

    assert done.exit_code == 1
    assert done.output.startswith("Error: SMARTBANK_TOKEN_KEY: expected at least 64")


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_a_worker_ends_when_its_command_is_killed(trap: Path):
    code = (
        "import os, sys, time; from app.commands.worker import Keeper;"
        f"one = Keeper({ENDLESS}, dict(os.environ)); one.look(0.0);"
        "print(one.process.pid, flush=True); time.sleep(60)"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env=os.environ | {"SET": str(trap)},
    )
    assert command.stdout is not None
    pid = int(command.stdout.readline())
    until(trap.exists)  # before, it is not tied to its command yet

    command.kill()
    command.wait()
    command.stdout.close()

    until(lambda: not _runs(pid))


def until(done: Callable[[], bool]) -> None:
    """Wait until something is so, at most a minute."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"

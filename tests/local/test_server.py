"""A server starts, is waited for, stops, and leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.errors import ServiceError
from app.local.server import Server

OBEYS = "import signal; signal.pause()"
STUBBORN = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1], 'deaf').touch()
signal.pause()
"""


@pytest.fixture
def make(tmp_path: Path):
    """Build a server that runs a line of Python; stop it in the end."""
    made: list[Server] = []

    def build(code: str, **options: object) -> Server:
        defaults = {"answers": lambda: True, "outlives": False}
        server = Server(
            name="child",
            address="nowhere",
            folder=tmp_path,
            command=[sys.executable, "-c", code, str(tmp_path)],
            **(defaults | options),  # type: ignore[arg-type]
        )
        made.append(server)
        return server

    yield build
    for server in made:
        server.kill()


def _runs(pid: int) -> bool:
    return bool(Path(f"/proc/{pid}/cmdline").exists()) and bool(
        Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def _until(condition, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def test_stop_leaves_no_process(make):
    server = make(OBEYS)
    server.start()
    pid = server.pid

    server.stop()

    assert not server.alive()
    assert not _runs(pid)


def test_a_server_that_ignores_the_wish_to_stop_is_killed(make, tmp_path: Path):
    server = make(STUBBORN)
    server.start()
    pid = server.pid
    assert _until((tmp_path / "deaf").exists)

    server.stop(grace=0.1)

    assert not _runs(pid)


def test_starting_twice_starts_one(make):
    server = make(OBEYS)
    server.start()
    pid = server.pid

    server.start()

    assert server.pid == pid


def test_a_server_that_ends_while_starting_shows_its_last_words(make):
    server = make("print('no room for data'); exit(3)", answers=lambda: False)
    server.start()

    with pytest.raises(ServiceError, match="no room for data"):
        server.wait_until_ready()


def test_a_server_that_never_answers_is_given_up(make):
    server = make(OBEYS, answers=lambda: False)
    server.start()

    with pytest.raises(ServiceError, match=r"gave no answer within 0\.1 s"):
        server.wait_until_ready(timeout=0.1)


def test_a_program_that_is_not_there_is_named(make):
    server = make(OBEYS, outlives=True)
    server.command = ["no-such-program"]

    with pytest.raises(ServiceError, match="cannot run no-such-program"):
        server.start()


PARENT = """
import pathlib, signal, sys
from app.local.server import Server
server = Server(
    name="child",
    address="nowhere",
    folder=pathlib.Path(sys.argv[1]),
    command=[sys.executable, "-c", "import signal; signal.pause()", sys.argv[1]],
    answers=lambda: True,
    outlives=sys.argv[2] == "outlives",
)
server.start()
print(server.pid, flush=True)
signal.pause()
"""


def _child_of_a_killed_parent(folder: Path, how: str) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), how], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        command = Path(f"/proc/{pid}/cmdline")
        assert _until(lambda: command.read_bytes().startswith(sys.executable.encode()))
        parent.kill()
    return pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children")
def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path):
    pid = _child_of_a_killed_parent(tmp_path, "dies")

    assert _until(lambda: not _runs(pid))


def test_a_child_that_outlives_its_parent_is_found_and_stopped_later(tmp_path: Path):
    pid = _child_of_a_killed_parent(tmp_path, "outlives")
    later = Server(
        name="child",
        address="nowhere",
        folder=tmp_path,
        command=[],
        answers=lambda: True,
        outlives=True,
        pid=pid,
    )

    found = later.alive()
    later.stop()

    assert found
    assert not _runs(pid)


def test_a_process_of_another_folder_under_the_same_number_is_left_alone(
    make, tmp_path: Path
):
    (tmp_path / "other").mkdir()
    pid = _child_of_a_killed_parent(tmp_path / "other", "outlives")
    mine = make(OBEYS)
    mine.folder = tmp_path / "mine"
    mine.pid = pid

    mine.kill()

    assert _runs(pid)
    os.kill(pid, signal.SIGKILL)

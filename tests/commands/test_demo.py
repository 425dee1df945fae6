"""`smartbank demo`: the whole product by one command, as a newcomer runs it."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from app.cli import main
from app.commands.demo import CUSTOMERS, HISTORY, PAYMENTS_A_DAY, RATE
from app.features.clock import DAY, HOUR, microseconds
from app.simulate.bank import Bank

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
DEMO = [sys.executable, "-c", "from app.cli import main; main()", "demo"]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "SMARTBANK_DATA_DIR": str(folder),
        "SMARTBANK_WEB_PORT": "0",
        "COLUMNS": "200",
    }


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a demo; whatever happens, it is told to stop and has stopped after."""
    demo = subprocess.Popen(
        [*DEMO, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(folder),
    )
    with demo:
        try:
            yield demo
        finally:
            if demo.poll() is None:
                demo.send_signal(signal.SIGINT)
                demo.wait(240)


def descendants(pid: int) -> set[int]:
    """Return the processes that a process has started, and those that they have."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
            found.update(map(int, task.read_text().split()))
    return found.union(*map(descendants, found))


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


@pytest.mark.slow
def test_so_many_payments_are_decided_and_summed_up_in_the_last_line(tmp_path: Path):
    done = subprocess.run(
        [*DEMO, "--transactions", "500", "--workers", "1", "--exit", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(tmp_path),
    )

    report = msgspec.json.decode(done.stdout.splitlines()[-1])
    assert (report["sent"], report["decided"]) == (500, 500)
    assert (report["lost"], report["duplicated"]) == (0, 0)
    assert sum(report["outcomes"].values()) == 500
    assert report["per_second"] > 0
    assert 0 < report["p50_ms"] <= report["p99_ms"]
    assert "password" in done.stderr
    assert not (tmp_path / "demo").exists()


@pytest.mark.slow
def test_a_killed_worker_comes_back_and_ctrl_c_leaves_nothing_running(tmp_path: Path):
    with running(tmp_path, "--rate", "50") as demo:
        assert demo.stdout
        guide = ""
        while "Ctrl-C" not in guide:
            guide += (line := demo.stdout.readline())
            assert line, f"the demo ended: {guide}"
        address, password = (
            re.search(pattern, guide)[1]  # type: ignore[index]
            for pattern in (r"(http://\S+)/ui/", r"password (\S+)")
        )
        children = descendants(demo.pid)

        def workers() -> dict[str, dict[str, object]]:
            try:
                answer = httpx.get(
                    f"{address}/v1/workers", auth=("demo", password), timeout=30
                )
            except httpx.TransportError:
                return {}
            found = answer.json()["workers"] if answer.is_success else []
            return {one["worker"]: one for one in found}

        _until(lambda: len(workers()) == 4 and _decided(workers()) > 0)
        victim = int(re.search(r"kill -9 (\d+)", guide)[1])  # type: ignore[index]
        os.kill(victim, signal.SIGKILL)
        _until(lambda: "worker-1" in workers() and _decided(workers()) > 0)
        demo.send_signal(signal.SIGINT)
        said, _ = demo.communicate(timeout=300)

    assert demo.returncode == 0
    assert " 0 lost" in said
    assert len(children) >= 7
    _until(lambda: alive(children) == set())


def _decided(workers: dict[str, dict[str, object]]) -> int:
    return sum(int(str(one["decided"])) for one in workers.values())


def _until(done: Callable[[], bool], *, patience: float = 300.0) -> None:
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.3)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--exit"], "--exit needs an end"),
        (["--replay", __file__], "--replay and --map go together"),
        (["--map", "handbook"], "--replay and --map go together"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: list[str], complaint: str
):
    done = CliRunner().invoke(main, ["demo", *arguments])

    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


def test_two_demos_in_one_folder_are_one_too_many(tmp_path: Path):
    lock = tmp_path / "demo.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = subprocess.run(
            DEMO, capture_output=True, text=True, check=False, env=environment(tmp_path)
        )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: another demo runs in")


def test_for_hours_nobody_pays_so_often_that_rules_which_count_would_tell():
    began = NOW - HISTORY
    now = microseconds(NOW)
    bank = Bank(
        customers=CUSTOMERS,
        payments_a_day=PAYMENTS_A_DAY,
        start=began.date(),
        trips=False,
        app=False,
    )

    paid: defaultdict[bytes, list[int]] = defaultdict(list)
    past, often = 0, Counter[bool]()
    for chunk in bank.live(rate=RATE, since=microseconds(began), clock=lambda: now):
        if chunk.times[0] > now + 2.5 * HOUR:
            break
        for at, key in zip(chunk.times, chunk.keys, strict=True):
            paid[key].append(at)
            if at < now:
                past += 1
            else:
                often[len(paid[key]) - bisect(paid[key], at - DAY) > 7] += 1
    assert past < 85_000  # decided within seconds
    assert often.total() == pytest.approx(2.5 * 3_600 * RATE, abs=10)
    assert often[True] < 0.05 * often.total()

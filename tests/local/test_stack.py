"""The stack starts all servers, tells workers of them, and is found again."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from app.local.stack import Stack
from app.settings import load, secret


@pytest.mark.slow
def test_services_stay_up_until_they_are_taken_down(tmp_path: Path):
    def smartbank(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sysconfig.get_path("scripts"), "smartbank"), *words],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    before = smartbank("services", "status")
    up = smartbank("services", "up")
    try:
        for _ in range(60):  # one that just woke up may be slow to answer
            status = smartbank("services", "status")
            if status.returncode == 0:
                break
        stack = Stack(tmp_path / ".run" / "services")
        settings = load(stack.environment())
        pids = {server.pid for server in stack.servers.values()}
        again = smartbank("services", "up")
        same = {server.pid for server in Stack(stack.folder).servers.values()}
    finally:
        down = smartbank("services", "down")
    after = smartbank("services", "status")

    assert before.returncode == 1
    assert "smartbank services up" in before.stdout
    assert up.returncode == 0, up.stderr
    assert status.returncode == 0
    assert status.stdout.count(" up ") == len(stack.servers)
    assert settings.kafka == stack.servers["kafka"].address
    assert len(secret(settings.token_key, "token_key")) == 32
    assert again.returncode == 0
    assert same == pids
    assert down.returncode == 0
    assert after.returncode == 1
    assert after.stdout.count(" stopped ") == len(stack.servers)


def test_keys_are_made_once_and_only_the_owner_reads_them(tmp_path: Path):
    first = Stack(tmp_path).environment()
    second = Stack(tmp_path).environment()

    settings = load(first)
    assert first == second
    assert settings.token_key != settings.session_key
    for name in ("TOKEN_KEY", "SESSION_KEY"):
        path = Path(first[f"SMARTBANK_{name}_FILE"])
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_server_that_cannot_start_takes_the_others_down(tmp_path: Path):
    (tmp_path / "kafka").touch()  # where its data folder should be
    stack = Stack(tmp_path)

    with pytest.raises(FileExistsError):
        stack.start()

    assert set(stack.servers) == {"elastic", "mongo"}
    assert not any(server.alive() for server in stack.servers.values())

"""What is fetched is kept: once, whoever else fetches it at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from app.local.maven import kept


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_of_two_who_need_it_one_fetches_and_the_other_waits():
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        sleep(0.2)
        (folder / "server.jar").touch()

    with ThreadPoolExecutor() as two:
        found = list(two.map(lambda _: kept("server", make), range(2)))

    assert len(made) == 1
    assert [(folder / "server.jar").exists() for folder in found] == [True, True]


def test_what_could_not_be_fetched_is_fetched_the_next_time():
    def fail(folder: Path) -> None:
        (folder / "half.jar").touch()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        kept("server", fail)
    found = kept("server", lambda folder: (folder / "server.jar").touch())

    assert [path.name for path in found.iterdir()] == ["server.jar"]

"""The doctor's checks judge what they are shown and say how to get the rest."""

import socket
from pathlib import Path

from app.local.checks import checks, data_folder, key, program, web_port
from app.local.ports import LOOPBACK, free_port
from app.settings import Settings


def test_everything_that_is_not_good_comes_with_a_remedy(tmp_path: Path):
    away = f"127.0.0.1:{free_port()}"
    settings = Settings(
        data_dir=str(tmp_path),
        kafka=away,
        mongo=f"mongodb://{away}",
        elastic=f"http://{away}",
    )

    found = {check.name: check for check in checks(settings)}

    assert {name for name, check in found.items() if check.needed} == {
        "Python",
        "data folder",
        "secantusd-py",
    } | ({"noida-db"} if not (found["Java"].good and found["mvn"].good) else set())
    assert not found["Kafka"].good
    assert not found["Mongo"].good
    assert not found["Elasticsearch"].good
    assert all(check.remedy for check in found.values() if not check.good)


def test_a_key_that_does_not_fit_is_needed_and_never_shown():
    check = key("token_key", "5ec2e7")

    assert check.needed
    assert not check.good
    assert "5ec2e7" not in check.remedy + check.found


def test_a_key_that_fits_is_good():
    assert key("token_key", "ab" * 32).good


def test_a_key_that_is_not_set_is_no_obstacle():
    assert not key("token_key", "").needed


def test_a_web_port_that_is_held_is_not_good():
    with socket.create_server((LOOPBACK, 0)) as taken:
        check = web_port(taken.getsockname()[1])

    assert not check.good


def test_a_data_folder_below_a_file_is_not_good(tmp_path: Path):
    (tmp_path / "file").touch()

    assert not data_folder(tmp_path / "file" / "data").good
    assert data_folder(tmp_path / "new" / "data").good


def test_a_program_that_is_missing_is_not_good():
    assert not program("no-such-program", "get it").good
    assert program("sh", "get it").good

"""Users: hashes, roles and the file they come from."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from app.errors import SettingError
from tests.web.site import PASSWORD, hashed, user, users_file
from web.users import User, Users, at_least, hash_password, read_users, verify


def test_a_hash_fits_its_password_and_no_other():
    assert verify(PASSWORD, hashed())
    assert not verify(PASSWORD + "x", hashed())


def test_the_same_password_has_two_hashes():
    assert hash_password("a password") != hash_password("a password")


@pytest.mark.parametrize(
    ("role", "least", "may"),
    [
        ("viewer", "viewer", True),
        ("viewer", "analyst", False),
        ("manager", "analyst", True),
        ("manager", "admin", False),
    ],
)
def test_a_role_may_what_those_before_it_may(role, least, may):
    assert at_least(role, least) is may


def test_a_user_taken_out_of_the_file_is_gone_at_once(tmp_path: Path):
    path = tmp_path / "users.jsonl"
    users = Users(users_file(path, user("ann"), user("bob")))

    users_file(path, user("ann"))

    assert users.find("bob") is None
    assert users.find("ann") == user("ann")


def test_a_file_that_breaks_later_leaves_the_last_good_users(tmp_path: Path):
    path = tmp_path / "users.jsonl"
    users = Users(users_file(path, user("ann")))

    path.write_text("{")

    assert users.find("ann") == user("ann")
    assert "line 1" in users.trouble


def test_a_file_that_is_broken_at_the_start_is_refused(tmp_path: Path):
    path = tmp_path / "users.jsonl"
    path.write_text('{"name": "ann", "role": "king", "password": "x"}')

    with pytest.raises(SettingError, match="line 1"):
        Users(str(path))


def test_a_name_twice_is_refused():
    line = msgspec.json.encode(user("ann"))

    with pytest.raises(SettingError, match="line 2: ann is there twice"):
        read_users(line + b"\n" + line)


def test_without_a_file_nobody_may_log_in():
    assert len(Users("")) == 0


def test_the_command_prints_a_line_of_the_file():
    done = subprocess.run(
        [sys.executable, "-m", "web.users", "ann", "manager"],
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )

    made = msgspec.json.decode(done.stdout, type=User)
    assert (made.name, made.role) == ("ann", "manager")
    assert verify(PASSWORD, made.password)

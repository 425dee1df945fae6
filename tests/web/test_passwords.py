"""Passwords: right, wrong, too often wrong, and remembered for a moment."""

from pathlib import Path

import pytest

from tests.web.site import KEY, PASSWORD, user, users_file
from web.passwords import FREE, Passwords
from web.problems import Problem
from web.signatures import Signatures
from web.users import Users, verify


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passwords(tmp_path: Path, clock: Clock) -> Passwords:
    users = Users(users_file(tmp_path / "users.jsonl", user()))
    return Passwords(users, Signatures(KEY), clock=clock)


async def test_the_right_password_gives_the_user(passwords: Passwords):
    assert await passwords.check("ann", PASSWORD, cached=False) == user()


async def test_a_wrong_password_and_an_unknown_name_give_nobody(passwords: Passwords):
    assert await passwords.check("ann", "wrong", cached=False) is None
    assert await passwords.check("bob", PASSWORD, cached=False) is None


@pytest.mark.parametrize("name", ["ann", "nobody"])
async def test_wrong_passwords_slow_a_name_down_known_or_not(
    passwords: Passwords, clock: Clock, name: str
):
    for _ in range(FREE):
        await passwords.check(name, "wrong", cached=False)

    with pytest.raises(Problem) as refused:
        await passwords.check(name, PASSWORD, cached=False)
    assert refused.value.status == 429
    assert refused.value.headers["retry-after"] == "1"
    clock.now = 1.0
    await passwords.check(name, "wrong", cached=False)
    with pytest.raises(Problem, match="wait 2 s"):
        await passwords.check(name, PASSWORD, cached=False)


async def test_the_right_password_forgets_the_wrong_ones(passwords: Passwords):
    for _ in range(2):
        for _ in range(FREE - 1):
            await passwords.check("ann", "wrong", cached=False)
        right = await passwords.check("ann", PASSWORD, cached=False)

        assert right == user()


async def test_a_right_password_is_hashed_once_a_minute(tmp_path: Path, clock: Clock):
    checked = []

    def fits(password: str, hashed: str) -> bool:
        checked.append(password)
        return verify(password, hashed)

    users = Users(users_file(tmp_path / "users.jsonl", user()))
    passwords = Passwords(users, Signatures(KEY), clock=clock, fits=fits)
    for now in (0.0, 59.0, 61.0):
        clock.now = now
        assert await passwords.check("ann", PASSWORD, cached=True) == user()

    assert len(checked) == 2

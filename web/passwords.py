"""Passwords: checked off the loop, a few at a time, slower after each wrong one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from math import ceil

from web.problems import Problem
from web.signatures import Signatures
from web.users import LONGEST, User, Users, hash_password, verify

FREE = 5  # wrong passwords before a name has to wait
LONGEST_WAIT = 60  # seconds
REMEMBERED = 4096  # names with wrong passwords
AT_ONCE, QUEUE = 2, 32  # checks: each takes 32 MiB and 0.1 s of a core
CACHED_SECONDS = 60


class Passwords:
    """Says whose a name and a password are.

    An unknown name costs what a known one costs, and is slowed down alike, so that
    neither tells whether it exists.
    """

    def __init__(
        self,
        users: Users,
        signatures: Signatures,
        *,
        clock: Callable[[], float] = time.monotonic,
        fits: Callable[[str, str], bool] = verify,
    ) -> None:
        self._users = users
        self._seal = signatures.seal
        self._clock = clock
        self._fits = fits
        self._nobody = _nobody()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def check(self, name: str, password: str, *, cached: bool) -> User | None:
        """Return the user if the password is right.

        `cached` lets a check that was right within the last minute stand for this one.

        Raises:
            Problem: 429, too many wrong passwords for this name, or too many checks.
        """
        user = self._users.find(name)
        hashed = user.password if user else self._nobody
        sealed = self._seal(f"{name}\0{password}\0{hashed}".encode(errors="replace"))
        if cached and user and self._right.get(sealed, 0.0) > self._clock():
            return user
        self._refuse_haste(name)
        right = await self._verified(password, hashed)
        if user is None or not right:
            self._note_wrong(name)
            return None
        self._wrong.pop(name, None)
        self._right[sealed] = self._clock() + CACHED_SECONDS
        while len(self._right) > REMEMBERED:
            self._right.popitem(last=False)
        return user

    async def _verified(self, password: str, hashed: str) -> bool:
        if len(password) > LONGEST:
            return False
        if self._waiting >= QUEUE:
            raise _slow_down(1)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(self._fits, password, hashed)
        finally:
            self._waiting -= 1

    def _refuse_haste(self, name: str) -> None:
        _, until = self._wrong.get(name[:LONGEST], (0, 0.0))
        left = until - self._clock()
        if left > 0:
            raise _slow_down(ceil(left))

    def _note_wrong(self, name: str) -> None:
        name = name[:LONGEST]
        times = self._wrong.get(name, (0, 0.0))[0] + 1
        wait = min(2 ** (times - FREE), LONGEST_WAIT) if times >= FREE else 0
        self._wrong[name] = times, self._clock() + wait
        self._wrong.move_to_end(name)
        while len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)


@cache
def _nobody() -> str:
    """Return the hash that an unknown name's password is checked against."""
    return hash_password("nobody has this password")


def _slow_down(seconds: int) -> Problem:
    detail = f"wait {seconds} s before the next password"
    return Problem(429, detail, kind="slow-down", retry_after=seconds)

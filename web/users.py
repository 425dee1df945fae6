"""Users: who may log in, as what, and whether a password is theirs.

The users file holds one JSON object a line. `python -m web.users NAME ROLE` reads a
password and prints such a line.
"""

import argparse
import getpass
import hashlib
import hmac
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from app.errors import SettingError
from app.misfits import misfit

Role = Literal["viewer", "analyst", "manager", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "manager", "admin")
"""From the one who may least to the one who may most."""

COST, BLOCK, LANES = 2**15, 8, 1  # 32 MiB and about 0.1 s a guess
SALT_BYTES = 16
FEWEST = 12  # characters of a new password
LONGEST = 1024
_MEMORY = 256 * 1024 * 1024


class User(Struct, frozen=True, forbid_unknown_fields=True):
    """One who may log in; `password` is `scrypt$cost$block$lanes$salt$hash`."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9._@-]{1,64}$")]
    role: Role
    password: Annotated[
        str, Meta(pattern=r"^scrypt\$\d+\$\d+\$\d+\$[0-9a-f]{16,}\$[0-9a-f]{64}$")
    ]


def at_least(role: Role, least: Role) -> bool:
    """Whether a role may do what another may.

    >>> at_least("manager", "analyst"), at_least("viewer", "analyst")
    (True, False)
    """
    return ROLES.index(role) >= ROLES.index(least)


def hash_password(password: str, *, cost: int = COST) -> str:
    """Hash a password with scrypt (RFC 7914) and a random salt."""
    salt = os.urandom(SALT_BYTES)
    digest = _scrypt(password, salt, cost, BLOCK, LANES)
    return f"scrypt${cost}${BLOCK}${LANES}${salt.hex()}${digest.hex()}"


def verify(password: str, hashed: str) -> bool:
    """Whether a password is the one that was hashed; takes a tenth of a second."""
    _, cost, block, lanes, salt, digest = hashed.split("$")
    made = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(made, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(
        password.encode(errors="surrogatepass"),
        salt=salt,
        n=cost,
        r=block,
        p=lanes,
        maxmem=_MEMORY,
        dklen=32,
    )


class Users:
    """The users file, read again whenever it changes.

    A file that no longer can be read keeps nobody out who is in: the last good one
    stands, and `trouble` says why.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._stamp: tuple[int, int] = (0, 0)
        self._users: dict[str, User] = {}
        self.trouble = ""
        self._read()
        if self.trouble:
            raise SettingError(self.trouble)

    def __len__(self) -> int:
        return len(self._users)

    def find(self, name: str) -> User | None:
        """Return a user by name."""
        self._read()
        return self._users.get(name)

    def _read(self) -> None:
        if self._path is None:
            return
        try:
            stat = self._path.stat()
            stamp = stat.st_mtime_ns, stat.st_size
            if stamp != self._stamp:
                self._users = read_users(self._path.read_bytes())
                self._stamp = stamp
                self.trouble = ""
        except OSError as error:
            self.trouble = f"SMARTBANK_USERS_FILE: {self._path}: {error.strerror}"
        except SettingError as error:
            self.trouble = str(error)


def read_users(data: bytes) -> dict[str, User]:
    """Read users, one JSON object a line.

    Raises:
        SettingError: a line does not fit, or names a user twice.
    """
    users: dict[str, User] = {}
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            user = msgspec.json.decode(line, type=User)
        except msgspec.MsgspecError as error:
            message = f"SMARTBANK_USERS_FILE: line {number}: {error}"
            raise SettingError(message) from error
        if user.name in users:
            message = f"SMARTBANK_USERS_FILE: line {number}: {user.name} is there twice"
            raise SettingError(message)
        users[user.name] = user
    return users


def main() -> None:
    """Print the users file's line of one user; the password comes from the terminal."""
    parser = argparse.ArgumentParser(prog="python -m web.users", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("role", choices=ROLES)
    given = parser.parse_args()
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < FEWEST:
        parser.error(f"a password has at least {FEWEST} characters")
    line = {
        "name": given.name,
        "role": given.role,
        "password": hash_password(password),
    }
    try:
        user = msgspec.convert(line, User)
    except msgspec.ValidationError as error:
        parser.error(str(misfit(error, User)))
    sys.stdout.write(msgspec.json.encode(user).decode() + "\n")


if __name__ == "__main__":
    main()

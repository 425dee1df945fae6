"""Keys: secrets of one machine, made once and kept in files only the owner reads."""

import os
import secrets
from pathlib import Path

_BYTES = 32


def key_file(folder: Path, name: str) -> Path:
    """Return the file of a key (64 hexadecimal digits); make it the first time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = (folder / f"{name}.hex").absolute()
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(number, "w") as file:
        file.write(secrets.token_hex(_BYTES) + "\n")
    return path

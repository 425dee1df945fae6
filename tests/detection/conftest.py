"""What tests of detection share: a made-up bank, read once."""

from pathlib import Path

import pytest

from app.detection.log import Log, read_log
from app.sources.column_map import load_map
from app.sources.files import read
from tests.detection.builders import a_bank, write


def log_of(payments: Path, columns: Path) -> Log:
    """Read a file through the road."""
    _, chunks = read(payments, columns=load_map(str(columns)))
    return read_log(chunks, currency="EUR")


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a file of payments and its map."""
    return write(a_bank(), tmp_path_factory.mktemp("bank"))


@pytest.fixture(scope="session")
def log(bank: tuple[Path, Path]) -> Log:
    """Give the log of that file."""
    return log_of(*bank)

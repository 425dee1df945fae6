"""What tests of the web side may ask for."""

from pathlib import Path

import pytest

from tests.web.site import Site, user
from web import tradeoffs


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each answer the time that it takes on a machine that does much else."""
    monkeypatch.setattr(tradeoffs, "SECONDS", 3600.0)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a manager, an analyst and a viewer; its archive is there too."""
    names = (user("mia", "manager"), user("ann"), user("vic", "viewer"))
    return Site(tmp_path, users=names, data_dir=str(tmp_path))

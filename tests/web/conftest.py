"""What tests of the web side may ask for."""

from pathlib import Path

import pytest

from tests.web.site import Site, user


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a manager, an analyst and a viewer; its archive is there too."""
    names = (user("mia", "manager"), user("ann"), user("vic", "viewer"))
    return Site(tmp_path, users=names, data_dir=str(tmp_path))

"""Erasing from the customer's page: who may, what is asked first, and what is told."""

from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from app.events.erasures import Erased
from app.local.server import Server
from tests.web.console.parts import words
from tests.web.site import Site
from tests.web.test_erasures import a_site
from web.auth import Caller
from web.console.client import who
from web.console.managing import Manager
from web.console.pages import erasing
from web.problems import Problem
from web.users import Role

WHY = "asked for it in writing"


@pytest.fixture
def site(tmp_path: Path, mongo: Server) -> Site:
    database = f"erasing-{uuid4().hex[:8]}"
    return a_site(tmp_path, mongo=mongo.address, database=database)


def logged_in(role: Role, site: Site) -> Manager:
    who.set(Caller("mia", role, "session"))
    return Manager(site.context)


async def test_a_manager_is_told_what_goes_and_erases_with_a_reason(site: Site):
    manager = logged_in("manager", site)
    before = words(await erasing.shown(manager, "C1"))
    asked = words(erasing.asked("C1"))
    done = words(await erasing.erased(manager, "C1", reason=f" {WHY} "))
    after = words(await erasing.shown(manager, "C1"))

    (told,) = [one for one in site.outlet.sent if one[0] == "customer-activity"]
    assert "cannot be undone" in before
    assert all(line in asked for line in (*erasing.GOES, *erasing.STAYS))
    assert msgspec.json.decode(told[2], type=Erased).customer_id == "C1"
    assert f"by mia: {WHY}." in done
    assert f"by mia: {WHY}." in after
    assert "Once more…" in after


@pytest.mark.parametrize("reason", [None, "", "  x ", "x" * 201])
async def test_without_a_reason_nobody_is_erased(site: Site, reason: str | None):
    manager = logged_in("manager", site)
    told = words(await erasing.erased(manager, "C1", reason=reason))

    assert "expected 3 to 200" in told
    assert "Erase C1 for ever?" in told
    assert site.outlet.sent == []
    assert await manager.erasure("C1") is None


@pytest.mark.parametrize("role", ["viewer", "analyst"])
async def test_no_other_role_erases_or_learns_who_was_erased(site: Site, role: Role):
    manager = logged_in(role, site)

    with pytest.raises(Problem) as erased:
        await manager.erase("C1", reason=WHY)
    with pytest.raises(Problem) as learnt:
        await manager.erasure("C1")
    assert (erased.value.status, learnt.value.status) == (403, 403)
    assert site.outlet.sent == []

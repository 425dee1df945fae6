"""Groups by HTTP: from here, from the worker that keeps them, and from nowhere."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from msgspec.structs import replace

from app.engine.tables import Partition
from app.sketches.group_rows import GroupRow, SharedGroups, groups_of
from tests.sketches.doings import DAY, farm, sent, told
from tests.web.site import Site
from tests.web.test_transactions import pulse
from web import groups as asked


def kept(site: Site) -> None:
    """Have a site keep the groups of a fan-in, and of a farm a day later."""
    partition: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    groups = groups_of(partition, learn=True)
    assert groups
    events = [*(sent(f"c-{n}", "A1", n) for n in range(4)), *farm(5, 2 * DAY)]
    for one in told(*events):
        groups.learn(one)
    table = SimpleNamespace(name="groups", owned={0: partition})
    site.engine.tables["behaviours"] = table


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a worker that keeps groups."""
    site = Site(tmp_path)
    kept(site)
    return site


async def test_groups_are_told_with_who_moved_last_first(site: Site):
    async with site.client("ann") as client:
        answer = await client.get("/v1/groups")

    found = answer.json()
    assert answer.status_code == 200
    assert found["known"] == 2
    assert [one["size"] for one in found["groups"]] == [5, 4]
    assert found["groups"][1]["why"] == [
        {"members": 4, "reason": "4 of 4 pay A1 for the first time"}
    ]
    assert {"one": "c-0", "other": "c-3"} in found["groups"][1]["links"]


async def test_one_group_is_told_by_its_id(site: Site):
    async with site.client("ann") as client:
        (_, first) = (await client.get("/v1/groups")).json()["groups"]
        answer = await client.get(f"/v1/groups/{first['id']}")
        missing = await client.get("/v1/groups/G999")

    assert answer.json() == first
    assert missing.status_code == 404
    assert "no group 'G999'" in missing.json()["detail"]


async def test_a_group_that_is_not_shown_any_more_is_told_by_its_id(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    async with site.client("ann") as client:
        (_, old) = (await client.get("/v1/groups")).json()["groups"]
        monkeypatch.setattr(asked, "MOST", 1)
        shown = (await client.get("/v1/groups")).json()["groups"]
        answer = await client.get(f"/v1/groups/{old['id']}")

    assert old not in shown
    assert answer.json() == old


async def test_groups_are_not_for_viewers(site: Site):
    async with site.client("vic") as client:
        answer = await client.get("/v1/groups")

    assert answer.status_code == 403


async def test_groups_are_fetched_from_the_worker_that_keeps_them(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    two = Site(tmp_path / "two")
    kept(two)
    others = httpx.ASGITransport(cast("Any", two.application))
    one = Site(tmp_path / "one", others=others)
    keeper = replace(pulse("http://two"), role="sketch", owned={"behaviours": [0]})
    one.context.cluster.add(keeper)
    async with one.client("ann") as client:
        answer = await client.get("/v1/groups")
        identity = answer.json()["groups"][1]["id"]
        found = await client.get(f"/v1/groups/{identity}")
        missing = await client.get("/v1/groups/G999")

    assert answer.json()["known"] == 2
    assert found.json() == answer.json()["groups"][1]
    assert missing.status_code == 404
    assert "no group 'G999'" in missing.json()["detail"]


async def test_where_nothing_was_told_there_are_none(tmp_path: Path):
    site = Site(tmp_path)
    empty: Partition[GroupRow] = Partition(GroupRow, SharedGroups)
    table = SimpleNamespace(name="groups", owned={0: empty})
    site.engine.tables["behaviours"] = table
    async with site.client("ann") as client:
        answer = await client.get("/v1/groups")

    assert answer.json() == {"known": 0, "groups": []}


async def test_while_nobody_keeps_groups_they_are_to_be_asked_for_again(tmp_path: Path):
    async with Site(tmp_path).client("ann") as client:
        answer = await client.get("/v1/groups")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0

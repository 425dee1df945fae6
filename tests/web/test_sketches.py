"""Sketches by HTTP: put together over workers, for analysts, and checked."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest

from app.sketches.observed import Observed
from app.sketching import filters_of
from tests.sketches.builders import four, many
from tests.web.pulses import a_pulse
from tests.web.site import Site

PAYMENTS = many(range(600))


def keeping(site: Site, partitions: Iterable[int], payments: list[Observed]) -> Site:
    """Have a site keep the sketches of some partitions, as role `sketch` does."""
    known = four(payments, filters_of(site.settings))
    owned = {number: known[number] for number in partitions}
    site.engine.tables = {"decisions": SimpleNamespace(name="sketches", owned=owned)}
    return site


@pytest.fixture
def one(tmp_path: Path) -> Site:
    """Give a worker that has two partitions of four; the second one has the others."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    two = keeping(Site(tmp_path / "two"), (2, 3), PAYMENTS)
    others = httpx.ASGITransport(cast("Any", two.application))
    found = keeping(Site(tmp_path / "one", others=others), (0, 1), PAYMENTS)
    owned = {"decisions": [2, 3]}
    found.context.cluster.add(
        a_pulse("two", role="sketch", url="http://two", owned=owned)
    )
    return found


async def asked(site: Site, target: str, *, name: str = "ann") -> httpx.Response:
    async with site.client(name) as client:
        return await client.get(target)


async def test_all_workers_together_tell_what_one_would(one: Site, tmp_path: Path):
    whole = keeping(Site(tmp_path), range(4), PAYMENTS)

    for target in ("/v1/sketches", "/v1/samples", "/v1/samples?outcome=decline"):
        parts, of_one = await asked(one, target), await asked(whole, target)
        assert parts.status_code == 200
        assert parts.json() == of_one.json()
        assert parts.json()["answered"] == 4


async def test_a_card_is_looked_for_by_its_token_and_its_number_is_not_repeated(
    one: Site,
):
    number = "4539578763621486"
    right = await asked(one, f"/v1/sketches/seen?kind=card&value={number}")
    wrong = await asked(one, "/v1/sketches/seen?kind=card&value=4539578763621487")

    assert right.status_code == 200
    assert right.json()["known_as"].startswith("k1_")
    assert number not in right.text
    assert wrong.status_code == 422
    assert "453957876362" not in wrong.text


async def test_the_summary_tells_fill_error_and_strata(one: Site):
    answer = await asked(one, "/v1/sketches")
    told = answer.json()

    assert "-0.0" not in answer.text
    devices = next(f for f in told["filters"] if f["kind"] == "device")
    assert len(told["filters"]) == 8
    assert devices["things"] == 600
    assert 0 < devices["fill"] < 0.01
    assert devices["measured"] <= devices["configured"] == 0.01
    assert sum(one["seen"] for one in told["strata"]) == 600
    assert max(one["kept"] for one in told["strata"]) == 32


async def test_a_sample_can_be_of_a_stratum_and_says_what_each_stands_for(one: Site):
    told = (await asked(one, "/v1/samples?segment=regular&channel=pos")).json()

    of = told["strata"]
    assert {(s["segment"], s["channel"]) for s in of} == {("regular", "pos")}
    assert len(told["payments"]) == sum(s["kept"] for s in of)
    total = sum(one["stands_for"] for one in told["payments"])
    assert total == pytest.approx(sum(s["seen"] for s in of))
    assert "customer" not in str(told["payments"])


async def test_a_weighted_sample_of_all_strata_has_more_of_the_rare(tmp_path: Path):
    site = keeping(Site(tmp_path), range(4), PAYMENTS)
    told = (await asked(site, "/v1/samples")).json()
    declined = (await asked(site, "/v1/samples?outcome=decline")).json()

    assert len(told["weighted"]) == 24
    rare = [s for s in told["weighted"] if s["payment"]["outcome"] == "decline"]
    assert len(rare) > 24 * 12 / 600 * 4
    assert declined["weighted"] == rare


@pytest.mark.parametrize(
    ("kind", "value", "segment", "seen"),
    [
        ("device", "d-7", "", True),
        ("device", "d-7", "occasional", True),
        ("device", "d-7", "frequent", False),
        ("device", "d-600", "", False),
        ("card", "k1:8", "", True),
        ("terminal", "P49", "", True),
        ("place", "48.2,16.37", "", True),
        ("place", "-48.2,16.37", "", False),
    ],
)
async def test_a_thing_was_seen_or_not_wherever_it_is_kept(
    one: Site, kind: str, value: str, segment: str, *, seen: bool
):
    target = f"/v1/sketches/seen?kind={kind}&value={quote(value)}&segment={segment}"
    told = (await asked(one, target)).json()

    assert (told["seen"], told["kind"], told["value"]) == (seen, kind, value)


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("/v1/sketches/seen?kind=customer&value=C1", "kind: got 'customer', expected"),
        ("/v1/sketches/seen?kind=device&value=", "value: got 0 characters"),
        ("/v1/sketches/seen?kind=place&value=Vienna", "value: got 'Vienna', expected"),
        ("/v1/sketches/seen?kind=place&value=91,0", "value: got '91,0', expected"),
        ("/v1/sketches/seen?kind=place&value=nan,0", "value: got 'nan,0', expected"),
        ("/v1/sketches/seen?kind=card&value=k1:1&segment=rich", "segment: got 'rich'"),
        ("/v1/samples?outcome=maybe", "outcome: got 'maybe', expected one of approve"),
        ("/v1/samples?channel=pigeon", "channel: got 'pigeon'"),
    ],
)
async def test_what_cannot_be_asked_is_a_problem_that_names_the_field(
    one: Site, target: str, complaint: str
):
    answer = await asked(one, target)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert complaint in answer.json()["detail"]


@pytest.mark.parametrize(
    "target",
    ["/v1/sketches", "/v1/samples", "/v1/sketches/seen?kind=device&value=d-1"],
)
async def test_sketches_are_for_analysts_and_those_above(one: Site, target: str):
    assert (await asked(one, target, name="vic")).status_code == 403


async def test_workers_alone_ask_each_other(one: Site):
    assert (await asked(one, "/internal/sketches?about=fills")).status_code == 403


async def test_a_no_needs_every_partition_and_a_yes_does_not(tmp_path: Path):
    site = keeping(Site(tmp_path), (0, 1), PAYMENTS)
    target = "/v1/sketches/seen?kind=terminal&value="
    yes, no = await asked(site, f"{target}P1"), await asked(site, f"{target}P99")
    summary = await asked(site, "/v1/sketches")

    assert yes.json()["seen"] is True
    assert (no.status_code, no.json()["type"]) == (503, "/docs#rebalancing")
    assert summary.json()["answered"] == 2


async def test_where_nobody_keeps_sketches_it_is_said(tmp_path: Path):
    answer = await asked(Site(tmp_path), "/v1/sketches")

    assert answer.status_code == 503
    assert "role sketch" in answer.json()["detail"]


async def test_a_worker_that_does_not_answer_is_left_out(tmp_path: Path):
    def dead(_: httpx.Request) -> httpx.Response:
        message = "nobody listens"
        raise httpx.ConnectError(message)

    site = Site(tmp_path, others=httpx.MockTransport(dead))
    keeping(site, (0, 1), PAYMENTS)
    other = a_pulse("two", role="sketch", owned={"decisions": [2, 3]})
    site.context.cluster.add(other)

    assert (await asked(site, "/v1/sketches")).json()["answered"] == 2
    target = "/v1/sketches/seen?kind=terminal&value=P99"
    assert (await asked(site, target)).status_code == 503

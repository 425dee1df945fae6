"""A past decision evaluated again, by the rules as they stood or by others."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.events.aggregates import Aggregate
from app.rules.rulebook import Revision
from app.rules.ruleset import Bands, Ruleset, default_ruleset, versioned
from tests.scoring.builders import a_rule
from tests.sinks.decided import a_decided
from tests.web.site import Site, a_record

OLD = versioned(Ruleset(bands=Bands(review_from=40, decline_from=80), rules=[a_rule()]))
FOREIGN = versioned(
    Ruleset(
        bands=Bands(review_from=40, decline_from=80),
        rules=[a_rule(expression="of_a_later_release > 1", reason="busy")],
    )
)
COUNTING = versioned(
    Ruleset(
        bands=Bands(review_from=40, decline_from=80),
        rules=[a_rule(expression="card_week > 3", reason="{card_week:.0f} in a week")],
        aggregates=[
            Aggregate(name="card_week", entity="card", aggregate="count", window="7d")
        ],
    )
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose rules were `OLD`, `FOREIGN`, `COUNTING`, then those that ship."""
    found = Site(tmp_path)
    rulesets = (OLD, FOREIGN, COUNTING, default_ruleset())
    for number, ruleset in enumerate(rulesets, 1):
        one = Revision(
            number=number, id="x", ruleset=ruleset, author="mia", comment="why"
        )
        found.rules.hear([a_record("rules", one.key, msgspec.json.encode(one))])
    return found


def keep(site: Site, *, amount: float = 150.0, without: str = "") -> None:
    """Put a decision into the archive, as by `OLD`."""
    wire = msgspec.json.decode(a_decided("shop/T1").wire)
    wire["versions"]["ruleset"] = OLD.version
    wire["features"]["amount"] = amount
    wire["features"].pop(without, None)
    site.archive.kept["shop/T1"] = wire | {"decided_at": "2026-05-04T12:00:01Z"}


async def again(site: Site, **params: str) -> Any:
    async with site.client("vic") as client:
        return await client.post("/v1/decisions/shop/T1/reevaluate", params=params)


async def test_a_decision_is_made_again_by_the_rules_as_they_stood(site: Site):
    keep(site)
    told = await again(site)

    assert told.status_code == 200, told.text
    assert told.json()["ruleset"] == OLD.version
    assert told.json()["decision"]["id"] == "shop/T1"
    assert told.json()["evaluation"]["outcome"] == "review"
    assert told.json()["evaluation"]["hits"][0]["reason"] == "150.00, the limit is 100"


async def test_or_by_others_that_have_decided(site: Site):
    keep(site)
    told = await again(site, ruleset=default_ruleset().version)

    assert told.json()["evaluation"]["outcome"] == "approve"


async def test_features_are_those_of_the_decision_and_else_of_this_release(site: Site):
    keep(site)
    told = await again(site, ruleset=FOREIGN.version)
    assert told.status_code == 422
    assert "of_a_later_release" in told.json()["detail"]

    site.archive.kept["shop/T1"]["features"]["of_a_later_release"] = 2.0
    told = await again(site, ruleset=FOREIGN.version)
    assert told.json()["evaluation"]["hits"][0]["reason"] == "busy"


async def test_a_feature_that_a_decision_leaves_out_is_not_known(site: Site):
    keep(site, without="amount")

    assert (await again(site)).json()["evaluation"]["hits"] == []


async def test_an_aggregate_is_what_the_decision_carries_or_unknown(site: Site):
    keep(site)
    before = await again(site, ruleset=COUNTING.version)
    site.archive.kept["shop/T1"]["features"]["card_week"] = 5.0
    after = await again(site, ruleset=COUNTING.version)

    assert before.json()["evaluation"]["hits"] == []
    assert after.json()["evaluation"]["hits"][0]["reason"] == "5 in a week"


async def test_what_is_not_there_is_not_found(site: Site):
    unknown = await again(site)
    keep(site)
    version = await again(site, ruleset="nosuch")

    assert (unknown.status_code, version.status_code) == (404, 404)

"""The decision policy by HTTP and on its page, and the way from it to the rules."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.events.labels import Label
from app.parquet import files
from app.parquet.frames import Labelled, decisions_frame, labels_frame
from app.rules.ruleset import default_ruleset
from tests.scoring.builders import NOON
from tests.sinks.decided import a_decided
from tests.web.console.parts import named, words
from tests.web.site import PASSWORD, Site
from web.auth import Caller
from web.console import figures
from web.console.client import who
from web.console.managing import Manager
from web.console.pages import candidate, policy
from web.console.tokens import THEMES

DEFAULT = default_ruleset()


@pytest.fixture
def manager(site: Site) -> Manager:
    who.set(Caller("mia", "manager", "session"))
    return Manager(site.context)


@pytest.fixture
def archive(tmp_path: Path) -> None:
    """Give ten days of a payment each; on the third one of score 50, which was fraud.

    By large-amount it has that score; another fraud, on the fifth day, has none. On
    the last day is another of score 50, whose label cannot have come in yet.
    """
    batch = [
        a_decided(
            f"tx-{n}", occurred_at=NOON + timedelta(days=n), at=(0, n), amount=10_000
        )
        for n in range(10)
    ]
    for place in (2, 9):
        large = {"amount": 500.0, "amount_to_customer_mean": 2.0}
        batch[place].decision.features.update(large)
    root = tmp_path / "archive"
    files.write(root / "decisions", decisions_frame(batch))
    labels = [
        Labelled(
            Label(
                f"tx-{n}",
                "c-1",
                "t-1",
                NOON + timedelta(days=n),
                NOON + timedelta(days=n + 7),
                fraud=True,
            ),
            0,
            n,
        )
        for n in (2, 4)
    ]
    files.write(root / "labels", labels_frame(labels))


async def ask(site: Site, path: str, name: str = "ann", **params: Any) -> Any:
    async with site.client(name, PASSWORD) as client:
        return await client.get(path, params=params)


async def test_the_newest_week_is_left_out_unless_it_is_asked_for(
    site: Site, archive: None
):
    told = (await ask(site, "/v1/policy")).json()
    whole = (await ask(site, "/v1/policy", until="2026-06-01T00:00:00Z")).json()

    assert (told["days"], told["frauds"], told["at_risk"]) == (3, 1, 10_000)
    assert (whole["days"], whole["frauds"], whole["at_risk"]) == (10, 2, 20_000)
    assert whole["present"] == {
        "threshold": 40.0,
        "cards_per_day": 0.2,
        "caught": 1,
        "stopped": 10_000,
        "missed": 10_000,
        "cost": 2 * 500 + 10_000,
    }
    assert [one["threshold"] for one in whole["curve"]] == [None, 50.0]


async def test_capacity_and_cost_choose(site: Site, archive: None):
    until = "2026-06-01T00:00:00Z"
    dear = await ask(site, "/v1/policy", until=until, review_cost=5_000)
    cheap = await ask(site, "/v1/policy", until=until, review_cost=4_999)

    assert dear.json()["by_cost"]["threshold"] is None  # two reviews save as much
    assert cheap.json()["by_cost"]["threshold"] == 50.0
    assert cheap.json()["by_capacity"]["threshold"] == 50.0


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v1/policy", {"by": "luck"}, 422),
        ("/v1/policy", {"capacity": 0}, 422),
        ("/v1/policy", {"review_cost": -1}, 422),
        ("/v1/policy/candidate", {"by": "score", "threshold": 0}, 422),
        ("/v1/policy/candidate", {"by": "score", "threshold": "nan"}, 422),
        ("/v1/policy/candidate", {"by": "risk", "threshold": "inf"}, 422),
        ("/v1/policy/candidate", {"by": "score"}, 422),
        ("/v1/policy", {"since": "0001-01-01T00:00:00+14:00"}, 422),
    ],
)
async def test_what_cannot_be_weighed_is_refused(
    site: Site, path: str, params: dict[str, Any], status: int
):
    assert (await ask(site, path, **params)).status_code == status


@pytest.mark.parametrize("path", ["/v1/policy", "/v1/policy/candidate"])
async def test_viewers_weigh_nothing(site: Site, path: str):
    told = await ask(site, path, "vic", by="score", threshold=30)

    assert told.status_code == 403


async def test_a_threshold_goes_through_a_backtest_and_decides(
    site: Site, archive: None
):
    params: dict[str, Any] = {"by": "score", "threshold": 30}
    wanted = (await ask(site, "/v1/policy/candidate", **params)).json()
    match = {"if-match": DEFAULT.version}
    why = {"comment": "we can review more"}
    async with site.client("mia") as client:
        post = client.post
        early = await post("/v1/rules/import", json=wanted, params=why, headers=match)
        tried = await post("/v1/rules/backtest", json=wanted)
        late = await post("/v1/rules/import", json=wanted, params=why, headers=match)

    assert wanted["bands"] == {"review_from": 30.0, "decline_from": 80.0}
    assert (early.status_code, tried.status_code, late.status_code) == (409, 200, 200)
    assert site.rules.book.head.ruleset.bands.review_from == 30


# ---- The page


async def weighed(manager: Manager, **fields: Any) -> Any:
    typed = {"capacity": "100", "cost": "5", "since": "", "until": "2026-06-01"}
    return await policy.weighed(manager, "score", **(typed | fields))


async def test_the_page_shows_the_curve_and_makes_a_choice_a_candidate(
    manager: Manager, archive: None
):
    shown = await weighed(manager)
    chosen = named(shown, "policy-chosen").data
    made = policy.chose(manager, chosen, kind="policy-by-cost")
    given = named(made, "candidate-rules").data
    tried, may = await candidate.tried(manager, given)
    taken, _ = await candidate.taken(
        manager, given, seen=DEFAULT.version, comment="as the curve says"
    )

    assert "10 payments  from  2026-05-04" in words(shown)
    assert "2 frauds of 200.00 EUR in all." in words(shown)
    assert "Least cost 50 0.2 1 of 2 100.00 EUR 100.00 EUR 11.00 EUR" in words(shown)
    assert "Candidate: the rules' score from 50" in words(made)
    assert "review from 40   50" in words(made)
    assert "10 payments" in words(tried)
    assert may == "All that would decide has been backtested, or has decided before."
    assert "In place" in words(taken)
    assert manager.present.bands.review_from == 50


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"capacity": "many"}, "Got cards a day 'many', expected a whole number"),
        ({"capacity": "0"}, "expected a whole number above 0"),
        ({"cost": "-1"}, "Got cost of a review '-1', expected an amount"),
        ({"cost": "nan"}, "expected an amount such as 5.00"),
        ({"since": "May"}, "Got day 'May', expected one such as"),
        ({"since": "2031-01-01"}, "The archive of this worker has no payment in this"),
    ],
)
async def test_what_cannot_be_weighed_is_told_on_the_page(
    manager: Manager, archive: None, fields: dict[str, str], said: str
):
    assert said in words(await weighed(manager, **fields))


async def test_payments_that_no_model_scored_are_said_to_be_that(
    manager: Manager, archive: None
):
    typed = {"capacity": "100", "cost": "5", "since": "", "until": ""}
    shown = await policy.weighed(manager, "probability", **typed)

    assert "No payment of this period has such a number" in words(shown)


def test_viewers_are_shown_no_form(manager: Manager):
    who.set(Caller("vic", "viewer", "session"))

    assert "Analysts and managers weigh thresholds" in words(policy.layout(manager))


@pytest.mark.parametrize("theme", THEMES)
async def test_the_curve_is_drawn_with_what_can_be_chosen_marked(
    manager: Manager, archive: None, theme: Any
):
    shown = await weighed(manager)
    drawn = getattr(named(shown, "policy-drawn"), f"data-{theme}")
    figure = msgspec.json.decode(drawn)

    lines = {one["name"]: one["y"] for one in figure["data"]}
    assert lines["in all"] == [20.0, 11.0]  # EUR a day: all missed, or 2 reviewed
    assert lines["fraud missed"] == [20.0, 10.0]
    assert lines["reviews"] == [0.0, 1.0]
    said = [note["text"] for note in figure["layout"]["annotations"]]
    assert said[:3] == ["in all", "fraud missed", "reviews"]
    assert "least cost" in said[3]
    assert figures.NEAR < 1

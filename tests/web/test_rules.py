"""Rules by HTTP: read, checked, changed, rolled back, and by whom."""

import tomllib
from typing import Any

import httpx
import msgspec
import pytest

from app.rules.rulebook import Backtested, Revision, substance
from app.rules.ruleset import default_ruleset, read_rule, read_ruleset
from tests.web.site import Site, a_record

DEFAULT = default_ruleset()
RULE = {
    "name": "very-large-amount",
    "expression": "amount > 5000",
    "score": 60,
    "reason": "{amount:,.2f}, the limit is {threshold:,.0f}",
    "state": "shadow",
}


def tag(version: str = DEFAULT.version) -> dict[str, str]:
    return {"if-match": f'"{version}"'}


async def put(
    client: httpx.AsyncClient, rule: dict[str, Any] = RULE, **options: Any
) -> httpx.Response:
    """Put a rule on the present version."""
    version = (await client.get("/v1/rules")).headers["etag"]
    options.setdefault("headers", {"if-match": version})
    options.setdefault("params", {"comment": "to see what it would hit"})
    return await client.put(f"/v1/rules/{rule['name']}", json=rule, **options)


def prove(site: Site, rule: dict[str, Any]) -> None:
    """Record a backtest of a rule as Kafka would bring it."""
    one = Backtested(
        substance=substance(read_rule(rule)),
        name=rule["name"],
        since=None,
        until=None,
        payments=1,
        frauds=0,
        hits=0,
        caught=0,
        author="mia",
    )
    site.rules.hear([a_record("rules", one.key, msgspec.json.encode(one))])


async def test_the_running_ruleset_is_tagged_with_its_version(site: Site):
    async with site.client("vic") as client:
        found = await client.get("/v1/rules")

    assert found.json() == msgspec.to_builtins(DEFAULT)
    assert found.headers["etag"] == f'"{DEFAULT.version}"'


async def test_a_shadow_rule_is_saved_at_once_and_evaluated_from_then_on(site: Site):
    async with site.client("mia") as client:
        saved = await put(client)
        found = (await client.get("/v1/rules")).json()

    assert saved.status_code == 200, saved.text
    assert found["version"] == saved.json()["version"]
    assert (found["rules"][-1]["author"], found["author"]) == ("mia", "mia")
    assert site.rules.present.rules.rules[-1].rule.name == RULE["name"]
    assert site.rules.present.versions.ruleset == found["version"]


async def test_the_first_change_is_published_with_what_shipped(site: Site):
    async with site.client("mia") as client:
        await put(client)
        await put(client, RULE | {"score": 61})

    sent = [msgspec.json.decode(v, type=Revision) for _, _, v in site.outlet.sent]
    assert [one.number for one in sent] == [0, 1, 2]
    assert sent[0].ruleset == DEFAULT
    assert {topic for topic, *_ in site.outlet.sent} == {"rules"}


async def test_a_rule_goes_live_only_after_a_backtest_of_that_very_expression(
    site: Site,
):
    prove(site, RULE | {"expression": "amount > 5001"})
    async with site.client("mia") as client:
        straight = await put(client, RULE | {"state": "live"})
        version = (await put(client)).json()["version"]
        promote = {"to": "live", "comment": "a week in shadow"}
        path = f"/v1/rules/{RULE['name']}/state"
        early = await client.post(path, params=promote, headers=tag(version))
        prove(site, RULE)
        late = await client.post(path, params=promote, headers=tag(version))

    assert (straight.status_code, early.status_code) == (409, 409)
    assert straight.json()["type"] == "/docs#not-backtested"
    assert straight.json()["unproven"] == [RULE["name"]]
    assert late.status_code == 200
    assert late.json()["changes"][0]["fields"]["state"] == {
        "before": "shadow",
        "after": "live",
    }


@pytest.mark.parametrize("name", ["ann", "vic"])
async def test_only_managers_change_rules(site: Site, name: str):
    async with site.client(name) as client:
        answers = [
            await put(client),
            await client.delete("/v1/rules/large-amount", params={"comment": "why"}),
            await client.post(
                "/v1/rules/large-amount/state", params={"to": "off", "comment": "why"}
            ),
            await client.post("/v1/rules/import", params={"comment": "why"}),
            await client.post(
                "/v1/rules/rollback", params={"version": "x", "comment": "why"}
            ),
        ]

    assert [one.status_code for one in answers] == [403] * 5
    assert site.outlet.sent == []


async def test_who_did_not_see_the_present_version_changes_nothing(site: Site):
    async with site.client("mia") as client:
        blind = await put(client, headers={})
        stale = await put(client, headers=tag("0123456789ab"))

    assert blind.status_code == 428
    assert DEFAULT.version in blind.json()["detail"]
    assert (stale.status_code, stale.json()["version"]) == (412, DEFAULT.version)
    assert site.outlet.sent == []


async def test_of_two_who_change_at_once_the_later_is_told(site: Site):
    other = Revision(
        number=1, id="other", ruleset=DEFAULT, author="max", comment="quicker"
    )

    async def overtake() -> None:
        site.outlet.then = None
        record = a_record("rules", other.key, msgspec.json.encode(other))
        site.rules.hear([record])

    site.outlet.then = overtake
    async with site.client("mia") as client:
        lost = await put(client)

    assert lost.status_code == 412
    assert "by max" in lost.json()["detail"]
    assert site.rules.book.head.id == "other"


async def test_a_change_says_why(site: Site):
    async with site.client("mia") as client:
        silent = await put(client, params={})

    assert silent.status_code == 422
    assert "comment" in silent.json()["detail"]


async def test_a_rule_that_does_not_fit_is_refused_with_place_and_nearest_name(
    site: Site,
):
    broken = RULE | {"expression": "amount > 1 AND custmer_count_1d > 5"}
    async with site.client("mia") as client:
        refused = [
            await put(client, broken),
            await client.post("/v1/rules/validate", json=broken),
        ]
        unread = await client.post("/v1/rules/validate", json=RULE | {"score": 101})

    for one in refused:
        assert one.status_code == 422
        assert one.json()["faults"] == [
            {
                "rule": RULE["name"],
                "field": "expression",
                "line": 1,
                "column": 16,
                "nearest": "customer_count_1d",
                "message": "line 1, column 16: got field 'custmer_count_1d', expected "
                "'customer_count_1d' or another name of the catalogue",
            }
        ]
    assert (unread.status_code, site.outlet.sent) == (422, [])
    told = unread.json()
    assert "score: got 101, expected float <= 100" in told["detail"]
    assert [(one["rule"], one["field"]) for one in told["faults"]] == [
        (RULE["name"], "score")
    ]


@pytest.mark.parametrize(
    ("text", "status"), [(b"{", 400), (b"[]", 422), (b"\xff", 400), (b"1", 422)]
)
async def test_what_is_no_rule_is_refused(site: Site, text: bytes, status: int):
    async with site.client("vic") as client:
        found = await client.post("/v1/rules/validate", content=text)

    assert found.status_code == status, found.text


async def test_validating_changes_nothing_and_says_what_would_be_needed(site: Site):
    async with site.client("vic") as client:
        found = await client.post("/v1/rules/validate", json=RULE | {"state": "live"})

    assert found.json()["unproven"] == [RULE["name"]]
    assert [one["kind"] for one in found.json()["changes"]] == ["added"]
    assert site.outlet.sent == []


async def test_another_name_than_in_the_path_is_refused(site: Site):
    async with site.client("mia") as client:
        found = await client.put(
            "/v1/rules/other", json=RULE, params={"comment": "why"}, headers=tag()
        )

    assert found.status_code == 422


async def test_a_rule_that_is_not_there_is_not_found(site: Site):
    async with site.client("mia") as client:
        found = await client.delete(
            "/v1/rules/large-amuont", params={"comment": "why"}, headers=tag()
        )

    assert found.status_code == 404
    assert "'large-amount'" in found.json()["detail"]


async def test_rolling_back_puts_the_earlier_version_in_place_as_it_stood(site: Site):
    async with site.client("mia") as client:
        gone = await client.delete(
            "/v1/rules/large-amount", params={"comment": "too many"}, headers=tag()
        )
        back = await client.post(
            "/v1/rules/rollback",
            params={"version": DEFAULT.version, "comment": "too few"},
            headers=tag(gone.json()["version"]),
        )
        unknown = await client.post(
            "/v1/rules/rollback",
            params={"version": "nosuch", "comment": "why"},
            headers=tag(),
        )
        history = (await client.get("/v1/rules/history")).json()["revisions"]
        stood = await client.get(f"/v1/rulesets/{gone.json()['version']}")
        differences = await client.get(
            "/v1/rules/diff",
            params={"before": DEFAULT.version, "after": gone.json()["version"]},
        )

    assert back.json()["version"] == DEFAULT.version
    assert site.rules.present.rules.ruleset == DEFAULT
    assert unknown.status_code == 404
    assert [(one["number"], one["author"], one["comment"]) for one in history] == [
        (2, "mia", "too few"),
        (1, "mia", "too many"),
        (0, "smartbank", "as it ships"),
    ]
    assert history[0]["at"] == "2026-03-01T12:00:00Z"
    assert history[0]["changes"][0]["kind"] == "added"
    assert len(stood.json()["rules"]) == len(DEFAULT.rules) - 1
    assert differences.json()["changes"] == [
        {"name": "large-amount", "kind": "removed", "fields": {}}
    ]


@pytest.mark.parametrize("form", ["toml", "json"])
async def test_what_is_exported_can_be_imported(site: Site, form: str):
    async with site.client("mia") as client:
        exported = await client.get("/v1/rules/export", params={"form": form})
        taken = await client.post(
            "/v1/rules/import",
            content=exported.content,
            params={"comment": "the same"},
            headers=tag() | {"content-type": f"application/{form}"},
        )

    assert read_ruleset(exported.content, form=form) == DEFAULT  # type: ignore[arg-type]
    assert taken.json()["changes"] == []
    assert site.outlet.sent == []


async def test_an_import_with_other_bands_waits_for_a_backtest_of_them(site: Site):
    async with site.client("mia") as client:
        exported = await client.get("/v1/rules/export")
        wanted = tomllib.loads(exported.text) | {
            "bands": {"review_from": 30, "decline_from": 80}
        }
        found = await client.post(
            "/v1/rules/import", json=wanted, params={"comment": "why"}, headers=tag()
        )

    assert (found.status_code, found.json()["unproven"]) == (409, ["the bands"])


async def test_a_ruleset_of_another_release_leaves_the_newest_that_fits(
    site: Site, caplog: pytest.LogCaptureFixture
):
    async with site.client("mia") as client:
        saved = await put(client)
    foreign = read_ruleset(
        msgspec.json.encode(DEFAULT).replace(b"terminal_risk_7d", b"not_yet_known")
    )
    revision = Revision(
        number=2, id="x", ruleset=foreign, author="max", comment="newer release"
    )
    site.rules.hear([a_record("rules", revision.key, msgspec.json.encode(revision))])

    assert site.rules.book.head.id == "x"
    assert site.rules.present.versions.ruleset == saved.json()["version"]
    assert "cannot decide here" in caplog.text
    assert "not_yet_known" in caplog.text

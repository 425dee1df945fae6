"""Lists by HTTP: blocked, let through, taken off, and in bulk with every fault."""

from pathlib import Path
from typing import Any

import pytest

from app.events.payments import Card
from app.privacy.tokens import Tokens
from tests.scoring.builders import a_payment
from tests.web.site import Site, user

BLOCK = {
    "kind": "customer",
    "value": "C000123",
    "verdict": "block",
    "reason": "account taken over",
}
NUMBER = "4539578763621486"
TOKEN = Tokens(b"\xab" * 32, key_id="k1").card(NUMBER).token


async def post(site: Site, body: Any, name: str = "mia") -> Any:
    async with site.client(name) as client:
        if isinstance(body, str):
            csv = {"content-type": "text/csv"}
            return await client.post("/v1/lists", content=body, headers=csv)
        return await client.post("/v1/lists", json=body)


async def test_a_block_is_published_and_holds_from_then_on(site: Site):
    told = await post(site, BLOCK)
    async with site.client("vic") as client:
        listed = (await client.get("/v1/lists")).json()["entries"]

    entry = {**BLOCK, "author": "mia", "at": "2026-03-01T12:00:00Z"}
    assert told.status_code == 200, told.text
    assert told.json()["entries"] == listed == [entry]
    assert site.lists.present.find(a_payment(customer_id="C000123")) is not None
    assert [(topic, key) for topic, key, _ in site.outlet.sent] == [
        ("lists", b"block:customer:C000123")
    ]


@pytest.mark.parametrize(
    "until", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
async def test_an_end_that_no_calendar_shows_is_refused_in_every_form(
    site: Site, until: str
):
    csv = f"kind,value,verdict,reason,until\ncustomer,C1,block,why not,{until}"
    told = [await post(site, BLOCK | {"until": until}), await post(site, csv)]

    assert [one.status_code for one in told] == [422, 422]
    assert [one.json()["errors"][0]["field"] for one in told] == ["until", "until"]
    assert not site.lists.present


async def test_of_a_card_only_its_token_is_kept(site: Site):
    by_number = await post(site, BLOCK | {"kind": "card", "value": NUMBER})
    by_token = await post(site, BLOCK | {"kind": "card", "value": TOKEN})

    assert by_number.json()["entries"][0]["value"] == TOKEN
    assert by_token.json() == by_number.json()
    assert site.lists.present.find(a_payment(card=Card(TOKEN, "1486"))) is not None
    assert NUMBER.encode() not in b"".join(value for *_, value in site.outlet.sent)


async def test_one_is_taken_off_with_who_and_why(site: Site):
    await post(site, BLOCK)
    path = "/v1/lists/block/customer/C000123"
    async with site.client("mia") as client:
        gone = await client.delete(path, params={"reason": "the customer called"})
        again = await client.delete(path, params={"reason": "the customer called"})
        listed = (await client.get("/v1/lists")).json()["entries"]
        kept = await client.get("/v1/lists", params={"removed": True})

    assert (gone.status_code, again.status_code) == (200, 404)
    assert listed == []
    assert kept.json()["entries"][0]["reason"] == "the customer called"
    assert site.lists.present.find(a_payment(customer_id="C000123")) is None


async def test_a_card_listed_before_the_key_was_changed_is_taken_off_by_its_number(
    tmp_path: Path,
):
    keys = f"k1:{'ab' * 32},k2:{'cd' * 32}"
    site = Site(tmp_path, users=(user("mia", "manager"),), token_keys=keys)
    await post(site, BLOCK | {"kind": "card", "value": TOKEN})

    async with site.client("mia") as client:
        gone = await client.delete(
            f"/v1/lists/block/card/{NUMBER}", params={"reason": "found again"}
        )

    (entry,) = gone.json()["entries"]
    assert (entry["value"], entry["removed"]) == (TOKEN, True)


async def test_a_card_is_taken_off_by_its_number_too(site: Site):
    await post(site, BLOCK | {"kind": "card", "value": NUMBER})
    async with site.client("mia") as client:
        wrong = await client.delete(
            "/v1/lists/block/card/4539578763621487", params={"reason": "found"}
        )
        gone = await client.delete(
            f"/v1/lists/block/card/{NUMBER}", params={"reason": "found"}
        )

    assert (wrong.status_code, gone.status_code) == (422, 200)
    assert not site.lists.present


async def test_entries_are_sorted_out_by_kind_and_verdict(site: Site):
    await post(
        site,
        [
            BLOCK,
            BLOCK | {"kind": "country", "value": "KP", "final": True},
            BLOCK | {"kind": "merchant", "value": "m-1", "verdict": "allow"},
        ],
    )
    found = {}
    async with site.client("vic") as client:
        for params in ({"kind": "country"}, {"verdict": "allow"}, {"most": "1"}):
            listed = (await client.get("/v1/lists", params=params)).json()["entries"]
            found[str(*params)] = [one["value"] for one in listed]

    assert found == {"kind": ["KP"], "verdict": ["m-1"], "most": ["m-1"]}


async def test_a_file_is_listed_whole(site: Site):
    rows = "".join(f"device,d-{n},block,a farm,,\n" for n in range(5000))
    text = (
        "kind,value,verdict,reason,until,final\n"
        f"card,{NUMBER},block,stolen,2026-04-01T00:00:00Z,true\n"
        f'merchant,m-1,allow,"known, and good",,\n{rows}'
    )
    told = await post(site, text)

    entries = told.json()["entries"]
    assert told.status_code == 200, told.text
    assert len(entries) == 5002
    assert (entries[0]["value"], entries[0]["final"]) == (TOKEN, True)
    assert entries[0]["until"] == "2026-04-01T00:00:00Z"
    assert entries[1]["reason"] == "known, and good"


async def test_every_fault_of_a_file_is_told_by_its_row_and_nothing_is_listed(
    site: Site,
):
    text = (
        "kind,value,verdict,reason,until,final\n"
        "customer,c-1,block,fine,,\n"
        "cutsomer,c-1,block,kind,,\n"
        "card,4539578763621487,block,digit,,\n"
        "country,Germany,block,code,,\n"
        "customer,c 1,block,space,,\n"
        "customer,c-1,block,when,tomorrow,\n"
        "customer,c-1,allow,order,,true\n"
        "customer,c-1,block,,,\n"
        "customer,c-1,block,more,,,surplus\n"
    )
    told = await post(site, text)

    faults = [(one["index"], one["field"]) for one in told.json()["errors"]]
    assert told.status_code == 422
    assert faults == [
        (1, "kind"),
        (2, "value"),
        (3, "value"),
        (4, "value"),
        (5, "until"),
        (6, "final"),
        (7, "reason"),
        (8, "(none)"),
    ]
    assert "4539578763621487" not in told.text
    assert site.outlet.sent == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 422),
        ([BLOCK] * 10_001, 422),
        (BLOCK | {"author": "eve"}, 422),
        ("kind,value\n", 422),
        ('kind,"value\n', 400),
    ],
)
async def test_what_is_no_list_is_refused(site: Site, body: Any, status: int):
    assert (await post(site, body)).status_code == status


@pytest.mark.parametrize("text", [b"[{]", b"\xff", b"{"])
async def test_what_is_no_json_is_refused(site: Site, text: bytes):
    async with site.client("mia") as client:
        told = await client.post("/v1/lists", content=text)

    assert told.status_code in (400, 422)
    assert site.outlet.sent == []


@pytest.mark.parametrize("name", ["ann", "vic"])
async def test_only_managers_list(site: Site, name: str):
    async with site.client(name) as client:
        gone = await client.delete(
            "/v1/lists/block/customer/c", params={"reason": "why"}
        )

    assert (await post(site, BLOCK, name)).status_code == 403
    assert gone.status_code == 403

"""Devices by HTTP: registered, pushing, shut out; no secret is shown twice."""

import os
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.events.readings import Push
from app.privacy.envelopes import Keys
from tests.web.site import Site, user

PUSHED: dict[str, Any] = {
    "messageId": 1,
    "sessionId": "s",
    "deviceId": "d",
    "payload": [
        {
            "name": "location",
            "time": 1772366400000000000,
            "values": {"latitude": 48.2, "longitude": 16.4, "horizontalAccuracy": 5},
        }
    ],
}
PHONE = {"id": "ann-1", "customer_id": "C1", "name": "Ann's"}


async def ask(site: Site, method: str, path: str, name: str = "mia", **more: Any):
    async with site.client(name) as client:
        return await client.request(method, path, **more)


async def registered(site: Site, **fields: Any) -> str:
    """Register a phone; return the path to push to."""
    told = await ask(site, "POST", "/v1/devices", json=PHONE | fields)
    assert told.status_code == 201, told.text
    return told.json()["path"]


async def push(site: Site, path: str, body: Any = PUSHED) -> httpx.Response:
    async with site.client() as client:  # no log-in: the path is the secret
        return await client.post(path, json=body)


async def test_a_registered_phone_pushes_and_the_raw_record_says_whose_it_is(
    site: Site,
):
    path = await registered(site, keep_raw=True)

    told = await push(site, path)

    topic, key, value = site.outlet.sent[-1]
    record = msgspec.json.decode(value, type=Push)
    assert (told.status_code, told.json()) == (200, {"device": "ann-1"})
    assert (topic, key) == ("sensor-readings", b"ann-1")
    assert (record.device_id, record.customer_id) == ("ann-1", "C1")
    assert record.keep_raw
    assert msgspec.to_builtins(record.message)["payload"] == PUSHED["payload"]


async def test_an_envelope_is_opened_and_one_of_another_device_refused(tmp_path: Path):
    keys = "k1:" + "ab" * 32
    people = (user("mia", "manager"),)
    site = Site(tmp_path, users=people, readings_keys=keys)
    path = await registered(site)
    text = msgspec.json.encode(PUSHED)
    mine, other = (
        Keys.parse(keys).seal(text, device=name, entropy=os.urandom)
        for name in ("ann-1", "eve")
    )

    async with site.client() as client:
        told = await client.post(path, content=mine)
        taken = len(site.outlet.sent)
        refused = await client.post(path, content=other)

    assert told.status_code == 200
    assert msgspec.json.decode(site.outlet.sent[-1][2])["message"] == PUSHED
    assert refused.status_code == 422
    assert "another's" in refused.json()["detail"]
    assert len(site.outlet.sent) == taken


async def test_an_exported_file_is_taken_by_the_same_address(site: Site):
    path = await registered(site)
    row = {"sensor": "Barometer", "time": "1772366400000000000", "pressure": "703.1"}

    told = await push(site, path, [row])

    assert told.status_code == 200
    assert msgspec.json.decode(site.outlet.sent[-1][2])["message"] == [row]


async def test_numbers_that_no_phone_measures_are_left_out_or_refused(site: Site):
    path = await registered(site)
    row = '{"sensor":"Barometer","time":"1772366400000000000","pressure":%s}'

    async with site.client() as client:
        huge = await client.post(path, content=f"[{row % ('9' * 400)}]")
        late = await client.post(
            path, content=f"[{row % 1}]".replace("17723", "9" * 5_000)
        )

    assert huge.status_code == 200
    assert late.status_code == 422
    assert "at most 19 digits" in late.json()["detail"]


@pytest.mark.parametrize("token", ["ann-1.wrong", "nobody.x", "ann-1.", "ann-1"])
async def test_a_wrong_token_is_told_499_in_a_sentence(site: Site, token: str):
    await registered(site)
    sent = len(site.outlet.sent)

    told = await push(site, f"/v1/sensors/{token}")

    assert told.status_code == 499
    assert told.json()["detail"] == (
        "this address is not, or no longer, one of a registered device"
    )
    assert len(site.outlet.sent) == sent


async def test_a_phone_that_is_shut_out_is_heard_no_more(site: Site):
    path = await registered(site)
    gone = await ask(site, "DELETE", "/v1/devices/ann-1", params={"reason": "stolen"})

    told = await push(site, path)

    assert gone.json()["active"] is False
    assert gone.json()["reason"] == "stolen"
    assert told.status_code == 499


async def test_a_new_secret_takes_the_place_of_the_old_one(site: Site):
    old = await registered(site)
    new = (await ask(site, "POST", "/v1/devices/ann-1/secret")).json()["path"]

    assert (await push(site, old)).status_code == 499
    assert (await push(site, new)).status_code == 200


async def test_a_secret_is_on_no_record_and_in_no_later_answer(site: Site):
    secret = (await registered(site)).rpartition(".")[2]
    listed = await ask(site, "GET", "/v1/devices", "ann")

    assert [one["id"] for one in listed.json()["devices"]] == ["ann-1"]
    assert secret not in listed.text
    assert secret.encode() not in b"".join(value for *_, value in site.outlet.sent)


@pytest.mark.parametrize(
    ("method", "path", "name", "status"),
    [
        ("GET", "/v1/devices", "vic", 403),
        ("GET", "/v1/devices", "ann", 200),
        ("POST", "/v1/devices", "ann", 403),
        ("DELETE", "/v1/devices/ann-1", "ann", 403),
        ("DELETE", "/v1/devices/nobody", "mia", 404),
        ("POST", "/v1/devices/nobody/secret", "mia", 404),
        ("GET", "/v1/devices/ann-1", "vic", 403),
    ],
)
async def test_who_may_see_and_change_devices_is_a_role(
    site: Site, method: str, path: str, name: str, status: int
):
    told = await ask(site, method, path, name)

    assert told.status_code == status


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"customer_id": None}, 422, "customer_id"),
        ({"kind": "atm"}, 422, "customer_id"),
        ({"terminal_id": "t-1"}, 422, "terminal_id"),
        ({"id": "a.b"}, 422, "id"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
async def test_a_registration_that_does_not_fit_is_refused_by_its_field(
    site: Site, fields: dict[str, Any], status: int, word: str
):
    told = await ask(site, "POST", "/v1/devices", json=PHONE | fields)

    assert told.status_code == status
    assert word in told.json()["detail"]


async def test_a_device_is_registered_once(site: Site):
    await registered(site)

    again = await ask(site, "POST", "/v1/devices", json=PHONE)

    assert again.status_code == 409


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"messageId": 1}, "sessionId"),
        ([{"sensor": "Location", "time": "soon"}], "0.time"),
        (PUSHED | {"payload": [PUSHED["payload"][0] | {"values": {}}]}, "0.latitude"),
    ],
)
async def test_a_message_that_does_not_fit_is_refused_by_its_field(
    site: Site, body: Any, word: str
):
    path = await registered(site)
    sent = len(site.outlet.sent)

    told = await push(site, path, body)

    assert told.status_code == 422
    assert word in told.json()["detail"]
    assert len(site.outlet.sent) == sent

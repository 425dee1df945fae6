"""Devices of the demo: what they send is sealed, and comes out as they said it."""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec

from app.events.readings import Push
from app.local import phones
from app.local.phones import Phones, busiest
from app.privacy.envelopes import MARK, Keys
from app.simulate.bank import Bank
from tests.web.site import PASSWORD, Site, user

KEYS = f"k1:{'ab' * 32},k2:{'cd' * 32}"
ROTATED = 4


class Wire(httpx.ASGITransport):
    """Carries requests to a site, and keeps what devices sent by their paths.

    `enough` is set when so many devices sent so many messages each.
    """

    def __init__(self, site: Site, *, devices: int, messages: int) -> None:
        super().__init__(cast("Any", site.application), raise_app_exceptions=False)
        self.bodies: defaultdict[str, list[bytes]] = defaultdict(list)
        self.enough = asyncio.Event()
        self._devices, self._messages = devices, messages

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/sensors/"):
            device = request.url.path.rpartition("/")[2].partition(".")[0]
            self.bodies[device].append(await request.aread())
            counts = [len(bodies) for bodies in self.bodies.values()]
            if len(counts) == self._devices and min(counts) >= self._messages:
                self.enough.set()
        return await super().handle_async_request(request)


async def test_all_made_up_devices_seal_and_the_bank_has_what_they_said(
    tmp_path: Path,
):
    site = Site(tmp_path, users=(user("demo", "admin"),), readings_keys=KEYS)
    devices = phones.WALKERS + phones.DRIVERS + 1
    wire, bank = Wire(site, devices=devices, messages=2 * ROTATED), Bank(customers=60)
    client = httpx.AsyncClient(
        transport=wire, base_url="http://one", auth=("demo", PASSWORD)
    )
    carried = Phones(
        client,
        customers=bank.customers,
        keys=Keys.parse(KEYS),
        every=0.0,
        rotated_after=ROTATED,
    )
    carrying = asyncio.create_task(carried.carry())
    await asyncio.wait_for(wire.enough.wait(), 60)
    carrying.cancel()

    taken = [
        msgspec.json.decode(value, type=Push)
        for topic, _, value in site.outlet.sent
        if topic == "sensor-readings"
    ]
    assert all(one.synthetic for one in taken)
    for device, bodies in wire.bodies.items():
        assert all(body.startswith(MARK) for body in bodies)
        kids = [msgspec.json.decode(body)["kid"] for body in bodies]
        assert kids[: 2 * ROTATED] == ["k1"] * ROTATED + ["k2"] * ROTATED
        own = [one for one in taken if one.device_id == device]
        numbers = [cast("Any", one.message).message_id for one in own]
        assert numbers == list(range(len(own)))
        assert 0 <= len(bodies) - len(own) <= 1  # the last one was on its way
    (machine,) = {one.terminal_id for one in taken if one.kind == "atm"}
    assert machine == busiest(bank.customers).id


def test_the_machine_that_is_attacked_is_one_at_which_customers_draw_cash():
    bank = Bank(customers=200)

    found = busiest(bank.customers)

    drawn = [
        order.terminal.id
        for order, _ in zip(bank.orders(), range(5_000), strict=False)
        if order.terminal.category.channel == "atm"
    ]
    assert drawn.count(found.id) > len(drawn) / len(set(drawn))

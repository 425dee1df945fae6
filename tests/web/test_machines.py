"""Cash machines in the console: who is watched, and what they felt, as it comes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.devices import Device
from app.events.readings import Alarm, Alarms
from tests.sensors.builders import NOON
from tests.web.console.parts import components, words
from tests.web.pulses import a_pulse
from tests.web.site import Site, a_record
from web.api.models import TerminalState
from web.auth import Caller
from web.console.client import Client, who
from web.console.pages import devices, machines, registering
from web.console.push import Told
from web.machines import MOST_ALARMS, MOST_MACHINES, RECENT, Machines
from web.problems import Problem
from web.users import Role


def an_alarm(minute: float = 0.0, kind: Any = "tilt", value: float = 14.0) -> Alarm:
    return Alarm(NOON + timedelta(minutes=minute), kind, value)


def told(*alarms: Alarm, device: str = "m-1") -> Any:
    return a_pulse(alarms=[Alarms("T-1", device, list(alarms))])


@pytest.fixture
def client(site: Site) -> Client:
    machines = Machines(clock=lambda: NOON.timestamp() + 3_600)
    return Client(replace(site.context, machines=machines))


def seen_by(role: Role) -> None:
    who.set(Caller("somebody", role, "session"))


def registered(site: Site, identity: str = "m-1", **fields: Any) -> None:
    valid: dict[str, Any] = {"kind": "atm", "terminal_id": "T-1", "secret_hash": "x"}
    device = Device(id=identity, author="mia", **(valid | fields))
    key = identity.encode()
    site.devices.hear([a_record("devices", key, msgspec.json.encode(device))])


def test_alarms_are_kept_by_their_own_time_each_once_the_newest_first():
    found = Machines()
    for pulse in (told(an_alarm(2)), told(an_alarm(1, "door", 1.0), an_alarm(2))):
        found.add(pulse)

    assert found.newest("m-1") == [an_alarm(2), an_alarm(1, "door", 1.0)]
    assert found.newest("m-2") == []


@given(order=st.permutations(range(MOST_ALARMS + 6)))
def test_the_newest_alarms_are_kept_in_whatever_order_they_come(order: list[int]):
    found = Machines()
    for minute in order:
        found.add(told(an_alarm(minute)))

    newest = [an_alarm(minute) for minute in reversed(range(6, MOST_ALARMS + 6))]
    assert found.newest("m-1") == newest


def test_what_is_kept_stays_within_bounds():
    found = Machines()
    found.remember("m-0", [an_alarm()])
    for number in range(1, MOST_MACHINES + 2):
        found.add(told(an_alarm(), device=f"m-{number}"))

    assert found.newest("m-0") == found.newest("m-1") == []
    assert found.unknown("m-0")
    assert found.newest("m-2") == [an_alarm()]


def test_an_alarm_is_recent_for_a_day():
    found = Machines(clock=lambda: NOON.timestamp() + RECENT)

    assert found.recent(an_alarm())
    assert not found.recent(an_alarm(-1))


def test_a_registered_machine_is_shown_with_what_it_felt_last(
    site: Site, client: Client
):
    registered(site, name="Main street", synthetic=True)
    registered(site, "m-2", terminal_id=None)
    registered(site, "gone", secret_hash="")
    felt = [
        an_alarm(0, "temperature", 21.04),
        an_alarm(1, "vibration", 7.0),
        an_alarm(2),
        an_alarm(2, "door", 1.0),
    ]
    client.machines.add(told(*felt))

    (part,) = machines.shown(client).values()

    first, second = part["children"]
    assert "Main street simulated T-1" in " ".join(words(first).split())
    for said in ("leans 14.0°", "shakes, 7.0 m/s²", "door open"):
        assert said in words(first)
    assert "from usual" not in words(first)
    assert "m-2" in words(second)
    assert "of no terminal" in words(second)
    states = [one.className for one in components(part["children"]) if _is_dot(one)]
    assert states == ["dot alarmed", "dot running"]


def _is_dot(part: Any) -> bool:
    return str(getattr(part, "className", "")).startswith("dot")


def test_where_no_machine_is_registered_the_panel_says_what_would_be_there(
    client: Client,
):
    (part,) = machines.shown(client).values()

    assert "None is registered" in words(part["children"])


def test_a_page_of_devices_is_pushed_an_alarm_and_only_when_there_is_one(
    site: Site, client: Client
):
    seen_by("analyst")
    registered(site)
    browser = Told()
    browser.changes(client, devices.PATH)
    client.machines.add(told(an_alarm()))

    first, second = (browser.changes(client, devices.PATH) for _ in range(2))

    assert "leans 14.0°" in words(first["machines-list"]["children"])
    assert "machines-list" not in second


@pytest.mark.parametrize(
    ("role", "forms"),
    [
        ("manager", ["Register a phone", "Register a cash machine"]),
        ("analyst", []),
        ("viewer", []),
    ],
)
def test_managers_register_and_analysts_look_and_viewers_do_neither(
    site: Site, client: Client, role: Role, forms: list[str]
):
    seen_by(role)
    registered(site, name="Main street")

    page = devices.layout(client)

    offered = [
        title for title, *_ in registering.FORMS.values() if title in words(page)
    ]
    assert offered == forms
    assert ("Main street" in words(page)) == (role != "viewer")


async def test_what_was_felt_before_this_worker_listened_is_asked_for_once(
    site: Site, client: Client
):
    for name, terminal in (("m-1", "T-1"), ("m-2", "T-new"), ("m-3", "T-away")):
        registered(site, name, terminal_id=terminal)
    registered(site, "m-4", terminal_id=None)
    asked = []

    async def ask(terminal: str) -> TerminalState:
        asked.append(terminal)
        if terminal != "T-1":
            raise Problem(404 if terminal == "T-new" else 503, "none")
        return TerminalState("T-1", "one", 0, 0, alarms=[an_alarm(5)])

    for _ in range(2):
        await machines.bring_in(client.machines, client.watched(), ask)

    assert asked == ["T-1", "T-new", "T-away", "T-away"]
    assert client.machines.newest("m-1") == [an_alarm(5)]

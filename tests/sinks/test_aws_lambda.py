"""The Lambda handler: decrypts, checks and stores; its template gives it no more."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from agents.aws_lambda import handler, recorded
from app.errors import BadRecord, RefusedError
from app.mqtt import BRIDGE, CLIENT, FILTER, TOPIC
from app.privacy.envelopes import Keys
from tests.sensors.builders import NOON_NS
from tests.sinks.test_timestream_sink import Timestream, serving

ROOT = Path(__file__).parent.parent.parent
ARN = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:"
THING = "${!iot:Connection.Thing.ThingName}"
KEYS = "k1:" + "ab" * 32
PLACE = {"latitude": 47.0596182, "longitude": 11.6682489, "horizontalAccuracy": 3.5}


def a_message(**values: Any) -> bytes:
    reading = {"name": "location", "time": NOON_NS, "values": PLACE | values}
    return msgspec.json.encode(
        {"messageId": 1, "sessionId": "s", "deviceId": "d", "payload": [reading]}
    )


def an_event(body: bytes, device: str = "ann-1") -> dict[str, Any]:
    return recorded(body, device=device, received_at=NOON_NS // 10**6)


def sealed(body: bytes, device: str = "ann-1") -> bytes:
    return Keys.parse(KEYS).seal(body, device=device, entropy=os.urandom)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTBANK_READINGS_KEYS", KEYS)


@pytest.mark.parametrize("seal", [False, True])
def test_an_event_of_the_rule_is_taken_under_lock_or_not(seal: bool):  # noqa: FBT001
    body = sealed(a_message()) if seal else a_message()

    told = handler(an_event(body))

    assert told == {"device": "ann-1", "readings": 1, "points": 1, "stored": False}


async def test_what_is_taken_is_in_timestream(monkeypatch: pytest.MonkeyPatch):
    timestream = Timestream()
    async with serving(timestream, monkeypatch) as endpoint:
        monkeypatch.setenv("SMARTBANK_TIMESTREAM", "bank")
        monkeypatch.setenv("SMARTBANK_TIMESTREAM_ENDPOINT", endpoint)
        told = await in_a_thread(an_event(sealed(a_message())))

    ((record,),) = [asked["Records"] for asked in timestream.requests]
    assert told["stored"]
    assert record["Dimensions"][0] == {"Name": "device", "Value": "ann-1"}
    assert record["Time"] == str(NOON_NS)


async def test_what_timestream_rejects_fails_the_event(monkeypatch: pytest.MonkeyPatch):
    timestream = Timestream(rejects={str(NOON_NS): "too old"})
    async with serving(timestream, monkeypatch) as endpoint:
        monkeypatch.setenv("SMARTBANK_TIMESTREAM", "bank")
        monkeypatch.setenv("SMARTBANK_TIMESTREAM_ENDPOINT", endpoint)

        with pytest.raises(RefusedError, match="too old"):
            await in_a_thread(an_event(a_message()))


async def in_a_thread(event: dict[str, Any]) -> dict[str, Any]:
    """Run the handler as Lambda does: on a thread without a loop."""
    import asyncio  # noqa: PLC0415 - only here

    return await asyncio.to_thread(handler, event)


def test_a_message_that_does_not_fit_fails_the_event_by_its_field():
    with pytest.raises(BadRecord, match=r"0\.latitude: got 91\.0"):
        handler(an_event(a_message(latitude=91)))


def test_an_envelope_of_another_device_fails_the_event():
    with pytest.raises(BadRecord, match="envelope"):
        handler(an_event(sealed(a_message(), device="eve"), device="ann-1"))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docker/aws/events").glob("*.json")), ids=lambda p: p.name
)
def test_the_recorded_events_are_taken(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SMARTBANK_READINGS_KEYS", "example:" + "00" * 32)

    told = handler(msgspec.json.decode(path.read_bytes()))

    assert told["readings"] > 0


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what they name."""


def _short(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    return loader.construct_scalar(node)


Loader.add_multi_constructor("!", _short)


def resource(name: str) -> Any:
    text = (ROOT / "docker/aws/template.yaml").read_text("utf-8")
    return yaml.load(text, Loader)["Resources"][name]["Properties"]  # noqa: S506


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (
            "DevicePolicy",
            {
                "iot:Connect": f"client/{CLIENT.format(device=THING)}",
                "iot:Publish": f"topic/{TOPIC.format(device=THING)}",
            },
        ),
        (
            "BridgePolicy",
            {
                "iot:Connect": f"client/{BRIDGE.format(worker='*')}",
                "iot:Subscribe": f"topicfilter/{FILTER}",
                "iot:Receive": f"topic/{TOPIC.format(device='*')}",
            },
        ),
    ],
)
def test_the_templates_policies_allow_what_our_clients_do_and_nothing_else(
    policy: str, allowed: dict[str, str]
):
    statements = resource(policy)["PolicyDocument"]["Statement"]

    assert {
        one["Action"]: one["Resource"].removeprefix(ARN) for one in statements
    } == allowed


def test_a_device_calls_itself_by_its_things_name():
    assert CLIENT.format(device="ann-1") == "ann-1"


def test_the_template_runs_the_handler_and_allows_it_nothing_else():
    function = resource("Readings")
    (policy,) = function["Policies"]

    module, _, name = function["Handler"].rpartition(".")
    rule = function["Events"]["Rule"]["Properties"]["Sql"]
    assert (module, name) == (handler.__module__, handler.__name__)
    assert {one["Action"] for one in policy["Statement"]} == {
        "timestream:WriteRecords",
        "timestream:DescribeEndpoints",
        "sqs:SendMessage",
    }
    assert {
        field
        for field in recorded(b"", device="d", received_at=1)
        if f"AS {field}" in rule
    } == {"device", "body", "received_at"}

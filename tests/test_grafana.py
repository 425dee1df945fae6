"""Grafana's files: each query of each panel and alert returns rows after a drive."""

import json
import uuid
from collections.abc import Iterator
from math import sin
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from agents.sinks.influx import InfluxSink
from app.events.readings import Reading, Readings
from app.local.server import Server
from app.settings import Settings
from tests.sensors.builders import NOON, NOON_NS

GRAFANA = Path(__file__).parent.parent / "docker" / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
PROVISIONING = GRAFANA / "provisioning"


def _yaml(path: str) -> Any:
    return yaml.safe_load((PROVISIONING / path).read_text("utf-8"))


def queries() -> Iterator[Any]:
    """Give each query by where it is asked."""
    for path in DASHBOARDS:
        board = json.loads(path.read_text("utf-8"))
        for panel in board["panels"]:
            for target in panel["targets"]:
                name = f"{path.stem}: {panel['title']} {target['refId']}"
                yield pytest.param(target["query"], id=name)
        for variable in board["templating"]["list"]:
            yield pytest.param(variable["query"], id=f"{path.stem}: {variable['name']}")
    for group in _yaml("alerting/smartbank.yaml")["groups"]:
        for rule in group["rules"]:
            query = rule["data"][0]["model"]["query"]
            yield pytest.param(query, id=f"alert: {rule['title']}")


def a_drive() -> list[Readings]:
    """Build a minute of a phone, one of whose fixes is too exact, and a machine's."""
    found = []
    for second in range(60):
        at = NOON_NS + second * 10**9
        place: dict[str, float | str] = {
            "latitude": 48.2 + second / 1e4,
            "longitude": 16.4,
            "altitude": 171.0 + second / 10,
            "speed": 12.0,
            "horizontalAccuracy": 0.1 if second == 30 else 5.0,
        }
        shaken = [
            Reading("accelerometer", at + n * 10**7, {"z": 9.8 + sin(n)})
            for n in range(50)
        ]
        phone = [Reading("location", at, place), *shaken]
        found.append(Readings("ann-1", NOON, phone, "c-1"))
        machine = Reading("atm", at, {"tilt": 0.2, "door": 0.0, "temperature": 21.0})
        found.append(Readings("atm-1", NOON, [machine], kind="atm"))
        for name, tilt in (("askew", 6.0), ("fallen", -14.0 * (second > 40))):
            leans = Reading("atm", at, {"tilt": tilt})
            found.append(Readings(name, NOON, [leans], kind="atm"))
    return found


@pytest.fixture(scope="module")
def database() -> str:
    return f"grafana{uuid.uuid4().hex}"


@pytest.fixture
async def driven(influx: Server, database: str) -> str:
    """Give where to ask, after a drive: written again, it is the same."""
    url = influx.address.replace("db=smartbank", f"db={database}")
    sink = InfluxSink(Settings(influx=url))
    await sink.prepare()
    assert await sink.write(a_drive()) == {}
    await sink.close()
    return url.replace("/write?", "/query?")


@pytest.mark.parametrize("query", list(queries()))
async def test_a_query_returns_rows_after_a_drive(driven: str, query: str):
    series = await asked(driven, query)

    assert any(row for one in series for row in one["values"])


async def test_a_machine_that_falls_over_is_alerted_on_and_one_set_up_askew_is_not(
    driven: str,
):
    (alert,) = (
        rule
        for group in _yaml("alerting/smartbank.yaml")["groups"]
        for rule in group["rules"]
        if rule["uid"] == "smartbank-tilt"
    )
    query, condition = (one["model"] for one in alert["data"])
    (limit,) = condition["conditions"][0]["evaluator"]["params"]

    series = await asked(driven, query["query"])

    leans = {one["tags"]["device"]: one["values"][0][1] for one in series}
    assert {name for name, value in leans.items() if value > limit} == {"fallen"}
    assert leans.keys() == {"atm-1", "askew", "fallen"}


async def asked(driven: str, query: str) -> list[Any]:
    """Ask as Grafana would; return the series."""
    whole = (
        query.replace("$timeFilter", f"time >= {NOON_NS} AND time < {NOON_NS + 10**11}")
        .replace("$__interval", "10s")
        .replace("$device", ".*")
    )
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        url = httpx.URL(driven).copy_merge_params({"q": whole})
        (result,) = (await client.get(url)).json()["results"]
    assert "error" not in result, result
    series: list[Any] = result["series"]
    return series


def test_panels_alerts_and_the_source_name_one_another():
    (source,) = _yaml("datasources/smartbank.yaml")["datasources"]
    rules = [r for g in _yaml("alerting/smartbank.yaml")["groups"] for r in g["rules"]]
    boards = [json.loads(path.read_text("utf-8")) for path in DASHBOARDS]

    panels = [panel for board in boards for panel in board["panels"]]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    assert {rule["data"][0]["datasourceUid"] for rule in rules} == {source["uid"]}
    for rule in rules:
        refs = [one["refId"] for one in rule["data"]]
        assert rule["condition"] == refs[-1]
        assert rule["data"][-1]["model"]["expression"] == refs[0]
    for board in boards:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)


def test_the_dashboard_of_places_has_the_three_gauges_and_the_three_lines():
    board = json.loads((GRAFANA / "dashboards/locations.json").read_text("utf-8"))
    kinds = [(panel["type"], panel["title"]) for panel in board["panels"]]

    assert kinds == [
        ("gauge", "Average longitude"),
        ("gauge", "Average latitude"),
        ("gauge", "Average altitude"),
        ("timeseries", "Longitude"),
        ("timeseries", "Latitude"),
        ("timeseries", "Altitude"),
    ]


def test_the_containers_mount_what_is_provisioned():
    compose = yaml.safe_load((GRAFANA.parent / "compose.yaml").read_text("utf-8"))
    volumes = compose["services"]["grafana"]["volumes"]
    (provider,) = _yaml("dashboards/smartbank.yaml")["providers"]

    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in volumes
    assert "./grafana/provisioning:/etc/grafana/provisioning:ro" in volumes

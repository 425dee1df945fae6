"""What every test may ask for: real servers, started once, and the Handbook's data."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from app.local.elastic import elastic_server
from app.local.influx import influx_server, installed
from app.local.kafka import kafka_server
from app.local.mongo import mongo_server
from app.local.server import Server

ROOT = Path(__file__).parent.parent
NEEDS = ("kafka", "mongo", "elastic", "influx", "handbook")
PROGRAMS = {"mqtt": "mosquitto", "browser": "chromium"}

# A machine that stalls says nothing of what is tested. Examples are the same in each
# run; who looks for new ones gives `--hypothesis-profile explore`.
settings.register_profile(
    "patient",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", settings.get_profile("patient"), derandomize=False, print_blob=True
)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a server or data; skip what needs a program that is not here."""
    for item in items:
        for name in NEEDS:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(name)
        for marker, program in PROGRAMS.items():
            if item.get_closest_marker(marker) and shutil.which(program) is None:
                item.add_marker(pytest.mark.skip(reason=f"{program} is not installed"))


@contextmanager
def serving(make: Callable[[Path], Server], folder: Path) -> Iterator[Server]:
    """Have a server running; skip where a program for it is missing."""
    server = make(folder)
    if "missing" in server.stand_in:
        pytest.skip(server.stand_in)
    server.start()
    try:
        server.wait_until_ready(timeout=360)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real Kafka (`.address` is `host:port`), the same for all tests.

    Topics must be created; name them so that no other test's can be meant. The
    product's own topics have four partitions. A test that kills or stops the
    server leaves it restarted.
    """
    with serving(kafka_server, tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Server]:
    """Give a Kafka that no other test's records are in, nor its workers on."""
    with serving(kafka_server, tmp_path / "kafka") as server:
        yield server


@pytest.fixture(scope="session")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a Mongo (`.address` is its URL), one for all: own databases."""
    with serving(mongo_server, tmp_path_factory.mktemp("mongo")) as server:
        yield server


@pytest.fixture(scope="session")
def elastic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real Elasticsearch (`.address` is its URL), one for all: own indices."""
    with serving(elastic_server, tmp_path_factory.mktemp("elastic")) as server:
        yield server


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real InfluxDB (`.address` is where to write), one for all."""
    if not installed():
        pytest.skip("influxd is not installed")
    with serving(influx_server, tmp_path_factory.mktemp("influx")) as server:
        yield server


@pytest.fixture(scope="session")
def handbook() -> Path:
    """Give the Parquet file of the Fraud Detection Handbook's payments."""
    path = ROOT.parent / "shared" / "data" / "handbook" / "transactions.parquet"
    if not path.exists():
        pytest.skip(f"the Handbook's data is not at {path.relative_to(ROOT.parent)}")
    return path

"""InfluxDB on this machine: Debian's influxd, where it is installed."""

import shutil
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from app.local.ports import LOOPBACK, free_port
from app.local.server import Server

PROGRAM = "influxd"


def installed() -> bool:
    """Whether there is one to start."""
    return shutil.which(PROGRAM) is not None


def influx_server(folder: Path, *, port: int = 0, outlives: bool = False) -> Server:
    """Prepare a server; its address is the one to write to."""
    folder = folder.absolute()
    port = free_port(port)
    address = f"http://{LOOPBACK}:{port}/write?db=smartbank"
    data = {
        "INFLUXDB_REPORTING_DISABLED": "true",
        "INFLUXDB_BIND_ADDRESS": f"{LOOPBACK}:{free_port()}",
        "INFLUXDB_HTTP_BIND_ADDRESS": f"{LOOPBACK}:{port}",
        "INFLUXDB_HTTP_LOG_ENABLED": "false",
        "INFLUXDB_META_DIR": str(folder / "meta"),
        "INFLUXDB_DATA_DIR": str(folder / "data"),
        "INFLUXDB_DATA_WAL_DIR": str(folder / "wal"),
        "INFLUXDB_DATA_QUERY_LOG_ENABLED": "false",
        "INFLUXDB_MONITOR_STORE_ENABLED": "false",
        "INFLUXDB_CONTINUOUS_QUERIES_ENABLED": "false",
    }
    pidfile = ("-pidfile", str(folder / "influxd.pid"))
    return Server(
        name="influx",
        address=address,
        folder=folder,
        command=[PROGRAM, "run", "-config", "/dev/null", *pidfile],
        answers=partial(answers, address),
        outlives=outlives,
        environment=data,
    )


def answers(address: str) -> bool:
    """Whether a server of version 1 answers at an address to write to."""
    ping = urlsplit(address)._replace(path="/ping", query="").geturl()
    try:
        return httpx.get(ping, timeout=2.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False

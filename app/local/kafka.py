"""Kafka: a real Apache Kafka from Maven jars, or noida-db where Java is missing."""

import base64
import secrets
import socket
import struct
from functools import partial
from importlib.resources import files
from pathlib import Path
from string import Template

from app.local import maven, noida
from app.local.ports import LOOPBACK, free_port
from app.local.server import Server

VERSION = "4.1.0"
_METADATA = 3  # the api key of Kafka's Metadata request
_HEAD = struct.Struct(">iii")  # a reply's length, its request's number, brokers
_QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


def kafka_server(folder: Path, *, port: int = 0, outlives: bool = False) -> Server:
    """Prepare a Kafka server whose data lives in `folder`.

    The first time it fetches Apache Kafka (54 MB) into the user's cache.
    """
    folder = folder.absolute()
    port = free_port(port)
    address = f"{LOOPBACK}:{port}"
    if gone := maven.missing("java", "mvn"):
        command = noida.command("kafka", folder, port=port)
        stand_in = f"noida-db stands in for Apache Kafka ({gone} missing)"
    else:
        command = _java(folder, port)
        stand_in = ""
    return Server(
        name="kafka",
        address=address,
        folder=folder,
        command=command,
        answers=partial(answers, address),
        stand_in=stand_in,
        outlives=outlives,
    )


def _java(folder: Path, port: int) -> list[str]:
    """Configure a broker, format its data folder if it is new, build its command."""
    libs = maven.kept(f"kafka-{VERSION}", partial(maven.copy_jars, "kafka"))
    java = ["java", "-Xmx1g", _QUIET, "-cp", f"{libs}/*"]
    properties = folder / "server.properties"
    logs = folder / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    template = Template((files("app.local") / "kafka.properties").read_text("utf-8"))
    properties.write_text(
        template.substitute(port=port, controller_port=free_port(), logs=logs),
        encoding="utf-8",
    )
    if not (logs / "meta.properties").exists():
        maven.run(
            *(*java, "kafka.tools.StorageTool", "format"),
            *(f"--cluster-id={_cluster_id()}", "-c", str(properties)),
        )
    return [*java, "kafka.Kafka", str(properties)]


def _cluster_id() -> str:
    """Make a cluster's id as Kafka wants it: 16 bytes, URL-safe, no padding."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


def answers(address: str) -> bool:
    """Whether the broker at `host:port` says that it is a member of its cluster."""
    host, _, port = address.rpartition(":")
    request = struct.pack(">hhih", _METADATA, 1, 0, -1) + struct.pack(">i", 0)
    try:
        with socket.create_connection((host, int(port)), timeout=2.0) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(_HEAD.size, socket.MSG_WAITALL)
    except OSError:
        return False
    if len(reply) < _HEAD.size:
        return False
    _, _, brokers = _HEAD.unpack(reply)
    return int(brokers) > 0

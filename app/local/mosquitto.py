"""Mosquitto on this machine: a broker over mutual TLS, in the place of AWS IoT Core."""

import shutil
import socket
from functools import partial
from pathlib import Path

from app.local.certificates import authority, certificate
from app.local.ports import LOOPBACK, free_port
from app.local.server import Server
from app.readings import MOST_BYTES

PROGRAM = "/usr/sbin/mosquitto"
HOST = "localhost"
BRIDGE = "smartbank-bridge"
"""The name in the workers' certificate: they read what all devices write."""

CONFIG = """\
user root
listener {port} {loopback}
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {folder}/acl
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
max_queued_messages 0
max_inflight_messages 100
message_size_limit {most}
"""
RIGHTS = f"""\
pattern write smartbank/%u/readings
user {BRIDGE}
topic read smartbank/+/readings
"""
"""A device writes to the topic of the name in its certificate, and reads nothing."""


def installed() -> bool:
    """Whether there is one to start."""
    return shutil.which(PROGRAM) is not None


def mosquitto_server(folder: Path, *, port: int = 0, outlives: bool = False) -> Server:
    """Prepare a broker with certificates of its own; devices need one of the same."""
    folder = folder.absolute()
    port = free_port(port)
    authority(folder)
    certificate(folder, "server", host=HOST)
    certificate(folder, BRIDGE)
    config = folder / "mosquitto.conf"
    config.write_text(
        CONFIG.format(port=port, loopback=LOOPBACK, folder=folder, most=MOST_BYTES),
        encoding="utf-8",
    )
    (folder / "acl").write_text(RIGHTS, encoding="utf-8")
    (folder / "acl").chmod(0o700)
    address = f"mqtts://{HOST}:{port}"
    return Server(
        name="mosquitto",
        address=address,
        folder=folder,
        command=[PROGRAM, "-c", str(config)],
        answers=partial(answers, port),
        outlives=outlives,
    )


def environment(server: Server) -> dict[str, str]:
    """Return the variables by which workers reach a broker."""
    cert, key = certificate(server.folder, BRIDGE)
    return {
        "SMARTBANK_MQTT": server.address,
        "SMARTBANK_MQTT_CERT": str(cert),
        "SMARTBANK_MQTT_KEY": str(key),
        "SMARTBANK_MQTT_CA": str(server.folder / "ca.pem"),
    }


def answers(port: int) -> bool:
    """Whether a broker listens."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2):
            return True
    except OSError:
        return False

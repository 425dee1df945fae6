"""MQTT: a client over mutual TLS, the same for AWS IoT Core and for mosquitto."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from awscrt import mqtt5
from awsiot import mqtt5_client_builder
from msgspec import Struct

from app.errors import SettingError

TOPIC = "smartbank/{device}/readings"
CLIENT = "{device}"
"""What a device calls itself. AWS IoT Core finds its thing, thus its rights, by it."""
FILTER = "smartbank/+/readings"
"""What a worker that is a bridge reads."""
BRIDGE = "smartbank-{worker}"
"""What such a worker calls itself."""
SESSION_SECONDS = 24 * 3600
KEEP_ALIVE = 30
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 200, 10_000
UNACKNOWLEDGED = 100
"""Messages that the broker sends before the first of them is acknowledged."""

Received = Callable[[mqtt5.PublishReceivedData], None]
Connected = Callable[[mqtt5.LifecycleConnectSuccessData], None]


class Broker(Struct, frozen=True):
    """A broker, and the certificate by which it knows us; paths of PEM files.

    Without `ca` the system's roots are trusted, Amazon's among them.
    """

    url: str
    certificate: str
    key: str
    ca: str = ""

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port.

        Raises:
            SettingError: the address is none.
        """
        parts = urlsplit(self.url)
        if parts.scheme != "mqtts" or not parts.hostname:
            message = f"SMARTBANK_MQTT: got {self.url!r}, expected mqtts://host:8883"
            raise SettingError(message)
        return parts.hostname, parts.port or 8883


def client(
    broker: Broker,
    name: str,
    *,
    received: Received | None = None,
    connected: Connected | None = None,
    failed: Callable[[Any], None] | None = None,
) -> mqtt5.Client:
    """Return a client that keeps its session over reconnects, and reconnects for ever.

    Callbacks run on a thread of the client's own.
    """
    host, port = broker.endpoint
    made: mqtt5.Client = mqtt5_client_builder.mtls_from_path(
        broker.certificate,
        broker.key,
        endpoint=host,
        port=port,
        ca_filepath=broker.ca or None,
        client_id=name,
        enable_metrics_collection=False,
        keep_alive_interval_sec=KEEP_ALIVE,
        ping_timeout_ms=10_000,
        receive_maximum=UNACKNOWLEDGED,
        session_behavior=mqtt5.ClientSessionBehaviorType.REJOIN_ALWAYS,
        session_expiry_interval_sec=SESSION_SECONDS,
        min_reconnect_delay_ms=FIRST_PAUSE_MS,
        max_reconnect_delay_ms=LONGEST_PAUSE_MS,
        on_publish_received=received,
        on_lifecycle_connection_success=connected,
        on_lifecycle_connection_failure=failed,
    )
    return made

"""Bridge: what devices publish over MQTT, onto the raw topic; acknowledged after."""

import asyncio
import time
from typing import Any

from awscrt import mqtt5
from mode import Service

from app.engine.engine import cut
from app.errors import BadRecord
from app.events.devices import Device
from app.main import app, counters, devices, settings
from app.mqtt import BRIDGE, FILTER, Broker, client
from app.privacy.envelopes import Keys
from app.pushed import pushed
from app.readings import MOST_BYTES, MOST_PUSHED
from app.topics import DEAD_LETTERS, SENSOR_READINGS

Arrived = tuple[str, bytes, Any]
"""Topic, payload, and what acknowledges it."""


keys = Keys.parse(settings.readings_keys)


class Bridge(Service):
    """Takes messages at QoS 1, and acknowledges each once Kafka has it.

    The broker keeps the session while the worker is away, and what is not
    acknowledged comes again: a repeat counts once, as over HTTP. That a device
    writes to its own topic only is the broker's to see to, by its certificate.
    """

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        self._broker = broker
        self._arrived: asyncio.Queue[Arrived] = asyncio.Queue()
        self._client: mqtt5.Client | None = None

    @Service.task
    async def _take(self) -> None:
        while not self.should_stop and not app.engine.started:
            await self.sleep(0.1)
        self._client = client(
            self._broker,
            BRIDGE.format(worker=settings.worker),
            received=self._received,
            connected=self._connected,
            failed=self._failed,
        )
        self._client.start()
        while not self.should_stop:
            batch = [await self._arrived.get()]
            while not self._arrived.empty():
                batch.append(self._arrived.get_nowait())
            self._publish(batch)
            await app.engine.publisher.sent()
            for *_, handle in batch:
                if handle is not None:
                    self._client.invoke_publish_acknowledgement(handle)

    def _publish(self, batch: list[Arrived]) -> None:
        now = time.time_ns() // 1_000_000
        for topic, payload, _ in batch:
            identity = topic.split("/")[1]
            key = identity.encode()
            try:
                value = taken(identity, payload)
            except BadRecord as error:
                letter, text, cuts = cut(key, payload)
                headers = [("topic", topic.encode()), ("error", str(error).encode())]
                headers += cuts
                app.engine.publisher.send(DEAD_LETTERS.name, letter, text, now, headers)
                counters.dead_letters += 1
            else:
                app.engine.publisher.send(SENSOR_READINGS.name, key, value, now, [])
        app.engine.publisher.flush()

    def _received(self, data: mqtt5.PublishReceivedData) -> None:
        """Hand a message over to the worker's loop, on the client's thread."""
        acquire = data.acquire_publish_acknowledgement_control
        packet = data.publish_packet
        arrived = packet.topic, bytes(packet.payload or b""), acquire and acquire()
        self.loop.call_soon_threadsafe(self._arrived.put_nowait, arrived)

    def _connected(self, data: mqtt5.LifecycleConnectSuccessData) -> None:
        if self._client and not data.connack_packet.session_present:
            subscription = mqtt5.Subscription(FILTER, mqtt5.QoS.AT_LEAST_ONCE)
            self._client.subscribe(mqtt5.SubscribePacket([subscription]))

    def _failed(self, data: mqtt5.LifecycleConnectFailureData) -> None:
        self.log.warning("no way to the MQTT broker: %s; trying on", data.exception)

    async def on_stop(self) -> None:
        """Leave the broker; it keeps what comes for the next of this name."""
        if self._client is not None:
            self._client.stop()


def taken(identity: str, payload: bytes) -> bytes:
    """Return the raw record of what a device published.

    Raises:
        BadRecord: the device may not send, or the message does not fit.
    """
    device = _known(devices.present.entries.get(identity))
    _within(MOST_BYTES, payload)
    value = pushed(device, keys.open(payload, device=identity))
    _within(MOST_PUSHED, value)  # what is no JSON goes on as text, longer than it came
    return value


def _within(most: int, found: bytes) -> None:
    if len(found) > most:
        field, got = "message", f"{len(found)} bytes"
        raise BadRecord(field, got, f"at most {most}")


def _known(device: Device | None) -> Device:
    """Return a device that may send.

    Raises:
        BadRecord: it may not.
    """
    if device is None or not device.secret_hash:
        field, got = "device", "one that is not registered, or was revoked"
        raise BadRecord(field, got, "a registered one")
    return device


if settings.mqtt:
    app.first.append(
        Bridge(
            Broker(
                settings.mqtt, settings.mqtt_cert, settings.mqtt_key, settings.mqtt_ca
            )
        )
    )

"""Publishing: messages of a phone over MQTT, at a pace, each at least once."""

import asyncio
import time
from collections.abc import Iterable
from functools import partial

from awscrt import mqtt5

from app.errors import ServiceError
from app.mqtt import CLIENT, TOPIC, Broker, client
from app.sources.pushing import PATIENCE, Pushed, at_pace

MOST_OPEN = 50


async def publish(
    broker: Broker,
    device: str,
    messages: Iterable[tuple[float, bytes]],
    *,
    pace: float | None,
) -> Pushed:
    """Publish messages at QoS 1, each due so many seconds after the first one.

    While the broker is away they wait, for up to a minute each, and go again.

    Raises:
        ServiceError: the broker took a message in no minute, or refused it.
    """
    done = Pushed()
    refused: list[object] = []
    name = CLIENT.format(device=device)
    connection = client(
        broker, name, failed=lambda data: refused.append(data.exception)
    )
    connection.start()
    send = partial(_send, connection, device, done)
    try:
        done.seconds = await at_pace(messages, send, pace=pace, most_open=MOST_OPEN)
    except* ServiceError as errors:
        message = f"{errors.exceptions[0]}{f' ({refused[-1]})' if refused else ''}"
        raise ServiceError(message) from errors
    finally:
        connection.stop()
    return done


async def _send(
    connection: mqtt5.Client, device: str, done: Pushed, body: bytes
) -> None:
    began = time.monotonic()
    packet = mqtt5.PublishPacket(
        body, topic=TOPIC.format(device=device), qos=mqtt5.QoS.AT_LEAST_ONCE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            told = await asyncio.wrap_future(connection.publish(packet))
    except TimeoutError as error:
        message = f"a message was not taken in {PATIENCE:g} s"
        raise ServiceError(message) from error
    if told.puback.reason_code >= mqtt5.PubackReasonCode.UNSPECIFIED_ERROR:
        message = f"a message was refused: {told.puback.reason_code.name}"
        raise ServiceError(message)
    done.messages += 1
    done.bytes += len(body)
    done.latencies_ms.append((time.monotonic() - began) * 1000)

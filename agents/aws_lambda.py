"""AWS Lambda: readings from an IoT rule, decrypted, checked and stored.

The same pure code as on the bank's own road; for a bank that takes readings in AWS
and keeps no worker there. `python -m agents.aws_lambda EVENT.json ...` runs the
handler here.
"""

import asyncio
import base64
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from agents.sinks.timestream import TimestreamSink
from app.errors import RefusedError
from app.events.readings import Readings
from app.privacy.envelopes import Keys
from app.readings import message
from app.sensors.messages import readings
from app.sensors.points import points
from app.settings import Settings, load


class Event(Struct, frozen=True):
    """What the IoT rule hands over: a message in base64, whose, and when it came."""

    device: str
    body: bytes
    received_at: int


def taken(event: Any, settings: Settings) -> Readings:
    """Return the readings of an event.

    Raises:
        msgspec.ValidationError: it is no event of the rule.
        BadRecord: the message does not fit, or is under a key that is not known.
    """
    stated = msgspec.convert(event, Event)
    received_at = datetime.fromtimestamp(stated.received_at / 1000, UTC)
    keys = Keys.parse(settings.readings_keys)
    text = keys.open(stated.body, device=stated.device)
    found = readings(message(text, received_at=received_at), received_at=received_at)
    return Readings(stated.device, received_at, found, keep_raw=True)


async def store(found: Readings, settings: Settings) -> None:
    """Write readings to Timestream.

    Raises:
        RefusedError: Timestream rejects some; all others are stored.
        ClientError: it is away or throttles.
    """
    sink = TimestreamSink(settings)
    try:
        if refused := await sink.write([found]):
            raise RefusedError(refused[0])
    finally:
        await sink.close()


def handler(event: Any, _: object = None) -> dict[str, Any]:
    """Take one event; what is raised makes Lambda try again, then keep it aside."""
    settings = load()
    found = taken(event, settings)
    if settings.timestream:
        asyncio.run(store(found, settings))
    return {
        "device": found.device_id,
        "readings": len(found.readings),
        "points": len(points(found)),
        "stored": bool(settings.timestream),
    }


def recorded(body: bytes, *, device: str, received_at: int) -> dict[str, Any]:
    """Return the event that the IoT rule makes of a message."""
    text = base64.b64encode(body).decode()
    return {"device": device, "body": text, "received_at": received_at}


def main() -> None:
    """Run the handler on recorded events, and print what it answers."""
    for name in sys.argv[1:]:
        event = msgspec.json.decode(Path(name).read_bytes())
        answer = msgspec.json.encode({"event": Path(name).name, **handler(event)})
        sys.stdout.write(answer.decode() + "\n")


if __name__ == "__main__":
    main()

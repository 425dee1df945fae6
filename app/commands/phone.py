"""Phone: a recording sent as the phone would have, with a report at the end."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from app.commands.sending import How
from app.mqtt import Broker
from app.sources.publishing import publish
from app.sources.pushing import Pushed, push
from app.sources.recordings import messages, read

Command = TypeVar("Command", bound=Callable[..., Any])


class ByPhone(How):
    """The options that `phone_options` adds to a command that sends."""

    to: str | None
    cert: str | None
    key: str | None
    ca: str
    now: bool


def phone_options(command: Command) -> Command:
    """Add the options of what sends a recording, in the order of the help."""
    for option in (
        click.option("--now", is_flag=True, help="A recording's times, moved to now."),
        click.option(
            "--ca", default="", help="Whom to trust; else the system's roots."
        ),
        click.option("--key", help="Its key."),
        click.option(
            "--cert", help="For an mqtts:// address: the phone's certificate."
        ),
        click.option("--to", help="A registered phone's address: FILE is a recording."),
    ):
        command = option(command)
    return command


async def send(messages: Iterable[tuple[float, bytes]], how: ByPhone) -> Pushed:
    """Send messages over HTTP or MQTT.

    Raises:
        click.UsageError: an address of MQTT without a certificate or a device.
        ServiceError: the other side refuses a message, or is away for long.
    """
    address, pace = how["to"] or "", how["pace"]
    parts = urlsplit(address)
    if parts.scheme != "mqtts":
        return await push(address, messages, pace=pace)
    device = parts.path.strip("/")
    if not (how["cert"] and how["key"] and device):
        said = "mqtts://host:8883/DEVICE goes with --cert and --key"
        raise click.UsageError(said)
    broker = Broker(address, how["cert"], how["key"], how["ca"])
    return await publish(broker, device, messages, pace=pace)


async def push_recording(file: Path, how: ByPhone) -> None:
    """Send a recording, and say what was taken.

    Raises:
        ColumnMapError: it is no recording.
        ServiceError: the other side refuses it, or is away for long.
    """
    recording = read(file)
    shift = 0
    if how["now"]:  # at a pace it starts now, else it has just ended
        last = int(recording.rows[-1]["time"])
        shift = time.time_ns() - (recording.start_ns if how["pace"] else last)
    done = await send(messages(recording, shift_ns=shift), how)
    taken = sorted(done.latencies_ms)
    report = {
        "readings": len(recording.rows),
        "messages": done.messages,
        "bytes": done.bytes,
        "seconds": round(done.seconds, 3),
        "p50_ms": round(taken[len(taken) // 2], 1),
        "p99_ms": round(taken[len(taken) * 99 // 100], 1),
    }
    if how["as_json"]:
        click.echo(msgspec.json.encode(report).decode())
        return
    click.echo(
        f"{report['readings']:,} readings in {report['messages']:,} messages taken in "
        f"{report['seconds']} s (p50 {report['p50_ms']} ms, p99 {report['p99_ms']} ms)"
    )

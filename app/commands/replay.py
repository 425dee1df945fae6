"""Replay a file of payments, or a phone's recording, through the running road."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Unpack

import click

from app.commands.phone import ByPhone, phone_options, push_recording
from app.commands.sending import MOMENT, check, send, sending_options, utc
from app.sources.column_map import load_map
from app.sources.files import read


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--map", "map_name", help="A column map: handbook, or a TOML file.")
@phone_options
@click.option("--limit", type=click.IntRange(min=1), help="At most so many payments.")
@click.option("--since", type=MOMENT, help="From this event time on, UTC.")
@click.option("--until", type=MOMENT, help="Before this event time, UTC.")
@sending_options
def replay(
    *,
    file: Path,
    map_name: str | None,
    limit: int | None,
    since: datetime | None,
    until: datetime | None,
    **how: Unpack[ByPhone],
) -> None:
    """Send FILE's payments, in the order of event time, and wait for the decisions.

    With --to, FILE is a recording of the Sensor Logger app (a folder or zip of CSV
    files, or JSON), which is pushed as the phone would have pushed it; to an address
    mqtts://host:8883/DEVICE it is published, with --cert and --key. Without --rate
    or --pace it goes as fast as payments are decided, or messages are taken.
    """
    check(how)
    if bool(map_name) == bool(how["to"]):
        message = "a file of payments needs --map, a phone's recording --to"
        raise click.UsageError(message)
    if how["to"]:
        asyncio.run(push_recording(file, how))
        return
    total, chunks = read(
        file,
        columns=load_map(map_name or ""),
        limit=limit,
        since=utc(since),
        until=utc(until),
    )
    send(chunks, how, total=total)

"""Replay a file of payments or app events, or a phone's recording."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Unpack

import click

from app.commands.phone import ByPhone, phone_options, push_recording
from app.commands.sending import (
    MOMENT,
    check,
    send,
    send_events,
    sending_options,
    utc,
)
from app.sources.column_map import EventMap, load_any_map
from app.sources.event_files import read_events
from app.sources.files import read


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--map",
    "map_name",
    help="A column map: handbook, simulated, risk-based-authentication, app-actions, "
    "or a TOML file.",
)
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

    With a map of app events, FILE's rows are checked one by one and sent as what was
    done in the app; rows that do not fit are left out, and told by their column.

    With --to, FILE is a recording of the Sensor Logger app (a folder or zip of CSV
    files, or JSON), which is pushed as the phone would have pushed it; to an address
    mqtts://host:8883/DEVICE it is published, with --cert and --key. Without --rate
    or --pace it goes as fast as payments are decided, or messages are taken.
    """
    check(how)
    if bool(map_name) == bool(how["to"]):
        message = (
            "a file of payments or app events needs --map, a phone's recording --to"
        )
        raise click.UsageError(message)
    if how["to"]:
        asyncio.run(push_recording(file, how))
        return
    columns = load_any_map(map_name or "")
    if isinstance(columns, EventMap):
        events = read_events(
            file, columns=columns, limit=limit, since=utc(since), until=utc(until)
        )
        send_events(events.events(), how)
        return
    total, chunks = read(
        file,
        columns=columns,
        limit=limit,
        since=utc(since),
        until=utc(until),
    )
    send(chunks, how, total=total)

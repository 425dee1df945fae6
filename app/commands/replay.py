"""Replay a file of payments through the running road."""

from datetime import datetime
from pathlib import Path
from typing import Unpack

import click

from app.commands.sending import MOMENT, How, check, send, sending_options, utc
from app.sources.column_map import load_map
from app.sources.files import read


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map", "map_name", required=True, help="A column map: handbook, or a TOML file."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many payments.")
@click.option("--since", type=MOMENT, help="From this event time on, UTC.")
@click.option("--until", type=MOMENT, help="Before this event time, UTC.")
@sending_options
def replay(
    *,
    file: Path,
    map_name: str,
    limit: int | None,
    since: datetime | None,
    until: datetime | None,
    **how: Unpack[How],
) -> None:
    """Send FILE's payments, in the order of event time, and wait for the decisions.

    Without --rate or --pace it goes as fast as payments are decided.
    """
    check(how)
    total, chunks = read(
        file,
        columns=load_map(map_name),
        limit=limit,
        since=utc(since),
        until=utc(until),
    )
    send(chunks, how, total=total)

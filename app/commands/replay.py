"""Replay a file of payments through the running road."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from app.settings import load
from app.sources.column_map import load_map
from app.sources.files import read
from app.sources.progress import run
from app.sources.sender import Options, Sender

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map", "map_name", required=True, help="A column map: handbook, or a TOML file."
)
@click.option("--rate", type=click.FloatRange(min=0.1), help="Payments a second.")
@click.option(
    "--pace", type=click.FloatRange(min=0.001), help="Event time against real time."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many payments.")
@click.option("--since", type=MOMENT, help="From this event time on, UTC.")
@click.option("--until", type=MOMENT, help="Before this event time, UTC.")
@click.option(
    "--in-flight",
    default=8_000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Payments sent and not yet decided, at most.",
)
@click.option(
    "--patience", default=60.0, show_default=True, help="Seconds without progress."
)
@click.option("--json", "as_json", is_flag=True, help="Report as one JSON object.")
def replay(  # noqa: PLR0913 - one parameter an option
    *,
    file: Path,
    map_name: str,
    rate: float | None,
    pace: float | None,
    limit: int | None,
    since: datetime | None,
    until: datetime | None,
    in_flight: int,
    patience: float,
    as_json: bool,
) -> None:
    """Send FILE's payments, in the order of event time, and wait for the decisions.

    Without --rate or --pace it goes as fast as payments are decided.
    """
    if rate and pace:
        message = "--rate and --pace exclude each other"
        raise click.UsageError(message)
    total, chunks = read(
        file,
        columns=load_map(map_name),
        limit=limit,
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
    )
    options = Options(in_flight=in_flight, rate=rate, pace=pace, patience=patience)
    sys.exit(asyncio.run(run(lambda: Sender(load(), options), chunks, total, as_json)))

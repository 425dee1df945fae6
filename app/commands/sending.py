"""Sending: what `replay` and `simulate` have in common on the command line."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypedDict, TypeVar

import click
import msgspec

from app.commands.reaching import reaching_kafka
from app.settings import load
from app.sources.chunks import Chunk, DueAppEvent
from app.sources.event_files import BadRow
from app.sources.event_sender import EventReport, EventSender
from app.sources.progress import run, tell
from app.sources.sender import Options, Sender

Command = TypeVar("Command", bound=Callable[..., Any])

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


class How(TypedDict):
    """The options that `sending_options` adds to a command."""

    rate: float | None
    pace: float | None
    in_flight: int
    patience: float
    as_json: bool


def sending_options(command: Command) -> Command:
    """Add the options of everything that sends payments to Kafka."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Report as JSON."),
        click.option(
            "--patience",
            default=60.0,
            show_default=True,
            help="Seconds without progress.",
        ),
        click.option(
            "--in-flight",
            default=8_000,
            show_default=True,
            type=click.IntRange(min=1),
            help="Payments sent and not yet decided, at most.",
        ),
        click.option(
            "--pace",
            type=click.FloatRange(min=0.001),
            help="Event time against real time.",
        ),
        click.option(
            "--rate", type=click.FloatRange(min=0.1), help="Payments a second."
        ),
    ):
        command = option(command)
    return command


def utc(moment: datetime | None) -> datetime | None:
    """Take a moment of the command line, which has no zone, as UTC."""
    return moment.replace(tzinfo=UTC) if moment else None


def check(how: How) -> None:
    """Refuse options that exclude each other.

    Raises:
        click.UsageError: says which.
    """
    if how["rate"] and how["pace"]:
        message = "--rate and --pace exclude each other"
        raise click.UsageError(message)


def send(
    chunks: Iterable[Chunk], how: How, *, total: int | None, live: bool = False
) -> None:
    """Send, show the progress, print the report and exit with its status.

    A live sending follows event time: `rate` is in the payments already.
    """
    options = Options(
        in_flight=how["in_flight"],
        rate=None if live else how["rate"],
        pace=how["pace"],
        live=live,
        patience=how["patience"],
    )
    settings = load()
    sender = Sender(settings, options)
    with reaching_kafka(settings):
        interrupted = asyncio.run(run(sender, chunks, total=total))
    tell(sender.report, as_json=how["as_json"])
    sys.exit(130 if interrupted else bool(sender.report.lost))


def send_events(rows: Iterable[DueAppEvent | BadRow], how: How) -> None:
    """Send app events, print the report and exit with its status."""
    settings = load()
    sender = EventSender(
        settings,
        in_flight=how["in_flight"],
        patience=how["patience"],
        rate=how["rate"],
        pace=how["pace"],
    )
    try:
        with reaching_kafka(settings):
            asyncio.run(sender.send(rows))
    except KeyboardInterrupt:
        tell_events(sender.report, as_json=how["as_json"])
        sys.exit(130)
    tell_events(sender.report, as_json=how["as_json"])
    sys.exit(bool(sender.report.lost or sender.report.left_out))


def tell_events(report: EventReport, *, as_json: bool) -> None:
    """Print a report, as one line of JSON or in words."""
    if as_json:
        click.echo(msgspec.json.encode(report))
        return
    click.echo(
        f"{report.learnt:,} of {report.app_events:,} app events learnt in "
        f"{report.seconds:,.1f} s, {report.left_out:,} rows left out"
    )
    for why in report.why:
        click.echo(why)

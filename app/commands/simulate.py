"""Simulate a bank: honest payments and fraud, to Kafka or to a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Unpack

import click

from app.capture import EARLIEST
from app.commands.sending import MOMENT, How, check, send, sending_options, utc
from app.features.clock import microseconds
from app.simulate.bank import START, Bank
from app.simulate.people import PAYMENTS_A_DAY
from app.simulate.writer import SUFFIXES, write

DAY = click.DateTime(["%Y-%m-%d"])
OFTEN = 3  # payments, beside those of a day of life
SOON = 60  # minutes


@click.command()
@click.option(
    "--customers",
    default=5_000,
    show_default=True,
    type=click.IntRange(min=10),
    help="How many.",
)
@click.option(
    "--payments-a-day",
    default=PAYMENTS_A_DAY,
    show_default=True,
    type=click.FloatRange(0.05, 20),
    help="Of the average customer, in the bank's days.",
)
@click.option(
    "--seed", default=0, show_default=True, help="Another seed, other people."
)
@click.option(
    "--start",
    type=DAY,
    default=None,
    help=f"First day, UTC.  [default: {START}, or as --history says when live]",
)
@click.option("--until", type=MOMENT, help="Before this event time, UTC.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many payments.")
@click.option(
    "--fraud/--no-fraud", default=True, show_default=True, help="With fraud and labels."
)
@click.option(
    "--live/--no-live",
    default=None,
    help="Payments happen when they are sent.  [default: with --rate, without --start]",
)
@click.option(
    "--history",
    type=click.IntRange(min=0),
    help="When live, so many days before now first, as fast as they are decided.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this .jsonl or .parquet file instead, labels beside it. A .parquet "
    "is read by replay, train and evaluate with --map simulated.",
)
@sending_options
def simulate(  # noqa: PLR0913 - one parameter an option
    *,
    customers: int,
    payments_a_day: float,
    seed: int,
    start: datetime | None,
    until: datetime | None,
    limit: int | None,
    fraud: bool,
    live: bool | None,
    history: int | None,
    out: Path | None,
    **how: Unpack[How],
) -> None:
    """Send the payments of a made-up bank, and wait for the decisions.

    Without --rate or --pace it goes as fast as payments are decided, and ends at the
    present. The same seed and the same options give the same payments.
    """
    check(how)
    live = _is_live(live, how, start=start, history=history)
    now = datetime.now(UTC)
    if live and not start:
        since = _days_before(now, history or 0)
    else:
        since = utc(start) or datetime.combine(START, datetime.min.time(), UTC)
    if since < EARLIEST:
        message = f"--start {since:%Y-%m-%d}: expected {EARLIEST:%Y-%m-%d} or later"
        raise click.UsageError(message)
    if since > now:
        message = f"--start {since:%Y-%m-%d} is in the future"
        raise click.UsageError(message)
    bank = Bank(
        seed=seed,
        customers=customers,
        start=since.date(),
        fraud=fraud,
        trips=not live,
        payments_a_day=payments_a_day,
    )
    if out:
        _write(bank, out, how, live=live, limit=limit, until=until)
    elif live:
        if until:
            message = "--until does not go with a live bank; stop it, or give --limit"
            raise click.UsageError(message)
        rate = how["rate"] or 0
        _tell_of_pressed_days(customers, rate)
        chunks = bank.live(rate=rate, since=microseconds(since), limit=limit)
        send(chunks, how, total=limit, live=True)
    else:
        end = min(utc(until) or now, now)
        chunks = bank.chunks(limit=limit, until=microseconds(end))
        send(chunks, how, total=limit)


def _tell_of_pressed_days(customers: int, rate: float) -> None:
    """Say so where everybody will soon have paid oddly often."""
    minutes = OFTEN * customers / rate / 60
    if minutes < SOON:
        click.echo(
            f"note: at {rate:g} a second each of {customers:,} customers will have "
            f"paid {OFTEN} times within {minutes:.1f} minutes, and rules that count "
            "payments will say so; with more --customers or a lower --rate later",
            err=True,
        )


def _days_before(now: datetime, history: int) -> datetime:
    """Return when a live bank's history begins.

    Raises:
        click.UsageError: before payments are taken from.
    """
    most = (now - EARLIEST).days
    if history > most:
        message = f"--history {history}: expected at most {most:,} days: since 2000"
        raise click.UsageError(message)
    return now - timedelta(days=history)


def _is_live(
    live: bool | None,  # noqa: FBT001 - as the command line has it
    how: How,
    *,
    start: datetime | None,
    history: int | None,
) -> bool:
    """Say whether payments happen when they are sent.

    Raises:
        click.UsageError: some options contradict each other.
    """
    if history is not None and (live is False or start):
        message = "--history is for a live bank without --start"
        raise click.UsageError(message)
    if live is None:
        live = history is not None or bool(how["rate"] and not start)
    if live and not how["rate"]:
        message = "a live bank needs --rate"
        raise click.UsageError(message)
    return live


def _write(
    bank: Bank,
    out: Path,
    how: How,
    *,
    live: bool,
    limit: int | None,
    until: datetime | None,
) -> None:
    """Write to a file instead of sending."""
    if out.suffix not in SUFFIXES:
        message = f"--out {out}: expected a name that ends in {' or '.join(SUFFIXES)}"
        raise click.UsageError(message)
    if live or how["rate"] or how["pace"]:
        message = "--out takes no --rate, --pace or --live: a file has no clock"
        raise click.UsageError(message)
    end = utc(until)
    if not (limit or end):
        message = "--out needs an end: give --limit or --until"
        raise click.UsageError(message)
    chunks = bank.chunks(limit=limit, until=microseconds(end) if end else None)
    written = write(chunks, out)
    click.echo(
        f"{written.payments:,} payments in {out}, "
        f"{written.labels:,} labels in {written.labels_path}"
    )

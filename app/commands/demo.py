"""Start a bank, its servers and its workers; watch them in the console."""

import asyncio
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx
from rich.console import Console

from app.features.clock import microseconds
from app.local.demo import USER, Demo, housed
from app.local.phones import Phones
from app.privacy.envelopes import Keys
from app.settings import load
from app.simulate.bank import Bank
from app.simulate.people import Customer
from app.sources.chunks import Chunk
from app.sources.column_map import load_map
from app.sources.files import read
from app.sources.progress import run, tell, told_to_stop
from app.sources.sender import Options, Sender

CUSTOMERS = 12_000
PAYMENTS_A_DAY = 0.5  # few, and of many: for hours nobody pays oddly often
HISTORY = timedelta(days=10)  # before now: habits, and labels that have come back
RATE = 2.0
IN_FLIGHT = 1_000  # fewer than a replay has: what waits is latency


@click.command()
@click.option(
    "--transactions", type=click.IntRange(min=1), help="So many payments, then no more."
)
@click.option(
    "--replay",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The payments of a Parquet or CSV file, instead of a made-up bank's.",
)
@click.option("--map", "map_name", help="The file's column map.  [example: handbook]")
@click.option(
    "--rate",
    type=click.FloatRange(min=0.1),
    help=f"Payments a second.  [default: {RATE:g} now that they happen, "
    "or as fast as they are decided]",
)
@click.option(
    "--seed", default=0, show_default=True, help="Another seed, other people."
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Workers that decide; one more delivers, one keeps sketches.",
)
@click.option(
    "--recording",
    "recordings",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A phone's recording, replayed at its own pace; may be given often.",
)
@click.option("--exit", "exits", is_flag=True, help="End when all are decided.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON, the last line.")
def demo(  # noqa: PLR0913 - one parameter an option
    *,
    transactions: int | None,
    file: Path | None,
    map_name: str | None,
    rate: float | None,
    seed: int,
    workers: int,
    recordings: tuple[Path, ...],
    exits: bool,
    as_json: bool,
) -> None:
    """Start a bank, its servers and its workers; watch them in the console.

    A made-up bank pays from ten days ago until now, then live, until Ctrl-C; ten
    of its customers carry phones that tell where they are, one card is cloned, and a
    cash machine is attacked.
    With --transactions or --replay the payments have an end. The exit status is 1
    when a payment got no decision.
    """
    if bool(file) != bool(map_name):
        message = "--replay and --map go together"
        raise click.UsageError(message)
    if exits and not (transactions or file):
        message = "--exit needs an end: give --transactions or --replay"
        raise click.UsageError(message)
    settings = load()
    payments, total, customers = (
        _replayed(file, map_name, limit=transactions)
        if file and map_name
        else _made_up(seed, limit=transactions, rate=rate or RATE)
    )
    options = Options(in_flight=IN_FLIGHT, rate=rate if total else None, live=not total)
    console = Console(stderr=as_json, highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as house:
        with console.status("starting servers and workers"):
            running = house.enter_context(
                housed(
                    Path(settings.data_dir) / "demo",
                    port=settings.web_port,
                    scorers=workers,
                )
            )
        console.print(_guide(running), soft_wrap=True)
        of_demo = load(running.environment)
        sender = Sender(of_demo, options)
        client = httpx.AsyncClient(
            base_url=running.workers[0].address,
            auth=(USER, running.password),
            timeout=10,
            trust_env=False,
        )
        phones = Phones(
            client,
            customers=customers,
            recordings=recordings,
            keys=Keys.parse(of_demo.readings_keys),
        )
        asyncio.run(
            _show(running, sender, payments, phones, total=total, stay=not exits)
        )
        console.print("stopping")
    tell(sender.report, as_json=as_json)
    sys.exit(bool(sender.report.lost))


Made = tuple[Iterable[Chunk], int | None, Sequence[Customer]]
"""Payments, how many where they have an end, and who carries phones."""


def _replayed(file: Path, map_name: str, *, limit: int | None) -> Made:
    total, chunks = read(file, columns=load_map(map_name), limit=limit)
    return chunks, total, ()


def _made_up(seed: int, *, limit: int | None, rate: float) -> Made:
    """Return a made-up bank's payments: so many of its past, or live without end."""
    if limit:
        bank = Bank(seed=seed, customers=CUSTOMERS, payments_a_day=PAYMENTS_A_DAY)
        return bank.chunks(limit=limit), limit, ()
    since = datetime.now(UTC) - HISTORY
    bank = Bank(
        seed=seed,
        customers=CUSTOMERS,
        start=since.date(),
        trips=False,
        payments_a_day=PAYMENTS_A_DAY,
    )
    return bank.live(rate=rate, since=microseconds(since)), None, bank.customers


async def _show(
    running: Demo,
    sender: Sender,
    payments: Iterable[Chunk],
    phones: Phones,
    *,
    total: int | None,
    stay: bool,
) -> None:
    """Send the payments while the workers are kept alive; stay until told to stop."""
    keeping = asyncio.create_task(running.keep_alive())
    carrying = asyncio.create_task(phones.carry())
    try:
        interrupted = await run(sender, payments, total=total)
        if stay and not interrupted:
            tell(sender.report, as_json=False)
            await told_to_stop()
    finally:
        keeping.cancel()
        carrying.cancel()


def _guide(running: Demo) -> str:
    """Say where to look, and what to try."""
    first = running.workers[0]
    stand_ins = [one.stand_in for one in running.stack.servers.values() if one.stand_in]
    rows = {
        "console": f"{first.address}/ui/",
        "log in": f"{USER}, password {running.password}",
        "look at": "Live, as payments are decided; a flagged one tells why; Devices",
        "API": f"{first.address}/docs",
        "ask": f"curl -u {USER}:{running.password} {first.address}/v1/workers",
        "try": f"kill -9 {first.pid}: another takes over, nothing is lost",
        "logs": str(first.log.parent),
        "note": "; ".join(stand_ins),
        "stop": "Ctrl-C",
    }
    return "\n".join(f"  {name:9}{words}" for name, words in rows.items() if words)

"""Progress: a sending seen from the terminal, with its report at the end."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from app.sources.chunks import Chunk
from app.sources.sender import Report, Sender

REFRESH = 0.25  # seconds


async def run(
    sender: Callable[[], Sender],
    chunks: Iterable[Chunk],
    total: int | None,
    as_json: bool,  # noqa: FBT001 - passed on from the command line
) -> int:
    """Send chunks with a progress bar (on a terminal) and print the report.

    Ctrl-C stops sending and still reports. Returns the exit status: 0 when every
    payment sent was decided, 1 when some were not, 130 when interrupted.
    """
    sending = sender()
    task = asyncio.create_task(sending.send(chunks))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        shown = bar.add_task("decided", total=total, speed="")
        while not task.done():
            await asyncio.wait([task], timeout=REFRESH)
            at = datetime.fromtimestamp(sending.report.at / 1e6, UTC)
            bar.update(
                shown,
                completed=sending.report.decided,
                speed=f"event time {at:%Y-%m-%d %H:%M}",
            )
    interrupted = task.cancelled()
    if not interrupted and (error := task.exception()):
        raise error
    tell(sending.report, as_json=as_json)
    if interrupted:
        return 130
    return 1 if sending.report.lost else 0


def tell(report: Report, *, as_json: bool) -> None:
    """Print a report, as one line of JSON or in words."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    outcomes = ", ".join(f"{n:,} {name}" for name, n in sorted(report.outcomes.items()))
    sys.stdout.write(
        f"{report.sent:,} sent, {report.decided:,} decided ({outcomes or 'none'}), "
        f"{report.lost:,} lost, {report.duplicated:,} decided again; "
        f"{report.labels:,} labels; {report.per_second:,.0f} a second; "
        f"latency p50 {report.p50_ms} ms, p99 {report.p99_ms} ms\n"
    )

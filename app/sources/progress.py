"""Progress: a sending seen from the terminal, with its report at the end."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def run(
    sender: Sender, chunks: Iterable[Chunk], *, total: int | None = None
) -> bool:
    """Send chunks with a progress bar (on a terminal); return whether interrupted.

    Ctrl-C sends no more and waits for what was sent, a second one not even that.
    """
    task = asyncio.create_task(sender.send(chunks))
    interrupted = asyncio.Event()

    def interrupt() -> None:
        if interrupted.is_set():
            task.cancel()
        interrupted.set()
        sender.stop()

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
    with bar, on_signal(interrupt):
        shown = bar.add_task("decided", total=total, speed="")
        while not task.done():
            await asyncio.wait([task], timeout=REFRESH)
            at = datetime.fromtimestamp(sender.report.at / 1e6, UTC)
            bar.update(
                shown,
                completed=sender.report.decided,
                speed=f"event time {at:%Y-%m-%d %H:%M}",
            )
    if not task.cancelled() and (error := task.exception()):
        raise error
    return interrupted.is_set()


async def told_to_stop() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    told = asyncio.Event()
    with on_signal(told.set):
        await told.wait()


@contextmanager
def on_signal(act: Callable[[], None]) -> Iterator[None]:
    """Act on Ctrl-C and SIGTERM, in the running loop."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def tell(report: Report, *, as_json: bool) -> None:
    """Print a report, as one line of JSON or in words."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    outcomes = ", ".join(f"{n:,} {name}" for name, n in sorted(report.outcomes.items()))
    sys.stdout.write(
        f"{report.sent:,} sent, {report.decided:,} decided ({outcomes or 'none'}), "
        f"{report.lost:,} lost, {report.duplicated:,} decided again; "
        f"{report.labels:,} labels, {report.app_events:,} app events; "
        f"{report.per_second:,.0f} a second; "
        f"latency p50 {report.p50_ms} ms, p99 {report.p99_ms} ms\n"
    )

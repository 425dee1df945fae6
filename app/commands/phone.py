"""Phone: a recording pushed as the phone would have, with a report at the end."""

import time
from pathlib import Path

import click
import msgspec

from app.sources.pushing import push
from app.sources.recordings import messages, read


async def push_recording(
    file: Path, address: str, *, pace: float | None, now: bool, as_json: bool
) -> None:
    """Push a recording to a phone's address, and say what was taken.

    Raises:
        ColumnMapError: it is no recording.
        ServiceError: the server refuses it, or is away for long.
    """
    recording = read(file)
    shift = time.time_ns() - int(recording.rows[-1]["time"]) if now else 0
    if now and pace:  # at a pace the first reading is of now, else the last
        shift += round(recording.seconds * 1e9)
    done = await push(address, messages(recording, shift_ns=shift), pace=pace)
    taken = sorted(done.latencies_ms)
    report = {
        "readings": len(recording.rows),
        "messages": done.messages,
        "bytes": done.bytes,
        "seconds": round(done.seconds, 3),
        "p50_ms": round(taken[len(taken) // 2], 1),
        "p99_ms": round(taken[len(taken) * 99 // 100], 1),
    }
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    click.echo(
        f"{report['readings']:,} readings in {report['messages']:,} messages taken in "
        f"{report['seconds']} s (p50 {report['p50_ms']} ms, p99 {report['p99_ms']} ms)"
    )
